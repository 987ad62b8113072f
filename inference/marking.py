"""An invisible mark in the pixels of a picture, which says that this bot made it and nothing else. It outlives the file.

Knows a key, and neither files nor people. The mark is a pattern in the brightness, so faint that nobody sees it, spread over a
few thousand frequencies whose phases the key decides: no other picture agrees with them by chance. Why this one, how sure it
is and how it can be forged: docs/decisions/0011. What it survives: `python -m benchmarks.marks`.
"""

from __future__ import annotations

import hashlib
import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.values.wishes import Pixels
from inference.pictures import image_of

LEAST: Final = 256  #: pixels on the shorter side; smaller pictures bear no mark
CHANCE: Final = 1e-9  #: at most, of finding a mark where there is none

GRID: Final = 512  #: a picture is looked at as if it had GRID x GRID pixels, so that scaling it changes little
TILE: Final = 256  #: of these, after which the pattern repeats
COARSE: Final = (10, 30)  #: cycles in a tile: what survives in plain areas
FINE: Final = (30, 60)  #: and in busy ones

PLAIN: Final = 0.75  #: how strong the coarse pattern is everywhere, in levels of 255 (root mean square)
BUSY: Final = (0.6, 1.25)  #: what is added to the coarse and to the fine one where the picture hides them
HIDING: Final = 8.0  #: levels by which pixels differ from their surroundings where it hides the most
NEAR: Final = 8  #: what counts as surroundings where the mark is put, on the grid
FAR: Final = 12  #: and where it is looked for

TINY: Final = 64  #: pixels on the shorter side, as it is or on the grid; smaller ones hold too little for a look

#: How large the pattern may stand in a picture that was cut out of ours (more than 1) or has a frame around it (less), in
#: steps small enough not to miss it.
SCALES: Final = tuple(math.exp(step * 0.008) for step in range(-86, 39))

Plane = NDArray[np.floating[Any]]
Waves = NDArray[np.complexfloating[Any, Any]]


class Mark:
    """Puts the mark of one key into pictures and finds it again. Any thread may call it."""

    def __init__(self, key: bytes) -> None:
        y, x = np.mgrid[-FINE[1] : FINE[1] + 1, : FINE[1] + 1]
        radius, half = np.hypot(y, x), (x > 0) | (y > 0)
        coarse, fine = (half & (low <= radius) & (radius < high) for low, high in (COARSE, FINE))
        self._bands = coarse, coarse | fine
        turns = np.frombuffer(hashlib.shake_256(key).digest(radius.size), np.uint8).reshape(radius.shape) / 256
        self._phases: Waves = np.exp(2j * np.pi * turns).astype(np.complex64)
        patterns = [_pattern(self._phases * band) for band in (coarse, fine)]
        coarsely, finely = (pattern / pattern.std() for pattern in patterns)
        self._everywhere = PLAIN * coarsely
        self._where_busy = BUSY[0] * coarsely + BUSY[1] * finely

    def put(self, pixels: Pixels) -> Pixels:
        """The picture with the mark in it, the same for the same pixels; a small one as it is."""
        if min(pixels.width, pixels.height) < LEAST:
            return pixels
        image = image_of(pixels)
        grey = _on_grid(image)
        hiding = np.minimum(_smooth(np.abs(grey - _smooth(grey, NEAR)), NEAR) / HIDING, 1)
        pattern = _tiled(self._everywhere, grey.shape) + hiding * _tiled(self._where_busy, grey.shape)
        full_size = Image.fromarray(pattern).resize(image.size, Image.Resampling.BICUBIC)
        change = np.rint(np.asarray(full_size)).astype(np.int16)[..., np.newaxis]
        marked = np.clip(np.asarray(image) + change, 0, 255).astype(np.uint8)
        return Pixels(pixels.width, pixels.height, marked.tobytes())

    def found(self, pixels: Pixels) -> bool:
        """Whether the mark is there: in the picture as it is, else in one that was cut out of it or has a frame around it."""
        if self.size_to_look_at(pixels.width, pixels.height) is None:
            return False
        relief = _relief(_on_grid(image_of(pixels)))
        if self._score(_directions(relief)) >= AS_IT_IS:
            return True
        return any(self._best_score(_directions(_scaled(relief, scale))) >= ANYWHERE for scale in SCALES)

    @staticmethod
    def size_to_look_at(width: int, height: int) -> tuple[int, int] | None:
        """The width and height to which `found` scales a picture, if it looks at one of that size at all."""
        size = _grid_size(width, height)
        return size if min(width, height, *size) >= TINY else None

    def _score(self, directions: Waves) -> float:
        """How well they agree with the key's phases, in standard deviations."""
        agreement = directions * self._phases.conj()
        return max(float(agreement.real[band].sum()) / _deviation(band) for band in self._bands)

    def _best_score(self, directions: Waves) -> float:
        """The same with the tiles beginning wherever it is highest."""
        agreement = directions * self._phases.conj()
        return max(float(_pattern(agreement * band).max()) / _deviation(band) for band in self._bands)


def _threshold(looks: int) -> float:
    """What one of so many looks at a foreign picture scores with a chance of CHANCE / 2.

    The key's phases are independent of such a picture, and the sum of n cosines of random phases is s standard deviations or
    more with a chance of at most exp(-s * s / 2), whatever the picture. Looks share the chance.
    """
    return math.sqrt(2 * math.log(2 * looks / CHANCE))


AS_IT_IS: Final = _threshold(2)  #: one for each band
ANYWHERE: Final = _threshold(2 * len(SCALES) * TILE * TILE)


def _deviation(band: NDArray[np.bool_]) -> float:
    """The standard deviation of the sum of as many cosines."""
    return math.sqrt(int(band.sum()) / 2)


def _grid_size(width: int, height: int) -> tuple[int, int]:
    unit = math.sqrt(width * height) / GRID
    return round(width / unit), round(height / unit)


def _on_grid(image: Image.Image) -> Plane:
    grey = image.convert("L").resize(_grid_size(*image.size), Image.Resampling.BILINEAR, reducing_gap=2)
    return np.asarray(grey, np.float32)


def _relief(grey: Plane) -> Plane:
    """What stands out from its surroundings, as strong in plain areas as in busy ones."""
    rough = grey - _smooth(grey, FAR)
    relief: Plane = np.clip(rough / (np.sqrt(_smooth(rough * rough, FAR)) + 2), -1.5, 1.5)
    return relief


def _scaled(relief: Plane, scale: float) -> Plane:
    height, width = (round(side / scale) for side in relief.shape)
    scaled: Plane = np.asarray(Image.fromarray(relief).resize((width, height), Image.Resampling.BILINEAR))
    return scaled


def _smooth(plane: Plane, by: int) -> Plane:
    height, width = plane.shape
    small = Image.fromarray(plane).resize((width // by, height // by), Image.Resampling.BOX)
    smooth: Plane = np.asarray(small.resize((width, height), Image.Resampling.BILINEAR))
    return smooth


def _directions(relief: Plane) -> Waves:
    """The phase of each frequency of the pattern, all tiles laid over each other, as a number of length 1."""
    height, width = relief.shape
    padded = np.pad(relief, ((0, -height % TILE), (0, -width % TILE)))
    folded = padded.reshape(-1, TILE, padded.shape[1] // TILE, TILE).sum((0, 2))
    waves = np.fft.rfft2(folded)[np.arange(-FINE[1], FINE[1] + 1), : FINE[1] + 1]
    return waves / np.maximum(np.abs(waves), np.float32(1e-9))


def _pattern(waves: Waves) -> Plane:
    """The tile that these waves make; each counts by the real part of what it is there."""
    full = np.zeros((TILE, TILE // 2 + 1), np.complex64)
    full[np.arange(-FINE[1], FINE[1] + 1), : FINE[1] + 1] = waves
    full[-1 : -FINE[1] - 1 : -1, 0] = full[1 : FINE[1] + 1, 0].conj()
    return np.fft.irfft2(full, s=(TILE, TILE)) * np.float32(TILE * TILE / 2)


def _tiled(tile: Plane, shape: tuple[int, ...]) -> Plane:
    height, width = shape
    return np.tile(tile, (-(-height // TILE), -(-width // TILE)))[:height, :width]
