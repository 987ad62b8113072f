"""Reads shape, colour and background off a picture's pixels, without any learning.

Knows the outlines and colours of `scenes`; never sees the prompt.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from inference.starter.scenes import PALETTE, Scene, draw_mask
from inference.starter.vocabulary import SHAPES

# The least overlap (intersection over union) at which an outline counts as recognised.
RECOGNISED = 0.75
FAINTEST = 25.0
GRID = 48

Pixels = NDArray[np.float32]
Outline = NDArray[np.bool_]


@dataclass(frozen=True)
class Verdict:
    shape: str | None
    colour: str | None
    background: str
    overlap: float


def judge(picture: Image.Image) -> Verdict:
    pixels = np.asarray(picture.convert("RGB"), np.float32)
    ground = _ground(pixels)
    distance = np.linalg.norm(pixels - ground, axis=2)
    full = float(np.percentile(distance, 99))
    if full < FAINTEST:
        return Verdict(None, None, nearest_colour(ground), 0.0)
    shape, overlap = recognise(distance > full / 2)
    inside = np.median(pixels[distance > 0.85 * full], axis=0)
    return Verdict(shape, nearest_colour(inside), nearest_colour(ground), overlap)


def nearest_colour(colour: Pixels) -> str:
    return min(PALETTE, key=lambda name: float(np.linalg.norm(colour - np.asarray(PALETTE[name], np.float32))))


def recognise(mask: Outline) -> tuple[str | None, float]:
    """The best fitting drawn outline, and how much of it overlaps; none when the fit is poor."""
    seen = _fitted(mask)
    overlap, shape = max(((seen & model).sum() / (seen | model).sum(), name) for name, model in _models())
    return (shape if overlap >= RECOGNISED else None), float(overlap)


def _ground(pixels: Pixels) -> Pixels:
    rim = [side.reshape(-1, 3) for side in (pixels[:2], pixels[-2:], pixels[:, :2], pixels[:, -2:])]
    return np.median(np.concatenate(rim), axis=0)


@cache
def _models() -> list[tuple[str, Outline]]:
    turned = [(shape, angle) for shape in SHAPES for angle in range(-12, 13, 3)]
    scenes = [Scene(shape, "black", "white", None, 64, 64, 56, angle, 128, 128) for shape, angle in turned]
    return [(scene.shape, _fitted(draw_mask(scene) > 127)) for scene in scenes]


def _fitted(mask: Outline) -> Outline:
    """Without specks, cut to its bounds and brought to one size, proportions kept.

    A few odd pixels in a corner would otherwise decide the bounds of a shape that anybody recognises.
    """
    mask = np.asarray(Image.fromarray(mask.astype(np.uint8) * 255).filter(ImageFilter.MedianFilter(5))) > 127
    if not mask.any():
        return np.zeros((GRID, GRID), np.bool_)
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    cut = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    side = max(cut.shape)
    framed = Image.new("L", (side, side))
    framed.paste(Image.fromarray(cut.astype(np.uint8) * 255), ((side - cut.shape[1]) // 2, (side - cut.shape[0]) // 2))
    return np.asarray(framed.resize((GRID, GRID), Image.Resampling.BOX)) > 127
