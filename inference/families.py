"""The families of models that can be drawn with: which stock pipeline draws one, and what its words and numbers mean.

A catalogue's model names its family; everything that differs from family to family stands here. Knows no torch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final


class Preview(StrEnum):
    """How a picture that is half drawn is shown."""

    DECODED = "decoded"  #: by the model's own decoder, which is quick enough
    MAPPED = "mapped"  #: by a linear map of the latents that is fitted to the decoder once


Options = Mapping[str, Any]


def _no_options(_steps: int) -> Options:
    return {}


@dataclass(frozen=True)
class Reading:
    """How a model reads a prompt: the tokenizer that decides when it is too long, and what stands around the words."""

    tokenizer: str = "tokenizer"  #: its folder beside the weights
    before: str = ""  #: what the pipeline puts before the prompt, which uses up tokens too
    special: int = 0  #: tokens for start and end
    limit: str = ""  #: the pipeline's option for the number of tokens, "" where it always reads as many


@dataclass(frozen=True)
class Family:
    name: str
    pipeline: str  #: the class in diffusers that draws from words
    also_named: tuple[str, ...] = ()  #: earlier names of that class, which published weights still go by
    image_to_image: str = ""  #: the one that starts from a picture, "" for none
    multiple: int = 8  #: widths and heights are multiples of this
    reading: Reading = Reading()
    guidance: str = "guidance_scale"  #: the option that takes the guidance
    guided_above: float | None = 1.0  #: words to leave out work only with more guidance than this; None: never
    empty_negative: str | None = None  #: what stands for no words to leave out
    weighting: bool = False  #: whether `(words:1.3)` weighs words
    taught_words: bool = False  #: it reads only the words it was trained on, so no style says anything to it
    preview: Preview = Preview.MAPPED
    without: tuple[str, ...] = ()  #: parts of a published pipeline that are neither fetched nor loaded
    options: Callable[[int], Options] = _no_options  #: what else the pipeline is told, by the number of steps


_CLIP: Final = Reading(special=2)
_UNCHECKED: Final = ("safety_checker", "feature_extractor", "image_encoder")  # pictures are looked at on our side
_UNSEEING: Final = ("feature_extractor", "image_encoder")
_CHAT: Final = Reading(before="<|im_start|>user\n", limit="max_sequence_length")
_LUMINA: Final = (
    "You are an assistant designed to generate superior images with the superior degree of image-text alignment "
    "based on textual prompts or user prompts. <Prompt Start> "
)


def _sd3(name: str) -> Family:
    return Family(
        name,
        "StableDiffusion3Pipeline",
        image_to_image="StableDiffusion3Img2ImgPipeline",
        multiple=16,
        reading=Reading("tokenizer_3", special=1, limit="max_sequence_length"),
        without=_UNSEEING,
    )


def _stable_diffusion(name: str, *, weighting: bool = True, **more: Any) -> Family:
    return Family(
        name,
        "StableDiffusionPipeline",
        image_to_image="StableDiffusionImg2ImgPipeline",
        reading=_CLIP,
        weighting=weighting,
        without=_UNCHECKED,
        **more,
    )


def _sprint_options(steps: int) -> Options:
    # The second of two steps has a place it was tuned for; any other number of steps is spread evenly.
    return {"use_resolution_binning": False, "intermediate_timesteps": 1.3 if steps == 2 else None}


FAMILIES: Final = {
    family.name: family
    for family in (
        # It has made its plan of the picture from the words before anybody could weigh them.
        _stable_diffusion("starter", weighting=False, taught_words=True, preview=Preview.DECODED),
        _stable_diffusion("sd1"),
        _stable_diffusion("sd2"),
        Family(
            "sdxl",
            "StableDiffusionXLPipeline",
            image_to_image="StableDiffusionXLImg2ImgPipeline",
            reading=_CLIP,
            weighting=True,
            without=_UNSEEING,
        ),
        _sd3("sd35-medium"),
        _sd3("sd35-large"),
        Family(
            "flux1",
            "FluxPipeline",
            image_to_image="FluxImg2ImgPipeline",
            multiple=16,
            reading=Reading("tokenizer_2", special=1, limit="max_sequence_length"),
            guided_above=None,
            without=_UNSEEING,
        ),
        Family("flux2-klein", "Flux2KleinPipeline", multiple=16, reading=_CHAT, guided_above=None),
        Family(
            "chroma",
            "ChromaPipeline",
            image_to_image="ChromaImg2ImgPipeline",
            multiple=16,
            reading=Reading(special=1, limit="max_sequence_length"),
            without=_UNSEEING,
        ),
        Family(
            "zimage",
            "ZImagePipeline",
            image_to_image="ZImageImg2ImgPipeline",
            multiple=16,
            reading=_CHAT,
            guided_above=0.0,
        ),
        Family(
            "qwen",
            "QwenImagePipeline",
            image_to_image="QwenImageImg2ImgPipeline",
            multiple=16,
            reading=Reading(limit="max_sequence_length"),
            guidance="true_cfg_scale",
            empty_negative=" ",  # without any the guidance itself would be switched off
        ),
        Family(
            "lumina2",
            "Lumina2Pipeline",
            also_named=("Lumina2Text2ImgPipeline",),
            multiple=16,
            reading=Reading(before=_LUMINA, special=1, limit="max_sequence_length"),
        ),
        Family(
            "sana",
            "SanaPipeline",
            multiple=32,
            reading=Reading(special=2, limit="max_sequence_length"),
            empty_negative="",
            options=lambda _steps: {"use_resolution_binning": False},
        ),
        Family(
            "sana-sprint",
            "SanaSprintPipeline",
            image_to_image="SanaSprintImg2ImgPipeline",
            multiple=32,
            reading=Reading(special=2, limit="max_sequence_length"),
            guided_above=None,
            options=_sprint_options,
        ),
    )
}
