"""A child process that turns a picture somebody sent into pixels, and ends: `python -I decoding.py WIDTH HEIGHT MOST_PIXELS`.

The file comes in by standard input, RGB goes out by standard output, what went wrong is the exit status. It knows nothing of
Darkroom, and before it reads the first byte it gives up whatever it does not need.
"""

from __future__ import annotations

import ctypes
import io
import resource
import signal
import sys
from contextlib import suppress

# Once it is confined nothing can be opened any more, so everything a decoder may import is imported now.
from PIL import Image, ImageOps, JpegImagePlugin, MpoImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin  # noqa: F401

FORMATS = ("PNG", "JPEG", "WEBP")
UNREADABLE, TOO_MANY_PIXELS, TOO_HARD = 3, 4, 5

MEMORY = 1024**3  #: bytes of address space
CPU_SECONDS = 10
SECONDS = 30  #: by the clock, should the parent be gone
LIMITS = (
    (resource.RLIMIT_AS, MEMORY),
    (resource.RLIMIT_CPU, CPU_SECONDS),
    (resource.RLIMIT_FSIZE, 0),
    (resource.RLIMIT_NOFILE, 3),  # the three it has: no file and no socket after them
    (resource.RLIMIT_CORE, 0),
)
NEW_USER, NEW_NET = 0x10000000, 0x40000000  #: unshare(2)
NO_NEW_PRIVILEGES = 38  #: prctl(2)

ORIENTATION = 0x0112  #: in EXIF
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
LYING = frozenset({5, 6, 7, 8})


class TooManyPixels(ValueError):
    """By what its header says."""


def main() -> int:
    width, height, most_pixels = map(int, sys.argv[1:])
    Image.preinit()
    confine()
    try:
        pixels = decode(sys.stdin.buffer.read(), width, height, most_pixels)
    except TooManyPixels:
        return TOO_MANY_PIXELS
    except MemoryError:
        return TOO_HARD
    except Exception:  # noqa: BLE001 - decoders raise whatever a broken file drives them to
        return UNREADABLE
    sys.stdout.buffer.write(pixels)
    return 0


def confine() -> None:
    """Whatever a file makes a decoder do now, it takes little memory and time and reaches nothing.

    Each measure as far as the platform has it: macOS limits no address space, and some containers let nobody leave a network.
    """
    signal.alarm(SECONDS)
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.unshare(NEW_USER | NEW_NET)
        libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    for what, most in LIMITS:
        with suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))


def decode(data: bytes, width: int, height: int, most_pixels: int) -> bytes:
    """The first frame as RGB, upright, its middle cut to this shape and scaled. Raises whatever a decoder raises."""
    Image.MAX_IMAGE_PIXELS = None  # it only warns from some size on, and refuses too late
    _check(canvas_of_webp(data), most_pixels)
    with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
        _check(opened.size, most_pixels)
        opened.load()
        orientation = _orientation_of(opened)
        upright = (height, width) if orientation in LYING else (width, height)
        fitted = ImageOps.fit(_rgb(opened), upright, Image.Resampling.LANCZOS)
    turned = fitted.transpose(UPRIGHT[orientation]) if orientation in UPRIGHT else fitted
    return turned.tobytes()


def _check(size: tuple[int, int], most_pixels: int) -> None:
    if size[0] * size[1] > most_pixels:
        raise TooManyPixels


def canvas_of_webp(data: bytes) -> tuple[int, int]:
    """What a WebP file says of its size; (0, 0) for other files. Its decoder takes the memory before one can ask it."""
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        return 0, 0
    match data[12:16]:
        case b"VP8X":
            return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
        case b"VP8L":
            bits = int.from_bytes(data[21:25], "little")
            return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        case b"VP8 ":
            return int.from_bytes(data[26:28], "little") & 0x3FFF, int.from_bytes(data[28:30], "little") & 0x3FFF
    return 0, 0


def _orientation_of(picture: Image.Image) -> int:
    """As the camera noted it; what cannot be understood is upright."""
    try:
        return int(picture.getexif().get(ORIENTATION, 1))
    except Exception:  # noqa: BLE001 - as above
        return 1


def _rgb(picture: Image.Image) -> Image.Image:
    """Eight bits a colour, over white where it is transparent."""
    if picture.mode.startswith("I;16"):
        high = slice(0, None, 2) if picture.mode.endswith("B") else slice(1, None, 2)
        return Image.frombytes("L", picture.size, picture.tobytes()[high]).convert("RGB")
    if "A" in picture.getbands() or "transparency" in picture.info:
        seen_through = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(white, seen_through).convert("RGB")
    return picture.convert("RGB")


if __name__ == "__main__":
    sys.exit(main())
