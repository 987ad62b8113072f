"""What the stages learn from: captions for the words, pictures for the autoencoder, both for the painter.

Every batch is drawn afresh as a function of a seed and a step, so that any step can be repeated.
"""

import random

import numpy as np
import torch
from torch.nn import functional

from inference.starter.captions import caption
from inference.starter.scenes import PALETTE, RADII, Scene, draw, random_scene
from inference.starter.vocabulary import SHAPES

# Every fourth batch is a portrait, every fourth a landscape.
FRAME_OF_STEP = ("square", "portrait", "square", "landscape")

EMPTY_CAPTIONS = 0.1
CELL = 8

# What a caption may say, and the answers to choose from.
TRAITS: dict[str, tuple[str | None, ...]] = {
    "shape": tuple(SHAPES),
    "colour": tuple(PALETTE),
    "background": tuple(PALETTE),
    "size": tuple(RADII),
}


def described(seed: int, step: int, batch: int) -> tuple[list[str], dict[str, torch.Tensor]]:
    """Captions, and for each trait the number of the right answer."""
    rng = random.Random(f"{seed}/words/{step}")
    scenes = _scenes(rng, step, batch)
    answers = {
        trait: torch.tensor([known.index(getattr(scene, trait)) for scene in scenes]) for trait, known in TRAITS.items()
    }
    return [caption(scene, rng) for scene in scenes], answers


def pictures(seed: int, step: int, batch: int) -> torch.Tensor:
    rng = random.Random(f"{seed}/pictures/{step}")
    return as_tensor(_scenes(rng, step, batch))


def captioned(seed: int, step: int, batch: int) -> tuple[torch.Tensor, list[str]]:
    """Latents are the pictures themselves at an eighth of their size."""
    rng = random.Random(f"{seed}/captions/{step}")
    scenes = _scenes(rng, step, batch)
    texts = ["" if rng.random() < EMPTY_CAPTIONS else caption(scene, rng) for scene in scenes]
    return shrunk(as_tensor(scenes)), texts


def shrunk(full: torch.Tensor) -> torch.Tensor:
    return functional.avg_pool2d(full, CELL)


def as_tensor(scenes: list[Scene]) -> torch.Tensor:
    """Values in -1 to 1, as (picture, colour, row, column)."""
    pixels = torch.from_numpy(np.stack([np.asarray(draw(scene)) for scene in scenes]))
    return pixels.permute(0, 3, 1, 2).float().div(127.5).sub(1)


def _scenes(rng: random.Random, step: int, batch: int) -> list[Scene]:
    return [random_scene(rng, FRAME_OF_STEP[step % len(FRAME_OF_STEP)]) for _ in range(batch)]
