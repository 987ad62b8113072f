"""Published models at their full size with random weights, built from their configurations: nothing is fetched.

Words are random embeddings of the right shape, so no text encoder is built; what one costs beside the rest is small
(CLIP under 1 ms, T5-XXL about 3 ms for a prompt on an H200). Each model has a tiny twin that shows that the code runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import torch
from diffusers import (
    AutoencoderKL,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    FluxPipeline,
    FluxTransformer2DModel,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
    ZImagePipeline,
    ZImageTransformer2DModel,
)

Config = Mapping[str, Any]


@dataclass(frozen=True)
class Size:
    """One build of a model: its denoiser, its decoder, and the shapes of the embeddings of one prompt."""

    side: int
    steps: int
    denoiser: Config
    decoder: Config
    words: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Model:
    name: str
    pipeline: Any
    denoiser: Any
    scheduler: Any
    full: Size
    tiny: Size
    guidance: float = 0.0
    guided: bool = False  #: words to leave out are embedded too, and each step runs for both
    in_a_list: bool = False  #: the pipeline takes the embeddings of a batch one by one
    also: Config = field(default_factory=dict)  #: what else the pipeline is made with

    @property
    def part(self) -> str:
        """What the pipeline calls its denoiser."""
        return "unet" if self.denoiser is UNet2DConditionModel else "transformer"


def build(model: Model, size: Size, device: str, dtype: torch.dtype) -> Any:
    """The stock pipeline. Weights are first thought of, then made where they are used: initialising them takes minutes."""
    with torch.device("meta"):
        denoiser, vae = model.denoiser(**size.denoiser), AutoencoderKL(**size.decoder)
    parts = {model.part: denoiser, "vae": vae, "scheduler": model.scheduler}
    for part in (denoiser, vae):
        fill(part, device, dtype)
    expected, _ = model.pipeline._get_signature_keys(model.pipeline)
    pipe = model.pipeline(**{name: parts.get(name) for name in sorted(expected)}, **model.also)
    pipe.set_progress_bar_config(disable=True)
    return pipe


@torch.no_grad()
def fill(part: Any, device: str, dtype: torch.dtype) -> None:
    """Random weights that keep numbers about as large as they were: matrix products of zeros would be faster."""
    assert not list(part.buffers()), "buffers are computed when a module is made, and a module of the mind has none"
    torch.nn.Module.to(part, dtype)  # diffusers' own warns of parts to keep in float32, and here there are none
    part.to_empty(device=device).eval().requires_grad_(False)
    for name, weights in part.named_parameters():
        if weights.ndim > 1:
            weights.normal_(std=weights[0].numel() ** -0.5)
        else:
            weights.fill_(1.0 if name.endswith("weight") else 0.0)


def asked(model: Model, size: Size, batch: int, device: str, dtype: torch.dtype) -> dict[str, Any]:
    """What the pipeline is told for a batch: words, size, steps, guidance."""
    words = {name: torch.randn((batch, *shape), device=device, dtype=dtype) for name, shape in size.words.items()}
    if model.guided:
        words |= {f"negative_{name}": torch.randn_like(embedded) for name, embedded in words.items()}
    told = {name: list(embedded) if model.in_a_list else embedded for name, embedded in words.items()}
    return {
        **told,
        "width": size.side,
        "height": size.side,
        "num_inference_steps": size.steps,
        "guidance_scale": model.guidance,
    }


def _decoder(channels: int, **more: Any) -> Config:
    blocks = {"down_block_types": ("DownEncoderBlock2D",) * 4, "up_block_types": ("UpDecoderBlock2D",) * 4}
    full = {"block_out_channels": (128, 256, 512, 512), "layers_per_block": 2}
    return {**full, **blocks, "latent_channels": channels, **more}


_SMALL: Final = {"block_out_channels": (8, 8, 8, 8), "layers_per_block": 1, "norm_num_groups": 4}
_SCHEDULE: Final = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "steps_offset": 1,
}
_UNCHECKED: Final = {"requires_safety_checker": False}
_BARE: Final = {"use_quant_conv": False, "use_post_quant_conv": False, "scaling_factor": 0.3611, "shift_factor": 0.1159}
_LATENTS: Final = {"in_channels": 4, "out_channels": 4}
_WITH_SIZE: Final = {"addition_embed_type": "text_time", "use_linear_projection": True}

_SMALL_UNET: Final = {
    **_LATENTS,
    "block_out_channels": (8, 16),
    "layers_per_block": 1,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
    "attention_head_dim": 8,
    "norm_num_groups": 4,
    "cross_attention_dim": 32,
}

_SDXL: Final = {
    **_LATENTS,
    **_WITH_SIZE,
    "sample_size": 128,
    "block_out_channels": (320, 640, 1280),
    "layers_per_block": 2,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "transformer_layers_per_block": (1, 2, 10),
    "attention_head_dim": (5, 10, 20),
    "cross_attention_dim": 2048,
    "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 6 * 256 + 1280,
}
_SDXL_WORDS: Final = {"prompt_embeds": (77, 2048), "pooled_prompt_embeds": (1280,)}
_SMALL_SDXL: Final = Size(
    64,
    2,
    {
        **_SMALL_UNET,
        **_WITH_SIZE,
        "sample_size": 8,
        "addition_time_embed_dim": 8,
        "projection_class_embeddings_input_dim": 6 * 8 + 16,
    },
    _decoder(4, **_SMALL),
    {"prompt_embeds": (7, 32), "pooled_prompt_embeds": (16,)},
)

#: The one that gains most from what can be done for it first.
MODELS: Final = {
    model.name: model
    for model in (
        Model(
            "sdxl-turbo",
            StableDiffusionXLPipeline,
            UNet2DConditionModel,
            EulerAncestralDiscreteScheduler(**_SCHEDULE, timestep_spacing="trailing"),
            full=Size(512, 1, {**_SDXL, "sample_size": 64}, _decoder(4, scaling_factor=0.13025), _SDXL_WORDS),
            tiny=_SMALL_SDXL,
        ),
        Model(
            "sd15",
            StableDiffusionPipeline,
            UNet2DConditionModel,
            EulerDiscreteScheduler(**_SCHEDULE),
            full=Size(
                512, 20, {"sample_size": 64, "cross_attention_dim": 768}, _decoder(4), {"prompt_embeds": (77, 768)}
            ),
            tiny=Size(64, 3, {**_SMALL_UNET, "sample_size": 8}, _decoder(4, **_SMALL), {"prompt_embeds": (7, 32)}),
            guidance=7.5,
            guided=True,
            also=_UNCHECKED,
        ),
        Model(
            "flux-schnell",
            FluxPipeline,
            FluxTransformer2DModel,
            FlowMatchEulerDiscreteScheduler(),
            full=Size(
                1024, 4, {}, _decoder(16, **_BARE), {"prompt_embeds": (256, 4096), "pooled_prompt_embeds": (768,)}
            ),
            tiny=Size(
                64,
                2,
                {
                    "num_layers": 1,
                    "num_single_layers": 1,
                    "attention_head_dim": 16,
                    "num_attention_heads": 2,
                    "joint_attention_dim": 32,
                    "pooled_projection_dim": 32,
                    "axes_dims_rope": (4, 4, 8),
                },
                _decoder(16, **_BARE, **_SMALL),
                {"prompt_embeds": (7, 32), "pooled_prompt_embeds": (32,)},
            ),
        ),
        Model(
            "sdxl",
            StableDiffusionXLPipeline,
            UNet2DConditionModel,
            EulerDiscreteScheduler(**_SCHEDULE),
            full=Size(1024, 20, _SDXL, _decoder(4, scaling_factor=0.13025), _SDXL_WORDS),
            tiny=_SMALL_SDXL,
            guidance=5.0,
            guided=True,
        ),
        Model(
            "z-image-turbo",
            ZImagePipeline,
            ZImageTransformer2DModel,
            FlowMatchEulerDiscreteScheduler(shift=3.0),
            full=Size(1024, 8, {}, _decoder(16, **_BARE), {"prompt_embeds": (128, 2560)}),
            tiny=Size(
                64,
                2,
                {
                    "dim": 32,
                    "n_layers": 1,
                    "n_refiner_layers": 1,
                    "n_heads": 2,
                    "n_kv_heads": 2,
                    "cap_feat_dim": 16,
                    "axes_dims": (8, 4, 4),
                    "axes_lens": (1024, 32, 32),
                },
                _decoder(16, **_BARE, **_SMALL),
                {"prompt_embeds": (7, 16)},
            ),
            in_a_list=True,
        ),
    )
}
