"""Drawing with a stock diffusers pipeline: load, then one straight line from a wish to pixels. Knows torch, not queues."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import torch
from transformers.utils import logging as transformers_logging

# Both libraries print by handlers of their own, and what they print quotes prompts: hand it to the log's sieve instead.
transformers_logging.disable_default_handler()
transformers_logging.enable_propagation()
transformers_logging.disable_progress_bar()

from diffusers import DiffusionPipeline  # noqa: E402 - it speaks through transformers while it is imported
from diffusers.utils import logging as diffusers_logging  # noqa: E402

diffusers_logging.disable_default_handler()
diffusers_logging.enable_propagation()
diffusers_logging.disable_progress_bar()

from core.wishes import Pixels, Wish  # noqa: E402
from inference.worker import Stepped  # noqa: E402


class Pipeline:
    """One loaded pipeline. Draws one wish at a time, so a seed draws the same pixels every time on the same machine."""

    def __init__(self, weights: Path) -> None:
        self._pipe = DiffusionPipeline.from_pretrained(weights, local_files_only=True, use_safetensors=True)
        self._pipe.set_progress_bar_config(disable=True)

    def draw(self, wish: Wish, stepped: Stepped) -> Pixels:
        steps, width, height = wish.settings.steps, wish.settings.width, wish.settings.height

        def on_step_end(_pipe: Any, step: int, _timestep: Any, kept: dict[str, Any]) -> dict[str, Any]:
            stepped(step + 1, steps, partial(self._preview, kept["latents"]))
            return kept

        images = self._pipe(
            prompt=wish.prompt,
            negative_prompt=wish.negative,
            num_inference_steps=steps,
            guidance_scale=wish.settings.guidance,
            width=width,
            height=height,
            generator=torch.Generator("cpu").manual_seed(wish.seed),
            output_type="np",
            callback_on_step_end=on_step_end,
        ).images
        assert images.shape == (1, height, width, 3), images.shape
        return _pixels(images[0])

    @torch.inference_mode()
    def _preview(self, latents: torch.Tensor) -> Pixels:
        """The picture as far as it is, noise and all, through the decoder: quick for the small ones here."""
        vae = self._pipe.vae
        decoded = vae.decode(latents / vae.config.scaling_factor).sample[0]
        return _pixels((decoded / 2 + 0.5).permute(1, 2, 0).float().numpy())


def _pixels(image: Any) -> Pixels:
    """From (row, column, colour) in 0 to 1."""
    height, width, _ = image.shape
    return Pixels(width, height, (image * 255).round().clip(0, 255).astype("uint8").tobytes())
