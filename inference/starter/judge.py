"""Reads what stands where off a picture's pixels, without any learning: grounds, kinds, colours, places.

Knows how `things` look and what `scenes` puts behind them; never sees the prompt.
"""

from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from inference.starter.scenes import Ground, backdrop
from inference.starter.things import PALETTE, PARTS, sprite
from inference.starter.vocabulary import VIEWS

#: The least likeness, between 0 and 1, at which a thing counts as recognised.
RECOGNISED = 0.55
#: How far a pixel is from the ground, as a distance in RGB, when something stands there.
APART = 45.0
#: The least share of the picture that is a thing and not a speck.
SMALLEST = 0.008
GRID = 24
RIM = 4
MODEL_SIDES = (26, 44, 72)
SHADES = 24  #: grounds whose colours differ by less are looked at alike

Pixels = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Seen:
    """One thing: `x`, `y` of its middle as shares of width and height; `size`, its longer side, as a share of the picture's
    shorter one.
    """

    kind: str | None
    colour: str
    x: float
    y: float
    size: float
    likeness: float


@dataclass(frozen=True)
class Verdict:
    """The things from the largest to the smallest."""

    ground: Ground
    things: tuple[Seen, ...]


def judge(picture: Image.Image) -> Verdict:
    pixels = np.asarray(picture.convert("RGB"), np.float32)
    ground = recognise_ground(pixels)
    behind = _behind(ground, picture.width, picture.height)
    apart = np.linalg.norm(pixels - behind, axis=2) > APART
    return Verdict(ground, tuple(_read(pixels, behind, blob) for blob in blobs(apart)))


def recognise_ground(pixels: Pixels) -> Ground:
    """The ground that explains the rim of the picture best; specks there count as much as any other pixel."""
    height, width, _ = pixels.shape
    rim = np.ones((height, width), bool)
    rim[RIM:-RIM, RIM:-RIM] = False

    def misfit(ground: Ground) -> float:
        away = np.linalg.norm(pixels[rim] - _behind(ground, width, height)[rim], axis=1)
        return float(np.minimum(away, 80).mean())

    return min(_grounds(), key=misfit)


def blobs(mask: Mask) -> list[Mask]:
    """The connected parts of a mask, the largest first, without specks; parts a pixel or two apart belong together."""
    picture = Image.fromarray(mask.astype(np.uint8) * 255).filter(ImageFilter.MedianFilter(3))
    solid = np.asarray(picture) > 127
    near = np.asarray(picture.filter(ImageFilter.MaxFilter(3))) > 127
    labels = _labelled(near)
    found = [(labels == label) & solid for label in np.unique(labels[labels > 0])]
    return sorted((one for one in found if one.mean() > SMALLEST), key=lambda one: -int(one.sum()))


def _read(pixels: Pixels, behind: Pixels, blob: Mask) -> Seen:
    top, bottom, left, right = _bounds(blob)
    box = (slice(top, bottom), slice(left, right))
    seen = _fitted(pixels[box], blob[box])
    red, green, blue = (int(value) // SHADES * SHADES for value in behind[box].mean((0, 1)))
    names, models = _models(red, green, blue)
    # A pixel that only one of both covers is as wrong as one can be.
    both = (models[..., 3] > 0.5) & (seen[..., 3] > 0.5)
    either = (models[..., 3] > 0.5) | (seen[..., 3] > 0.5)
    wrong = np.where(both, np.minimum(1, np.linalg.norm(models[..., :3] - seen[..., :3], axis=-1) / 200), either)
    likeness = 1 - wrong.sum((1, 2)) / np.maximum(1, either.sum((1, 2)))
    best = int(likeness.argmax())
    kind, colour = names[best]
    height, width = blob.shape
    return Seen(
        kind if likeness[best] >= RECOGNISED else None,
        colour,
        float(left + right) / 2 / width,
        float(top + bottom) / 2 / height,
        float(max(bottom - top, right - left)) / min(width, height),
        float(likeness[best]),
    )


@lru_cache(maxsize=500)
def _models(*ground: int) -> tuple[list[tuple[str, str]], Pixels]:
    """Every kind in every colour, large and small, as it shows on a ground of that colour: some parts may vanish in it."""
    names, models = [], []
    for name, ink, whole in _inks():
        hidden = (np.linalg.norm(ink[..., :3] - np.asarray(ground, np.float32), axis=2) <= APART) & (ink[..., 3] > 127)
        model = _remaining(ink, hidden) if hidden.sum() > 0.02 * ink[..., 3].sum() / 255 else whole
        if model is not None:
            names.append(name)
            models.append(model)
    return names, np.stack(models)


@cache
def _inks() -> list[tuple[tuple[str, str], Pixels, Pixels | None]]:
    """Kind and colour; its ink; and the model when none of it is hidden."""
    found = []
    for kind in PARTS:
        for colour in PALETTE:
            for side in MODEL_SIDES:
                ink = np.pad(np.asarray(sprite(kind, colour, side), np.float32), ((4, 4), (4, 4), (0, 0)))
                found.append(((kind, colour), ink, _remaining(ink, np.zeros(ink.shape[:2], bool))))
    return found


def _remaining(ink: Pixels, hidden: Mask) -> Pixels | None:
    """The largest part that can still be seen, if there is any."""
    found = blobs((ink[..., 3] > 100) & ~hidden)
    if not found:
        return None
    top, bottom, left, right = _bounds(found[0])
    return _fitted(ink[top:bottom, left:right, :3], found[0][top:bottom, left:right])


def _bounds(mask: Mask) -> tuple[int, int, int, int]:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def _fitted(pixels: Pixels, solid: Mask) -> Pixels:
    """Brought to one size, proportions kept: red, green and blue of what the thing covers, and how much it covers."""
    height, width = solid.shape
    side = max(height, width)
    framed = np.zeros((side, side, 4), np.float32)
    top, left = (side - height) // 2, (side - width) // 2
    framed[top : top + height, left : left + width, :3] = pixels * solid[..., None]
    framed[top : top + height, left : left + width, 3] = solid
    planes = [Image.fromarray(framed[..., plane]).resize((GRID, GRID), Image.Resampling.BOX) for plane in range(4)]
    *inked, covered = (np.asarray(plane) for plane in planes)
    return np.stack([*(ink / np.maximum(covered, 1e-3) for ink in inked), covered], -1)


@cache
def _grounds() -> list[Ground]:
    plain = [Ground((colour,)) for colour in PALETTE]
    fading = [Ground((one, two)) for one in PALETTE for two in PALETTE if one != two]
    return [*plain, *(Ground(view=view) for view in VIEWS), *fading]


@cache
def _behind(ground: Ground, width: int, height: int) -> Pixels:
    return np.asarray(backdrop(ground, width, height), np.float32)


def _labelled(mask: Mask) -> NDArray[np.int64]:
    """A number for each connected part (four neighbours), 0 outside: the highest index of a pixel in it."""
    labels = np.pad(np.where(mask, np.arange(1, mask.size + 1).reshape(mask.shape), 0), 1)
    inner = np.pad(mask, 1)
    known = np.concatenate([[0], labels[1:-1, 1:-1].ravel()])
    while True:
        around = [np.roll(labels, 1, 0), np.roll(labels, -1, 0), np.roll(labels, 1, 1), np.roll(labels, -1, 1), labels]
        spread = np.where(inner, np.maximum.reduce(around), 0)
        known[1:] = spread[1:-1, 1:-1].ravel()
        spread = known[spread]  # straight on to where that pixel has come
        if np.array_equal(spread, labels):
            return labels[1:-1, 1:-1]
        labels = spread
