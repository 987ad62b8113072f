"""Makes picture files from raw pixels and back, with nothing in them but the picture. Knows no labels and no people."""

from __future__ import annotations

import io
from typing import Any, Literal

from PIL import Image

from core.ports import Encoded
from core.wishes import Pixels

MOST_SIDE = 4096
PREVIEW_SIDE = 128

Format = Literal["png", "jpg", "webp"]

#: How each is saved. A picture is waited for, so PNG and WebP take little time rather than the last byte; JPEG keeps colours
#: at full resolution, or the edges of drawn things fray.
_SAVING: dict[Format, dict[str, Any]] = {
    "png": {"format": "PNG", "compress_level": 1},
    "jpg": {"format": "JPEG", "quality": 92, "subsampling": "4:4:4"},
    "webp": {"format": "WEBP", "quality": 90, "method": 2},
}


def encode(pixels: Pixels, file_format: Format) -> Encoded:
    """A file without any metadata. Raises ValueError when the data is not width x height x 3 bytes."""
    return Encoded(_saved(image_of(pixels), **_SAVING[file_format]), file_format)


def convert(data: bytes, file_format: Format) -> Encoded:
    """The same picture in another format, without any metadata it had. Raises ValueError when it cannot be read."""
    return encode(decode(data), file_format)


def preview(pixels: Pixels) -> Encoded:
    """A small JPEG, no side longer than PREVIEW_SIDE, without any metadata."""
    image = image_of(pixels)
    image.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
    return Encoded(_saved(image, format="JPEG", quality=85), "jpg")


def decode(data: bytes) -> Pixels:
    """The pixels of a PNG, JPEG or WebP file. Raises ValueError when it is none, broken, or of an impossible size."""
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as opened:
            _check_size(*opened.size)
            image = opened.convert("RGB")
    except Exception as error:  # decoders raise whatever a broken file drives them to
        raise ValueError(f"not a picture file we can read ({type(error).__name__})") from error
    return Pixels(image.width, image.height, image.tobytes())


def image_of(pixels: Pixels) -> Image.Image:
    """Raises ValueError when the data is not width x height x 3 bytes."""
    _check_size(pixels.width, pixels.height)
    if len(pixels.data) != pixels.width * pixels.height * 3:
        raise ValueError("the pixels are not as many as width and height say")
    return Image.frombytes("RGB", (pixels.width, pixels.height), pixels.data)


def _check_size(width: int, height: int) -> None:
    if not (0 < width <= MOST_SIDE and 0 < height <= MOST_SIDE):
        raise ValueError("a picture of an impossible size")


def _saved(image: Image.Image, **how: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, **how)
    return file.getvalue()
