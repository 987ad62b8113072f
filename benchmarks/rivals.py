"""What the mark is measured against: a lattice in the coefficients of blocks, and two published packages where they are there.

A scheme may claim a stranger's picture with the same chance as ours, and no more often.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from typing import Any, Protocol

import numpy as np
from PIL import Image

from inference.marking import AS_IT_IS, _on_grid

BITS, AGREEING = 64, 56  #: of a scheme that carries bits, how many must agree for a chance of 1e-9
BITS_OF_KEY = np.random.default_rng(5).integers(0, 2, BITS).astype(bool)

#: Rows are the waves of a block of 8 pixels.
DCT = np.array([[math.cos((2 * i + 1) * u * math.pi / 16) / (2 if u else 8**0.5) for i in range(8)] for u in range(8)])

Image_ = Image.Image


class Scheme(Protocol):
    name: str

    def put(self, image: Image_) -> Image_: ...
    def found(self, image: Image_) -> bool: ...


def rivals() -> Iterator[Scheme]:
    yield BlockQim()
    for scheme in (BlindWatermark, DwtDctSvd):
        try:
            yield scheme()
        except ImportError:
            print(f"{scheme.name} is not installed and takes no part")


class BlockQim:
    """Twelve coefficients of each 8 x 8 block of the same grid, rounded to a lattice that the key shifts."""

    name = "DCT-QIM"
    step = 12.0
    where = tuple((u, v) for u in range(4) for v in range(4) if 2 <= u + v <= 4)

    def put(self, image: Image_) -> Image_:
        grey = _on_grid(image)
        change = self._inverse(self._rounded(self._blocks(grey)), grey.shape)
        full_size = Image.fromarray(change).resize(image.size, Image.Resampling.BICUBIC)
        levels = np.asarray(image) + np.rint(np.asarray(full_size))[..., np.newaxis]
        return Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8))

    def found(self, image: Image_) -> bool:
        off = self._off(self._blocks(_on_grid(image)))
        return float(np.cos(off * (2 * np.pi / self.step)).sum()) / math.sqrt(off.size / 2) >= AS_IT_IS

    def _blocks(self, grey: Any) -> Any:
        blocks = grey[: len(grey) // 8 * 8, : grey.shape[1] // 8 * 8].reshape(len(grey) // 8, 8, -1, 8)
        return np.einsum("ui,aibj,vj->abuv", DCT, blocks, DCT)

    def _off(self, blocks: Any) -> Any:
        """How far each coefficient is above the lattice."""
        chosen = np.stack([blocks[:, :, u, v] for u, v in self.where], axis=-1)
        return chosen - np.random.default_rng(1).uniform(0, self.step, chosen.shape)

    def _rounded(self, blocks: Any) -> Any:
        off, changes = self._off(blocks), np.zeros_like(blocks)
        for number, (u, v) in enumerate(self.where):
            changes[:, :, u, v] = np.rint(off[..., number] / self.step) * self.step - off[..., number]
        return changes

    @staticmethod
    def _inverse(blocks: Any, shape: tuple[int, ...]) -> Any:
        plane = np.zeros(shape, np.float32)
        filled = np.einsum("ui,abuv,vj->aibj", DCT, blocks, DCT)
        plane[: 8 * len(blocks), : 8 * blocks.shape[1]] = filled.reshape(8 * len(blocks), -1)
        return plane


class BlindWatermark:
    name = "blind-watermark"

    def __init__(self) -> None:
        import blind_watermark

        blind_watermark.bw_notes.close()
        self._new = partial(blind_watermark.WaterMark, password_img=1, password_wm=1)

    def put(self, image: Image_) -> Image_:
        watermark = self._new()
        watermark.read_img(img=_bgr(image))
        watermark.read_wm(BITS_OF_KEY.tolist(), mode="bit")
        return _rgb(watermark.embed())

    def found(self, image: Image_) -> bool:
        read = self._new().extract(embed_img=_bgr(image), wm_shape=BITS, mode="bit")
        return int(((np.asarray(read) > 0.5) == BITS_OF_KEY).sum()) >= AGREEING


class DwtDctSvd:
    name = "dwtDctSvd"

    def __init__(self) -> None:
        from imwatermark import WatermarkDecoder, WatermarkEncoder

        self._encoder, self._decoder = WatermarkEncoder(), WatermarkDecoder("bits", BITS)
        self._encoder.set_watermark("bits", BITS_OF_KEY.astype(int).tolist())

    def put(self, image: Image_) -> Image_:
        return _rgb(self._encoder.encode(_bgr(image), "dwtDctSvd"))

    def found(self, image: Image_) -> bool:
        if image.width * image.height < 256 * 256:  # it refuses smaller ones
            return False
        read = np.asarray(self._decoder.decode(_bgr(image), "dwtDctSvd"))
        return int((read.astype(bool) == BITS_OF_KEY).sum()) >= AGREEING


def _bgr(image: Image_) -> Any:
    return np.ascontiguousarray(np.asarray(image)[:, :, ::-1])


def _rgb(array: Any) -> Image_:
    return Image.fromarray(np.clip(np.rint(array), 0, 255).astype(np.uint8)[:, :, ::-1].copy())
