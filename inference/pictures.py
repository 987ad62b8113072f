"""Makes picture files from raw pixels, with nothing in them but the picture."""

from __future__ import annotations

import asyncio
import io

from PIL import Image

from core.ports import Encoded
from core.wishes import Pixels

MOST_SIDE = 4096


class PngEncoder:
    """`core.ports.Encoder`, off the event loop."""

    async def encode(self, pixels: Pixels) -> Encoded:
        return await asyncio.to_thread(png, pixels)


def png(pixels: Pixels) -> Encoded:
    """A PNG without any metadata. Raises ValueError when the data is not width x height x 3 bytes."""
    if not (0 < pixels.width <= MOST_SIDE and 0 < pixels.height <= MOST_SIDE):
        raise ValueError("a picture of an impossible size")
    if len(pixels.data) != pixels.width * pixels.height * 3:
        raise ValueError("the pixels are not as many as width and height say")
    file = io.BytesIO()
    Image.frombytes("RGB", (pixels.width, pixels.height), pixels.data).save(file, "PNG")
    return Encoded(file.getvalue(), "png")
