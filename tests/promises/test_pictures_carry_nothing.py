"""A picture file that leaves us holds the picture and the signed note that AI made it, and nothing else."""

from __future__ import annotations

import io
import struct

import pytest
from PIL import Image

from core.values.wishes import Pixels
from inference.pictures import encode
from tests.cast import Actor, Stage


def chunks(data: bytes) -> list[bytes]:
    """The chunk types of a PNG, in order."""
    found, at = [], 8
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        found.append(data[at + 4 : at + 8])
        at += 12 + length
    return found


async def test_a_picture_file_holds_pixels_and_its_signed_note_alone(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a very particular heron --shape landscape")
    await stage.works()
    (picture,) = ben.inbox[0].pictures

    assert set(chunks(picture.data)) == {b"IHDR", b"caBX", b"IDAT", b"IEND"}
    with Image.open(io.BytesIO(picture.data)) as opened:
        assert (opened.format, opened.mode, opened.size, opened.info) == ("PNG", "RGB", (128, 96), {})
    assert b"heron" not in picture.data
    assert ben.who.raw_id.encode() not in picture.data


@pytest.mark.parametrize(
    "pixels",
    [
        Pixels(2, 2, b"\0" * 11),
        Pixels(2, 2, b"\0" * 13),
        Pixels(0, 2, b""),
        Pixels(-2, -2, b"\0" * 12),
        Pixels(10**6, 10**6, b""),
    ],
)
def test_pixels_that_are_not_what_they_say_are_refused(pixels: Pixels) -> None:
    with pytest.raises(ValueError, match=r"size|as many"):
        encode(pixels, "png")
