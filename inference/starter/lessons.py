"""What the stages learn from: captions for the words, pictures for the autoencoder, both for the painter.

Every batch is drawn afresh as a function of a seed and a step, so that any step can be repeated.
"""

import random

import numpy as np
import torch
from torch.nn import functional

from inference.starter.captions import caption
from inference.starter.network import LATENT_CHANNELS, PLAN_SIDE
from inference.starter.scenes import Scene, Thing, draw, random_scene
from inference.starter.things import PALETTE
from inference.starter.vocabulary import THINGS

# Every fourth batch is a portrait, every fourth a landscape.
FRAME_OF_STEP = ("square", "portrait", "square", "landscape")

EMPTY_CAPTIONS = 0.1
CELL = 4

# Bring the latents to about unit spread where they say what stands where, and to half of that where they draw edges.
COARSE_SCALE, FINE_SCALE = 1.5, 5.0

NOTHING = 0
KINDS = {kind: number for number, kind in enumerate(THINGS, 1)}
COLOURS = {colour: number for number, colour in enumerate(PALETTE, 1)}
#: What each cell of the plan is asked, and how many numbers answer it.
ANSWERS = {"kind": len(KINDS) + 1, "colour": len(COLOURS) + 1, "looks": 4 * LATENT_CHANNELS}


def planned(seed: int, step: int, batch: int) -> tuple[list[str], dict[str, torch.Tensor], torch.Tensor]:
    """Captions; for each cell of the plan the number of the kind and of the colour of what covers its middle; and latents."""
    rng = random.Random(f"{seed}/words/{step}")
    scenes = [random_scene(rng, "square") for _ in range(batch)]
    answers = [_covering(scene) for scene in scenes]
    kinds = [[KINDS[one.kind] if one else NOTHING for one in cells] for cells in answers]
    colours = [[COLOURS[one.colour] if one else NOTHING for one in cells] for cells in answers]
    plan = {"kind": torch.tensor(kinds), "colour": torch.tensor(colours)}
    return [caption(scene, rng) for scene in scenes], plan, latents_of(as_tensor(scenes))


def pictures(seed: int, step: int, batch: int) -> torch.Tensor:
    rng = random.Random(f"{seed}/pictures/{step}")
    return as_tensor(_scenes(rng, step, batch))


def captioned(seed: int, step: int, batch: int) -> tuple[torch.Tensor, list[str]]:
    """Latents and what they show."""
    rng = random.Random(f"{seed}/captions/{step}")
    scenes = _scenes(rng, step, batch)
    texts = ["" if rng.random() < EMPTY_CAPTIONS else caption(scene, rng) for scene in scenes]
    return latents_of(as_tensor(scenes)), texts


def latents_of(full: torch.Tensor) -> torch.Tensor:
    """The picture at a quarter of its size, each two by two of its pixels as their mean and three differences (Haar):
    (picture, 12, height / 8, width / 8).
    """
    small = functional.avg_pool2d(full, CELL)
    a, b, c, d = (small[:, :, row::2, column::2] for row in (0, 1) for column in (0, 1))
    coarse, fine = COARSE_SCALE / 4, FINE_SCALE / 4
    return torch.cat(
        [coarse * (a + b + c + d), fine * (a - b + c - d), fine * (a + b - c - d), fine * (a - b - c + d)], 1
    )


def as_tensor(scenes: list[Scene]) -> torch.Tensor:
    """Values in -1 to 1, as (picture, colour, row, column)."""
    pixels = torch.from_numpy(np.stack([np.asarray(draw(scene)) for scene in scenes]))
    return pixels.permute(0, 3, 1, 2).float().div(127.5).sub(1)


def _covering(scene: Scene) -> list[Thing | None]:
    """For each cell of the plan, row by row, the thing whose square its middle lies in."""
    middles = [(cell + 0.5) / PLAN_SIDE for cell in range(PLAN_SIDE)]
    return [_at(scene, x * scene.width, y * scene.height) for y in middles for x in middles]


def _at(scene: Scene, x: float, y: float) -> Thing | None:
    return next((one for one in scene.things if max(abs(x - one.x), abs(y - one.y)) < one.radius), None)


def _scenes(rng: random.Random, step: int, batch: int) -> list[Scene]:
    return [random_scene(rng, FRAME_OF_STEP[step % len(FRAME_OF_STEP)]) for _ in range(batch)]
