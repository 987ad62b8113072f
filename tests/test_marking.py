"""A picture of ours is known by its pixels when nothing else of the file is left, and no other picture ever is."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from core.ports import Provenance
from core.values.wishes import Pixels
from inference import marking
from inference.credentials import Credentials, LabellingEncoder, make_certificates
from inference.marking import ANYWHERE, AS_IT_IS, CHANCE, LEAST, SCALES, TILE, Mark
from inference.pictures import Format, convert, decode, encode
from tests.generated import Make, busy, drawn, gradient, noise, stripes
from tests.pictures import saved

FORMATS: list[Format] = ["png", "jpg", "webp"]
KINDS = {"drawn": drawn, "gradient": gradient, "busy": busy}
FAINTEST = 42.0  #: PSNR in decibels; nobody sees what is above


def pixels(image: Image.Image) -> Pixels:
    return Pixels(image.width, image.height, image.tobytes())


def image(pixels: Pixels) -> Image.Image:
    return Image.frombytes("RGB", (pixels.width, pixels.height), pixels.data)


def picture(kind: str, width: int = 512, height: int = 512, seed: int = 1) -> Pixels:
    return pixels(KINDS[kind](width, height, seed))


def as_telegram_does(shown: Image.Image) -> Pixels:
    """A photo there, as far as is known: at most 1280 pixels, JPEG at about 87."""
    small = shown.copy()
    small.thumbnail((1280, 1280))
    return decode(saved(small, "JPEG", quality=87))


def levels(one: Pixels) -> np.ndarray:
    return np.frombuffer(one.data, np.uint8).astype(int)


def psnr(one: Pixels, other: Pixels) -> float:
    return 10 * math.log10(255**2 / max(1e-9, float(np.mean((levels(one) - levels(other)) ** 2))))


@pytest.fixture(scope="module")
def mark() -> Mark:
    return Mark(b"ours")


# What it survives


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [(256, 256), (512, 512), (768, 512), (1600, 1200)])
def test_it_survives_what_telegram_does_to_a_photo(mark: Mark, kind: str, size: tuple[int, int]) -> None:
    assert mark.found(as_telegram_does(image(mark.put(picture(kind, *size)))))


@pytest.mark.parametrize("kind", KINDS)
def test_it_survives_being_handed_on(mark: Mark, kind: str) -> None:
    """A screenshot with a frame around the picture, and a piece of it, each squeezed once more."""
    shown = image(mark.put(picture(kind)))
    framed = ImageOps.expand(shown.resize((563, 563)), (0, 200, 0, 300), (250, 250, 250))

    for handed_on in (framed, ImageOps.crop(shown, 51), shown.resize((256, 256))):
        assert mark.found(as_telegram_does(handed_on))


@pytest.mark.parametrize("file_format", FORMATS)
def test_it_survives_each_format_we_save(mark: Mark, file_format: Format) -> None:
    assert mark.found(decode(encode(mark.put(picture("busy")), file_format).data))


# What it is not found in


@pytest.mark.parametrize("make", [drawn, gradient, busy, noise, stripes])
def test_a_strangers_picture_does_not_bear_it(mark: Mark, make: Make) -> None:
    assert not mark.found(pixels(make(384, 320, 7)))


def test_another_bots_mark_is_not_ours(mark: Mark) -> None:
    marked = Mark(b"another's").put(picture("gradient"))

    assert Mark(b"another's").found(marked)
    assert not mark.found(marked)


@pytest.mark.parametrize("size", [(1, 1), (1, 4096), (4096, 1), (255, 63), (4096, 64), (64, 64)])
def test_any_size_can_be_looked_at(mark: Mark, size: tuple[int, int]) -> None:
    assert not mark.found(Pixels(*size, bytes(size[0] * size[1] * 3)))


def test_the_chance_of_finding_one_where_there_is_none_is_what_is_said() -> None:
    """For the sum of cosines of random phases, whatever the picture: exp(-score ** 2 / 2), for each look."""
    chance = 2 * math.exp(-(AS_IT_IS**2) / 2) + 2 * len(SCALES) * TILE**2 * math.exp(-(ANYWHERE**2) / 2)

    assert chance == pytest.approx(CHANCE)
    assert CHANCE <= 1e-9


def test_scores_of_strangers_spread_as_the_chance_supposes() -> None:
    """Of many keys, at a picture as regular as a pattern can be."""
    directions = marking._directions(marking._relief(marking._on_grid(stripes(384, 320, 3))))
    turns = np.random.default_rng(1).random((600, *directions.shape)).astype(np.float32)
    (_, band), n = Mark(b"any")._bands, 600

    scores = (directions * np.exp(2j * np.pi * turns)).real[:, band].sum(1) / marking._deviation(band)

    assert abs(scores.mean()) < 5 / math.sqrt(n)
    assert scores.std() == pytest.approx(1, abs=0.15)
    assert scores.max() < 5


# What it does to a picture


@settings(max_examples=40, deadline=None)
@given(
    make=st.sampled_from([*KINDS.values(), noise, stripes]),
    width=st.integers(LEAST, 700),
    height=st.integers(LEAST, 700),
    seed=st.integers(0, 10_000),
)
def test_nobody_sees_it(make: Make, width: int, height: int, seed: int) -> None:
    plain = pixels(make(width, height, seed))

    marked = _mark().put(plain)

    assert (marked.width, marked.height) == (width, height)
    assert psnr(plain, marked) >= FAINTEST
    assert abs(levels(plain) - levels(marked)).max() <= 12


def test_plain_areas_change_by_a_level_or_two(mark: Mark) -> None:
    plain = Pixels(512, 512, bytes((90, 140, 200)) * 512**2)

    change = abs(levels(plain) - levels(mark.put(plain)))

    assert change.max() <= 4
    assert (change <= 1).mean() > 0.9


def test_black_and_white_do_not_turn_over(mark: Mark) -> None:
    for level in (0, 255):
        assert abs(levels(mark.put(Pixels(256, 256, bytes([level]) * 256**2 * 3))) - level).max() <= 4


def test_the_same_picture_gets_the_same_mark() -> None:
    assert Mark(b"ours").put(picture("busy")) == Mark(b"ours").put(picture("busy"))


@pytest.mark.parametrize("size", [(255, 1024), (1024, 255), (128, 128)])
def test_a_small_picture_bears_none(mark: Mark, size: tuple[int, int]) -> None:
    assert mark.put(picture("drawn", *size)) == picture("drawn", *size)


# What a file says


@pytest.fixture(scope="module")
def pem() -> str:
    return make_certificates()


@pytest.fixture
def ours(pem: str) -> LabellingEncoder:
    return LabellingEncoder(Credentials(pem))


@pytest.fixture(scope="module")
def others() -> LabellingEncoder:
    return LabellingEncoder(Credentials(make_certificates()))


@pytest.mark.parametrize("file_format", FORMATS)
async def test_a_squeezed_picture_is_still_known(ours: LabellingEncoder, file_format: Format) -> None:
    made = await ours.encode(picture("drawn"), "png")

    assert await ours.verify(made.data) is Provenance.MADE
    assert await ours.verify(convert(made.data, file_format).data) is Provenance.MARKED


async def test_converting_leaves_the_mark_and_puts_no_second_one(ours: LabellingEncoder) -> None:
    made = await ours.encode(picture("busy"), "png")

    converted = await ours.convert(made.data, "png")

    assert decode(converted.data) == decode(made.data)
    assert await ours.verify(converted.data) is Provenance.MADE


async def test_the_mark_shows_beneath_somebody_elses_note(ours: LabellingEncoder, others: LabellingEncoder) -> None:
    made = await ours.encode(picture("drawn"), "png")

    assert await ours.verify((await others.convert(made.data, "jpg")).data) is Provenance.SIGNED_OVER
    assert await others.verify(made.data) is Provenance.NOT_OURS


async def test_our_note_in_a_changed_picture_counts_for_more_than_the_mark(ours: LabellingEncoder) -> None:
    made = bytearray((await ours.encode(picture("busy"), "png")).data)
    made[len(made) // 2] ^= 1

    assert await ours.verify(bytes(made)) is Provenance.TAMPERED


async def test_what_others_made_is_not_claimed(ours: LabellingEncoder, others: LabellingEncoder) -> None:
    theirs = convert((await others.encode(picture("drawn"), "png")).data, "jpg").data

    assert await others.verify(theirs) is Provenance.MARKED
    assert await ours.verify(theirs) is Provenance.UNLABELLED
    assert await ours.verify(encode(picture("busy"), "jpg").data) is Provenance.UNLABELLED


async def test_the_key_of_the_mark_comes_with_the_certificate(pem: str) -> None:
    """A second process of the same bot knows its pictures."""
    made = await LabellingEncoder(Credentials(pem)).encode(picture("drawn"), "png")

    assert await LabellingEncoder(Credentials(pem)).verify(convert(made.data, "webp").data) is Provenance.MARKED
    assert len(Credentials(pem).mark_key) == 32


async def test_a_small_picture_that_was_squeezed_says_nothing(ours: LabellingEncoder) -> None:
    made = await ours.encode(picture("drawn", 128, 128), "png")

    assert decode(made.data) == picture("drawn", 128, 128)
    assert await ours.verify(convert(made.data, "jpg").data) is Provenance.UNLABELLED


async def test_a_strangers_file_is_not_opened_here(ours: LabellingEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(*_: object, **__: object) -> None:
        raise AssertionError("a decoder ran in the process that has the keys")

    squeezed = convert((await ours.encode(picture("drawn"), "png")).data, "jpg").data
    monkeypatch.setattr(Image, "open", opened)

    assert await ours.verify(squeezed) is Provenance.MARKED


async def test_whatever_is_sent_gets_an_answer(ours: LabellingEncoder) -> None:
    picture_file = encode(picture("drawn"), "jpg").data
    bomb = saved(Image.new("L", (9_000, 9_000)), "PNG")
    broken = [picture_file[:1_000], picture_file[:-5_000], b"\xff\xd8\xff" + b"\xff\xe0\0\2" * 300_000, bomb]

    for data in broken:
        assert await ours.verify(data) in (Provenance.UNLABELLED, Provenance.UNREADABLE)


@cache
def _mark() -> Mark:
    return Mark(b"ours")
