"""Draws the pictures the starter model learns from: one plain object on a plain background.

Knows geometry and colours; nothing of words beyond their names, nothing of torch.
"""

import math
import random
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from inference.starter.vocabulary import SHAPES

Points = list[tuple[float, float]]

FRAMES: dict[str, tuple[int, int]] = {"square": (128, 128), "portrait": (96, 128), "landscape": (128, 96)}

PALETTE: dict[str, tuple[int, int, int]] = {
    "red": (217, 38, 38),
    "orange": (250, 140, 22),
    "yellow": (252, 222, 48),
    "green": (46, 160, 67),
    "blue": (38, 92, 222),
    "purple": (128, 52, 186),
    "pink": (250, 148, 196),
    "brown": (122, 74, 40),
    "black": (18, 18, 18),
    "white": (250, 250, 250),
    "grey": (132, 136, 140),
}

# Radius of the object as a share of the shorter side of the picture.
RADII: dict[str | None, tuple[float, float]] = {"small": (0.24, 0.27), None: (0.32, 0.39), "big": (0.42, 0.44)}

SUPERSAMPLING = 4
# How far from the middle an object may stand, in pixels.
DRIFT = 4.0


@dataclass(frozen=True)
class Scene:
    """One object on one background; lengths in pixels, the angle in degrees."""

    shape: str
    colour: str
    background: str
    size: str | None
    x: float
    y: float
    radius: float
    angle: float
    width: int
    height: int


def random_scene(rng: random.Random, frame: str) -> Scene:
    """A scene outside the held-out combinations."""
    while True:
        shape = rng.choice(list(SHAPES))
        colour, background = rng.sample(list(PALETTE), 2)
        if not held_out(shape, colour, background):
            return place(rng, frame, shape, colour, background)


def held_out(shape: str, colour: str, background: str) -> bool:
    """One combination in ten is never shown in training, so that scores are about combining, not remembering."""
    return zlib.crc32(f"{shape}/{colour}/{background}".encode()) % 10 == 0


def place(rng: random.Random, frame: str, shape: str, colour: str, background: str) -> Scene:
    width, height = FRAMES[frame]
    size = rng.choices(["small", None, "big"], [10, 80, 10])[0]
    radius = rng.uniform(*RADII[size]) * min(width, height)
    reach = min(DRIFT, min(width, height) / 2 - radius - 1)
    x, y = (side / 2 + rng.uniform(-reach, reach) for side in (width, height))
    return Scene(shape, colour, background, size, x, y, radius, rng.uniform(-4, 4), width, height)


def draw(scene: Scene) -> Image.Image:
    share = draw_mask(scene).astype(np.float32)[..., None] / 255
    front, back = (np.asarray(PALETTE[name], np.float32) for name in (scene.colour, scene.background))
    return Image.fromarray((share * front + (1 - share) * back).round().astype(np.uint8))


def draw_mask(scene: Scene) -> NDArray[np.uint8]:
    """How much of each pixel the object covers, 0 to 255."""
    big = Image.new("L", (scene.width * SUPERSAMPLING, scene.height * SUPERSAMPLING))
    pen = ImageDraw.Draw(big)
    for points, value in outlines(scene.shape):
        pen.polygon([_placed(point, scene) for point in points], fill=value)
    return np.asarray(big.reduce(SUPERSAMPLING))


def outlines(shape: str) -> list[tuple[Points, int]]:
    """Polygons in the unit circle, y down, painted in order: 255 covers, 0 uncovers."""
    match shape:
        case "circle":
            return [(_circle(1), 255)]
        case "ring":
            return [(_circle(1), 255), (_circle(0.56), 0)]
        case "square":
            return [([(-0.84, -0.84), (0.84, -0.84), (0.84, 0.84), (-0.84, 0.84)], 255)]
        case "diamond":
            return [([(0, -1), (0.7, 0), (0, 1), (-0.7, 0)], 255)]
        case "triangle":
            return [([(0, -0.88), (1, 0.8), (-1, 0.8)], 255)]
        case "star":
            return [(_star(), 255)]
        case "heart":
            return [(_heart(), 255)]
        case "cross":
            return [
                ([(-0.34, -1), (0.34, -1), (0.34, 1), (-0.34, 1)], 255),
                ([(-1, -0.34), (1, -0.34), (1, 0.34), (-1, 0.34)], 255),
            ]
    raise KeyError(shape)


def _circle(radius: float) -> Points:
    turns = (2 * math.pi * step / 72 for step in range(72))
    return [(radius * math.cos(turn), radius * math.sin(turn)) for turn in turns]


def _star() -> Points:
    radii = (1.0, 0.42) * 5
    turns = (math.pi * step / 5 for step in range(10))
    return [(radius * math.sin(turn), -radius * math.cos(turn)) for radius, turn in zip(radii, turns, strict=True)]


def _heart() -> Points:
    turns = [2 * math.pi * step / 72 for step in range(72)]
    height = [13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t) for t in turns]
    return [(math.sin(t) ** 3, -(up + 2.5) / 15.5) for t, up in zip(turns, height, strict=True)]


def _placed(point: tuple[float, float], scene: Scene) -> tuple[float, float]:
    turn = math.radians(scene.angle)
    across, down = point
    x = scene.x + scene.radius * (across * math.cos(turn) - down * math.sin(turn))
    y = scene.y + scene.radius * (across * math.sin(turn) + down * math.cos(turn))
    return x * SUPERSAMPLING, y * SUPERSAMPLING
