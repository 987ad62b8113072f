"""Pictures to measure with, each made from a seed: plain, smooth, busy as photographs are, and what is hard on a mark."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

SHAPES = 6  #: at most, in a drawn picture

Image_ = Image.Image
Make = Callable[[int, int, int], Image_]  #: by width, height and seed


def drawn(width: int, height: int, seed: int) -> Image_:
    rng = np.random.default_rng(seed)
    image = Image.new("RGB", (width, height), _colour(rng))
    draw = ImageDraw.Draw(image)
    for _ in range(rng.integers(1, SHAPES + 1)):
        x, y, size = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(0.08, 0.4) * min(width, height)
        draw.regular_polygon((x, y, size), int(rng.integers(3, 12)), rng.uniform(0, 360), _colour(rng))
    return image


def gradient(width: int, height: int, seed: int) -> Image_:
    corners = np.random.default_rng(seed).integers(0, 256, (2, 2, 3), np.uint8)
    return Image.fromarray(corners).resize((width, height), Image.Resampling.BICUBIC)


def busy(width: int, height: int, seed: int) -> Image_:
    """Noise with the spectrum of photographs: some regions rough, some smooth, edges between them."""
    rng = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(height)[:, np.newaxis], np.fft.rfftfreq(width))
    frequency[0, 0] = 1

    def field(slope: float) -> Any:
        waves = np.fft.rfft2(rng.standard_normal((height, width))) / frequency**slope
        plane = np.fft.irfft2(waves, s=(height, width))
        return (plane - plane.mean()) / plane.std()

    rough = field(rng.uniform(1.0, 1.5)) / (1 + np.exp(-6 * field(1.7)))
    light = 0.6 * rough + field(1.9) + 0.25 * np.sign(field(1.6))
    colours = np.stack([field(1.6) for _ in range(3)], axis=-1)
    levels = rng.uniform(90, 160) + rng.uniform(30, 60) * light[..., np.newaxis] + 14 * colours
    return Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8))


def noise(width: int, height: int, seed: int) -> Image_:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8))


def stripes(width: int, height: int, seed: int) -> Image_:
    """As regular as the pattern itself."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    waves = sum(np.sin(rng.uniform(0.05, 1.5) * (x * np.cos(turn) + y * np.sin(turn))) for turn in rng.uniform(0, 7, 4))
    return Image.fromarray((127 + 30 * waves).astype(np.uint8)).convert("RGB")


def _colour(rng: np.random.Generator) -> tuple[int, ...]:
    return tuple(map(int, rng.integers(0, 256, 3)))
