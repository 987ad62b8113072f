"""A small picture of how a drawing is so far. A model's decoder is too slow for that, so colours are read off its latents.

The map from latents to colours is linear, and fitted once to the model's own encoder: it sees a few smooth pictures, and the
map is what best tells their colours from what it makes of them. So every model has one, and none needs numbers from elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any, Final

import torch

from core.values.wishes import Pixels

_PICTURES: Final = 4
_CELLS: Final = 16  #: how many cells of latents such a picture has on a side
_RIDGE: Final = 1e-3  #: keeps the map small where the pictures do not decide it


@dataclass(frozen=True)
class Mapped:
    """A linear map from the numbers of one cell of latents, and 1, to its colour."""

    weights: torch.Tensor
    spread: float  #: how far the latents of a finished picture are spread

    def look(self, latents: torch.Tensor, width: int, height: int) -> Pixels:
        """One picture's latents as colours. Noise is spread wider than a picture; so it looks like noise, and not black."""
        cells = _cells(latents.float().cpu(), width, height)
        cells = cells / max(1.0, float(cells.std()) / self.spread)
        return pixels_of(_with_one(cells) @ self.weights)


@dataclass(frozen=True)
class Decoded:
    """By the decoder itself, where it is small."""

    pipe: Any

    @torch.inference_mode()
    def look(self, latents: torch.Tensor, _width: int, _height: int) -> Pixels:
        vae = self.pipe.vae
        decoded = vae.decode(latents[None] / vae.config.scaling_factor).sample[0]
        return pixels_of((decoded / 2 + 0.5).permute(1, 2, 0).float().cpu())


@torch.inference_mode()
def fitted(pipe: Any) -> Mapped:
    """The map for a pipeline's latents, as its callbacks see them."""
    vae = pipe.vae
    side = _CELLS * pipe.vae_scale_factor * (2 if hasattr(pipe, "_pack_latents") else 1)
    shown = _smooth_pictures(side)
    latents = _encode(pipe, shown.to(vae.device, vae.dtype)).float().cpu()
    cells = torch.stack([_cells(one, side, side) for one in latents])
    rows, columns = cells.shape[1:3]
    colours = torch.nn.functional.adaptive_avg_pool2d(shown, (rows, columns)).permute(0, 2, 3, 1) / 2 + 0.5
    seen = _with_one(cells).reshape(-1, cells.shape[-1] + 1).double()
    ridge = _RIDGE * len(seen) * torch.eye(seen.shape[1], dtype=torch.float64)
    weights = torch.linalg.solve(seen.T @ seen + ridge, seen.T @ colours.reshape(-1, 3).double())
    return Mapped(weights.float(), max(float(cells.std()), 1e-6))


def pixels_of(image: torch.Tensor) -> Pixels:
    """From (row, column, colour) in 0 to 1."""
    height, width, _ = image.shape
    return Pixels(width, height, (image * 255).round().clamp(0, 255).to(torch.uint8).contiguous().numpy().tobytes())


def _smooth_pictures(side: int) -> torch.Tensor:
    noise = torch.rand((_PICTURES, 3, 5, 5), generator=torch.Generator().manual_seed(0)) * 2 - 1
    return torch.nn.functional.interpolate(noise, (side, side), mode="bilinear", align_corners=True)


def _encode(pipe: Any, pictures: torch.Tensor) -> torch.Tensor:
    """Pictures as a pipeline's latents: encoded, brought to their scale, and packed where the pipeline packs them."""
    vae, config = pipe.vae, pipe.vae.config
    kind = type(vae).__name__
    if kind == "AutoencoderKLQwenImage":
        latents = vae.encode(pictures[:, :, None]).latent_dist.mode()[:, :, 0]
        mean = torch.tensor(config.latents_mean).view(1, -1, 1, 1).to(latents)
        spread = torch.tensor(config.latents_std).view(1, -1, 1, 1).to(latents)
        latents = (latents - mean) / spread
    elif kind == "AutoencoderKLFlux2":
        latents = pipe._patchify_latents(vae.encode(pictures).latent_dist.mode())
        mean = vae.bn.running_mean.view(1, -1, 1, 1).to(latents)
        spread = torch.sqrt(vae.bn.running_var.view(1, -1, 1, 1) + config.batch_norm_eps).to(latents)
        return pipe._pack_latents((latents - mean) / spread)
    else:
        encoded = vae.encode(pictures)
        latents = encoded.latent_dist.mode() if hasattr(encoded, "latent_dist") else encoded.latent
        latents = (latents - (getattr(config, "shift_factor", None) or 0.0)) * config.scaling_factor
    if not hasattr(pipe, "_pack_latents"):
        return latents
    count, channels, rows, columns = latents.shape
    return pipe._pack_latents(latents, count, channels, rows, columns)


def _cells(latents: torch.Tensor, width: int, height: int) -> torch.Tensor:
    """One picture's latents as (row, column, number), from channels of rows and columns, or from a row of packed cells."""
    if latents.ndim == 3:
        return latents.permute(1, 2, 0)
    count, size = latents.shape
    columns = round(width / sqrt(width * height / count))
    return latents.reshape(count // columns, columns, size)


def _with_one(cells: torch.Tensor) -> torch.Tensor:
    return torch.cat([cells, torch.ones((*cells.shape[:-1], 1))], dim=-1)
