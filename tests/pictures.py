"""Picture files that people might send, made on the spot."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image, ImageDraw

RED, BLUE = (220, 40, 30), (30, 60, 220)


def picture_file(file_format: str = "PNG", *, size: tuple[int, int] = (300, 200), **saving: Any) -> bytes:
    """Blue, its upper left quarter red: one sees which side is up."""
    return saved(marked(size), file_format, **saving)


def marked(size: tuple[int, int] = (300, 200)) -> Image.Image:
    """Blue, its upper left quarter red."""
    picture = Image.new("RGB", size, BLUE)
    ImageDraw.Draw(picture).rectangle((0, 0, size[0] // 2 - 1, size[1] // 2 - 1), fill=RED)
    return picture


def saved(picture: Image.Image, file_format: str = "PNG", **saving: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, format=file_format, **saving)
    return file.getvalue()
