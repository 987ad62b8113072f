"""Pictures that people send are opened in a child process that has little of everything; only pixels come out of it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import struct
import sys
import time
import zlib
from pathlib import Path

import pytest
from PIL import Image

from core.errors import Refused, Unavailable
from core.rules import REFERENCE_BYTES
from core.values.wishes import Pixels
from inference import decoding
from inference.intake import WAITING, Intake
from tests.markers import forms
from tests.pictures import BLUE, RED, marked, picture_file, saved

MARKER = "zweiundvierzig-kormorane"
WIDTH, HEIGHT = 96, 64


@pytest.fixture
def intake() -> Intake:
    return Intake()


def close(one: tuple[int, ...], other: tuple[int, ...], by: int = 12) -> bool:
    return all(abs(a - b) <= by for a, b in zip(one, other, strict=True))


def at(pixels: Pixels, x: float, y: float) -> tuple[int, ...]:
    """The colour at a share of the width and the height."""
    begin = 3 * (int(y * pixels.height) * pixels.width + int(x * pixels.width))
    return tuple(pixels.data[begin : begin + 3])


async def refused(intake: Intake, data: bytes) -> str:
    with pytest.raises(Refused) as refusal:
        await intake.receive(data, WIDTH, HEIGHT)
    return refusal.value.key


# What comes through


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP"])
async def test_a_picture_comes_back_as_pixels_of_the_size_that_is_drawn(intake: Intake, file_format: str) -> None:
    pixels = await intake.receive(picture_file(file_format), WIDTH, HEIGHT)

    assert (pixels.width, pixels.height, len(pixels.data)) == (WIDTH, HEIGHT, WIDTH * HEIGHT * 3)
    assert close(at(pixels, 0.2, 0.2), RED)
    assert close(at(pixels, 0.8, 0.2), BLUE)
    assert close(at(pixels, 0.2, 0.8), BLUE)


async def test_what_is_of_another_shape_is_cut_in_the_middle_and_not_squeezed(intake: Intake) -> None:
    wide = Image.new("RGB", (600, 100), BLUE)
    wide.paste(RED, (250, 0, 350, 100))
    pixels = await intake.receive(saved(wide), 60, 60)

    assert close(at(pixels, 0.5, 0.5), RED)
    assert close(at(pixels, 0.05, 0.5), RED), "a red square in the middle fills a square picture"


@pytest.mark.parametrize("size", [(1, 1), (3, 700), (5_000, 5_000)])
async def test_the_smallest_and_the_largest_are_taken(intake: Intake, size: tuple[int, int]) -> None:
    pixels = await intake.receive(saved(Image.new("RGB", size, RED)), WIDTH, HEIGHT)

    assert close(at(pixels, 0.5, 0.5), RED)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP"])
async def test_it_stands_as_the_camera_was_held(intake: Intake, orientation: int, file_format: str) -> None:
    """Whoever undoes what EXIF says must see the red corner above on the left."""
    undone = {
        1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270,
    }[orientation]  # fmt: skip
    lying = marked() if undone is None else marked().transpose(undone)
    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels = await intake.receive(saved(lying, file_format, exif=exif.tobytes()), WIDTH, HEIGHT)

    assert close(at(pixels, 0.2, 0.2), RED)
    assert all(close(at(pixels, x, y), BLUE) for x, y in ((0.8, 0.2), (0.2, 0.8), (0.8, 0.8)))


@pytest.mark.parametrize("orientation", [0, 9, 65_535])
async def test_an_orientation_that_there_is_not_changes_nothing(intake: Intake, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels = await intake.receive(picture_file("JPEG", exif=exif.tobytes()), WIDTH, HEIGHT)

    assert close(at(pixels, 0.2, 0.2), RED)


async def test_exif_that_nobody_understands_changes_nothing(intake: Intake) -> None:
    broken = b"Exif\0\0" + b"MM\0\x2a\xff\xff\xff\xff" + bytes(range(200))
    pixels = await intake.receive(picture_file("JPEG", exif=broken), WIDTH, HEIGHT)

    assert close(at(pixels, 0.2, 0.2), RED)


@pytest.mark.parametrize("file_format", ["PNG", "WEBP", "MPO"])
async def test_of_several_frames_the_first_is_taken(intake: Intake, file_format: str) -> None:
    frames = [Image.new("RGB", (200, 200), colour) for colour in (RED, BLUE, (0, 0, 0))]
    moving = saved(frames[0], file_format, save_all=True, append_images=frames[1:])
    pixels = await intake.receive(moving, WIDTH, HEIGHT)

    assert close(at(pixels, 0.5, 0.5), RED)


async def test_sixteen_bits_of_grey_become_eight(intake: Intake) -> None:
    for value, seen in ((0, 0), (0x8000, 0x80), (0xFFFF, 0xFF)):
        pixels = await intake.receive(saved(Image.new("I;16", (50, 50), value)), WIDTH, HEIGHT)
        assert at(pixels, 0.5, 0.5) == (seen, seen, seen)


async def test_sixteen_bits_of_colour_become_eight(intake: Intake) -> None:
    row = b"\0" + struct.pack(">HHH", 0xFFFF, 0x8000, 0) * 20
    header = struct.pack(">IIBBBBB", 20, 20, 16, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(row * 20)), (b"IEND", b"")]
    pixels = await intake.receive(png(chunks), WIDTH, HEIGHT)

    assert at(pixels, 0.5, 0.5) == (0xFF, 0x80, 0)


async def test_printers_colours_become_a_screens(intake: Intake) -> None:
    pixels = await intake.receive(saved(Image.new("CMYK", (50, 50), (0, 255, 255, 0)), "JPEG"), WIDTH, HEIGHT)

    assert close(at(pixels, 0.5, 0.5), (255, 0, 0), by=20)


async def test_what_is_transparent_is_white(intake: Intake) -> None:
    palette = marked().quantize(4)
    see_through = palette.getpixel((0, 0))
    for picture, more in (
        (palette, {"transparency": see_through}),
        (Image.new("RGBA", (50, 50), (10, 20, 30, 0)), {}),
        (Image.new("LA", (50, 50), (10, 0)), {}),
        (Image.new("RGB", (50, 50), RED), {"transparency": RED}),
    ):
        pixels = await intake.receive(saved(picture, **more), WIDTH, HEIGHT)
        assert close(at(pixels, 0.2, 0.2), (255, 255, 255))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
async def test_every_kind_of_pixels_is_taken(intake: Intake, mode: str) -> None:
    pixels = await intake.receive(saved(marked().convert(mode)), WIDTH, HEIGHT)

    assert len(pixels.data) == WIDTH * HEIGHT * 3


async def test_nothing_but_pixels_comes_out(intake: Intake) -> None:
    """A place, a camera, a comment, a profile: planted everywhere a file has room for it, and after its end."""
    exif = Image.Exif()
    exif[0x010F] = exif[0x9286] = MARKER
    exif.get_ifd(0x8825)[1] = MARKER
    xmp, icc = f"<x:xmpmeta>{MARKER}</x:xmpmeta>".encode(), MARKER.encode() * 10
    for file_format in ("JPEG", "PNG", "WEBP"):
        more = {"comment": MARKER.encode()} if file_format == "JPEG" else {}
        planted = picture_file(file_format, exif=exif.tobytes(), xmp=xmp, icc_profile=icc, **more) + MARKER.encode()
        assert any(form in planted for form in forms(MARKER))
        pixels = await intake.receive(planted, WIDTH, HEIGHT)
        bare = await intake.receive(picture_file(file_format), WIDTH, HEIGHT)

        assert not [form for form in forms(MARKER) if form in pixels.data]
        assert pixels == bare


# What does not


def png(chunks: list[tuple[bytes, bytes]]) -> bytes:
    written = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(written)


def bomb_png(width: int, height: int) -> bytes:
    """A header that promises much, over data that is little."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return png([(b"IHDR", header), (b"IDAT", zlib.compress(bytes(10_000))), (b"IEND", b"")])


def bomb_jpeg(width: int, height: int) -> bytes:
    whole = bytearray(picture_file("JPEG"))
    start = whole.index(b"\xff\xc0")
    whole[start + 5 : start + 9] = struct.pack(">HH", height, width)
    return bytes(whole)


def bomb_webp(width: int, height: int) -> bytes:
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + size + picture_file("WEBP")[12:]
    return b"RIFF" + struct.pack("<I", len(body)) + body


BOMBS = {
    "png": bomb_png(60_000, 60_000),
    "png, one long row": bomb_png(2**31 - 1, 1),
    "jpeg": bomb_jpeg(65_000, 65_000),
    "webp": bomb_webp(16_384, 16_384),
    "webp, lossless": picture_file("WEBP", lossless=True)[:21] + b"\xff\xff\xff\x0f" + bytes(50),
    "just too many": bomb_png(5_000, 5_001),
}


@pytest.mark.parametrize("name", BOMBS)
async def test_what_promises_too_many_pixels_is_not_decoded(intake: Intake, name: str) -> None:
    started = time.monotonic()

    assert await refused(intake, BOMBS[name]) == "reference.too_many_pixels"
    assert time.monotonic() - started < 5


async def test_what_is_too_large_is_not_even_looked_at() -> None:
    intake = Intake(program=("/nowhere/no-such-program",))

    assert await refused(intake, picture_file() + bytes(REFERENCE_BYTES)) == "reference.too_large"


OTHERS = {
    "nothing": b"",
    "a word": b"hello",
    "gif": saved(marked().quantize(8), "GIF"),
    "tiff": saved(marked(), "TIFF"),
    "bmp": saved(marked(), "BMP"),
    "ico": saved(marked(), "ICO"),
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>",
    "pdf": b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF",
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n(x) run\n",
    "zip": b"PK\x03\x04" + bytes(100),
}


@pytest.mark.parametrize("name", OTHERS)
async def test_other_files_are_known_by_their_content_and_not_opened(name: str) -> None:
    intake = Intake(program=("/nowhere/no-such-program",))

    assert await refused(intake, OTHERS[name]) == "reference.unreadable"


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP"])
async def test_what_breaks_off_is_unreadable(intake: Intake, file_format: str) -> None:
    whole = picture_file(file_format)
    for share in (0.05, 0.5, 0.9):
        assert await refused(intake, whole[: int(len(whole) * share)]) == "reference.unreadable"


async def test_what_only_begins_like_a_picture_is_unreadable(intake: Intake) -> None:
    for beginning in (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBP"):
        for rest in (b"", bytes(100), b"%PDF-1.7\n" * 20, saved(marked().quantize(8), "GIF"), saved(marked(), "TIFF")):
            assert await refused(intake, beginning + rest) == "reference.unreadable"


async def test_a_file_that_is_two_things_is_only_the_picture(intake: Intake) -> None:
    """A page or an archive behind a picture is left where it is."""
    for behind in (b"<script>alert(1)</script>", b"PK\x03\x04" + bytes(100), OTHERS["pdf"], OTHERS["gif"]):
        pixels = await intake.receive(picture_file() + behind, WIDTH, HEIGHT)
        assert pixels == await intake.receive(picture_file(), WIDTH, HEIGHT)


async def test_broken_bytes_end_in_a_picture_or_a_sentence(intake: Intake) -> None:
    whole = picture_file("PNG"), picture_file("JPEG"), picture_file("WEBP")
    keys, sizes = set(), set()
    for number in range(24):
        broken = bytearray(whole[number % 3])
        for at_ in range(number, len(broken), 37 + number):
            broken[at_] ^= 1 << number % 8
        try:
            sizes.add(len((await intake.receive(bytes(broken), WIDTH, HEIGHT)).data))
        except Refused as refusal:
            keys.add(refusal.key)
    assert keys <= {"reference.unreadable", "reference.too_many_pixels", "reference.too_hard"}
    assert sizes <= {WIDTH * HEIGHT * 3}


async def test_text_that_unpacks_to_gigabytes_is_not_unpacked(intake: Intake) -> None:
    packed = zlib.compress(bytes(200_000_000), 9)
    header = struct.pack(">IIBBBBB", 20, 20, 8, 2, 0, 0, 0)
    pixels = zlib.compress((b"\0" + bytes(60)) * 20)
    text = (b"zTXt", b"x\0\0" + packed)
    assert (
        await refused(intake, png([(b"IHDR", header), text, (b"IDAT", pixels), (b"IEND", b"")]))
        == "reference.unreadable"
    )


# The child

HANGS = "import sys, time; sys.stdin.buffer.read(); time.sleep(600)"
SPINS = "import resource; resource.setrlimit(resource.RLIMIT_CPU, (1, 1))\nwhile True: pass"
DEAF = "import time; time.sleep(600)"
PRATTLES = "import sys\nwhile True: sys.stdout.buffer.write(bytes(1 << 20))"
HALF = "import sys; sys.stdin.buffer.read(); sys.stdout.buffer.write(bytes(100))"
DIES = "import os; os.abort()"
BROKEN = "raise SystemExit(1)"


def child(code: str, patience: float = 1.0) -> Intake:
    return Intake((sys.executable, "-I", "-c", code), patience)


@pytest.mark.parametrize("code", [HANGS, DEAF])
async def test_a_child_that_hangs_is_killed(code: str) -> None:
    started = time.monotonic()
    large = picture_file() + bytes(2_000_000)  # more than a pipe holds

    assert await refused(child(code), large) == "reference.too_hard"
    assert time.monotonic() - started < 10


async def test_a_child_that_takes_too_much_time_is_killed() -> None:
    assert await refused(child(SPINS, patience=60), picture_file()) == "reference.too_hard"


async def test_a_child_that_dies_is_no_news_to_anybody_else() -> None:
    assert await refused(child(DIES, patience=60), picture_file()) == "reference.too_hard"


async def test_a_child_that_says_too_little_gives_no_picture() -> None:
    with pytest.raises(Unavailable):
        await child(HALF, patience=60).receive(picture_file(), WIDTH, HEIGHT)


async def test_of_a_child_that_says_too_much_only_a_picture_is_heard() -> None:
    pixels = await child(PRATTLES, patience=60).receive(picture_file(), WIDTH, HEIGHT)

    assert len(pixels.data) == WIDTH * HEIGHT * 3


async def test_a_child_that_cannot_be_started_is_our_trouble() -> None:
    for broken in (child(BROKEN, patience=60), Intake(("/nowhere/no-such-program",))):
        with pytest.raises(Unavailable):
            await broken.receive(picture_file(), WIDTH, HEIGHT)


async def test_who_gives_up_waiting_leaves_no_child_behind() -> None:
    before = children_of(os.getpid())
    waiting = asyncio.create_task(child(HANGS, patience=60).receive(picture_file(), WIDTH, HEIGHT))
    while not (children := children_of(os.getpid()) - before):
        await asyncio.sleep(0.01)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)

    assert not children & children_of(os.getpid())


async def test_few_are_opened_at_once() -> None:
    before = children_of(os.getpid())
    slow = child(HANGS, patience=0.8)
    asked = [asyncio.create_task(slow.receive(picture_file(), WIDTH, HEIGHT)) for _ in range(6)]
    most = 0
    for _ in range(40):
        most = max(most, len(children_of(os.getpid()) - before))
        await asyncio.sleep(0.01)
    for task in asked:
        task.cancel()
    await asyncio.gather(*asked, return_exceptions=True)

    assert most == 2


async def test_when_too_many_wait_others_are_put_off() -> None:
    slow = child(HANGS, patience=60)
    asked = [asyncio.create_task(slow.receive(picture_file(), WIDTH, HEIGHT)) for _ in range(WAITING)]
    await asyncio.sleep(0)

    with pytest.raises(Unavailable):
        await slow.receive(picture_file(), WIDTH, HEIGHT)
    for task in asked:
        task.cancel()
    await asyncio.gather(*asked, return_exceptions=True)
    with pytest.raises(Refused):
        await slow.receive(b"hello", WIDTH, HEIGHT)


def children_of(process: int) -> set[str]:
    if sys.platform != "linux":
        pytest.skip("there is no /proc here")
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            number, _, rest = path.read_text().partition(" (")
        except OSError:
            continue
        if int(rest.rpartition(") ")[2].split()[1]) == process:
            found.add(number)
    return found


CONFINED = """
import json, os, resource, socket, sys
sys.path.insert(0, {folder!r})
import decoding
decoding.confine()
found = {{"env": sorted(os.environ), "cwd": os.getcwd()}}
def tries(name, what):
    try:
        what()
    except BaseException as error:
        found[name] = type(error).__name__
    else:
        found[name] = "done"
tries("open", lambda: open("/etc/hostname"))
tries("socket", lambda: socket.socket())
tries("inherited", lambda: os.fstat(3))
tries("memory", lambda: bytearray(2 * 1024**3))
found["cpu"] = resource.getrlimit(resource.RLIMIT_CPU)[0]
found["core"] = resource.getrlimit(resource.RLIMIT_CORE)[0]
sys.stdin.buffer.read()
written = json.dumps(found).encode()
sys.stdout.buffer.write(written.ljust({size}))
"""


async def test_the_child_has_little_of_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked of the very limits it gives itself, under the very conditions it is started in."""
    if sys.platform != "linux":
        pytest.skip("macOS limits no address space")
    code = CONFINED.format(folder=str(Path(decoding.__file__).parent), size=WIDTH * HEIGHT * 3)
    monkeypatch.setenv("DARKROOM_MASTER_KEY", "5ec7e7")
    with Path("/etc/hostname").open():
        pixels = await child(code, patience=60).receive(picture_file(), WIDTH, HEIGHT)
    found = json.loads(pixels.data)

    assert not [name for name in found["env"] if name.startswith("DARKROOM")]
    assert found["cwd"] == "/"
    assert (found["open"], found["socket"], found["memory"]) == ("OSError", "OSError", "MemoryError")
    assert found["inherited"] == "OSError", "nothing of ours is open in it"
    assert (found["cpu"], found["core"]) == (decoding.CPU_SECONDS, 0)


TIGHT = """
import sys
sys.path.insert(0, {folder!r})
import decoding, resource
decoding.LIMITS = ((resource.RLIMIT_AS, 200 * 1024**2),)
sys.exit(decoding.main())
"""


async def test_a_picture_that_takes_too_much_memory_gives_its_sentence() -> None:
    """With a limit that a large picture exceeds: within the real one no picture that is taken in does."""
    if sys.platform != "linux":
        pytest.skip("macOS limits no address space")
    tight = child(TIGHT.format(folder=str(Path(decoding.__file__).parent)), patience=60)

    assert await refused(tight, saved(Image.new("RGBA", (5_000, 5_000)))) == "reference.too_hard"
    assert await tight.receive(picture_file(), WIDTH, HEIGHT)


def test_the_child_knows_nothing_of_darkroom() -> None:
    imported = [
        line for line in Path(decoding.__file__).read_text().splitlines() if line.startswith(("import", "from"))
    ]

    assert not [line for line in imported if re.search(r"\b(bots|core|inference|storage)\b", line)]
