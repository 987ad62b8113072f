"""Picture files are written quickly and hold every pixel; what a file says of its size is read without opening it."""

from __future__ import annotations

import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core.values.wishes import Pixels
from inference import pictures
from inference.pictures import Format, decode, encode, size_of
from tests.generated import Make, busy, drawn
from tests.pictures import picture_file, saved


def noise(width: int, height: int, seed: int = 1) -> Pixels:
    return Pixels(width, height, random.Random(seed).randbytes(width * height * 3))


@given(width=st.integers(1, 70), height=st.integers(1, 70), seed=st.integers(0, 1_000))
def test_a_png_holds_every_pixel(width: int, height: int, seed: int) -> None:
    assert decode(encode(noise(width, height, seed), "png").data) == noise(width, height, seed)


@pytest.mark.parametrize("make", [drawn, busy])
def test_without_the_quick_library_it_is_the_same_picture(monkeypatch: pytest.MonkeyPatch, make: Make) -> None:
    plain = Pixels(300, 200, make(300, 200, 1).tobytes())
    quick = encode(plain, "png").data

    monkeypatch.setattr(pictures, "compress", zlib.compress)

    assert decode(encode(plain, "png").data) == decode(quick) == plain


@pytest.mark.parametrize("side", [1, 4096])
def test_the_smallest_and_the_largest_can_be_written(side: int) -> None:
    for width, height in ((side, 1), (1, side)):
        assert decode(encode(noise(width, height), "png").data) == noise(width, height)


@pytest.mark.parametrize("file_format", ["png", "jpg", "webp"])
def test_a_file_of_ours_says_its_size(file_format: Format) -> None:
    assert size_of(encode(noise(61, 47), file_format).data) == (61, 47)


@pytest.mark.parametrize(
    "saving",
    [
        {"file_format": "JPEG", "progressive": True},
        {"file_format": "JPEG", "exif": b"Exif\0\0" + bytes(60_000), "icc_profile": bytes(70_000)},
        {"file_format": "WEBP", "lossless": True},
        {"file_format": "WEBP", "icc_profile": bytes(100)},
        {"file_format": "PNG", "icc_profile": bytes(100)},
    ],
)
def test_so_does_what_others_save(saving: dict[str, object]) -> None:
    assert size_of(picture_file(size=(301, 203), **saving)) == (301, 203)  # type: ignore[arg-type]


def test_what_says_no_size_has_none() -> None:
    jpeg = saved(Image.new("RGB", (8, 8)), "JPEG")
    heads = [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP", b"RIFF\0\0\0\0WEBPVP8L", b"\xff\xd8\xff"]

    for data in (*heads, *(head + bytes(100) for head in heads), jpeg[:100], b"\xff\xd8" + b"\xff\xe0\0\0" * 500_000):
        assert size_of(data) in (None, (1, 1))  # of zeros, a WebP file says 1 by 1
