"""The worker over real pipelines: batches, previews, and a model that cannot be loaded."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from diffusers import FluxPipeline

from core.values import JobId, Settings
from core.values.wishes import Drawn, Finished, Pixels, Progress, Ready, Started, Wish
from inference import previews, worker
from inference.drawing import Loaded
from inference.memory import Machine, Place
from inference.stock import Stock
from inference.worker import Cancelled, Stepped, serve
from storage.wire import KEY_BYTES
from tests.models.conftest import Easel, Watched, difference, entry, wish

News = Ready | Started | Progress | Drawn | Finished


class Done(Exception):
    """No more wishes."""


@dataclass
class Desk:
    """`inference.worker.Source` with one dispatch."""

    wishes: tuple[Wish, ...]
    told: list[News] = field(default_factory=list)
    cancelled_after: int | None = None

    def take(self) -> tuple[Wish, ...]:
        if self.of(Finished):
            raise Done
        return self.wishes

    def is_cancelled(self, _job: JobId, _fence: int) -> bool:
        return self.cancelled_after is not None and len(self.of(Drawn)) >= self.cancelled_after

    def tell(self, news: News) -> None:
        self.told.append(news)

    def of(self, kind: type[News]) -> list[News]:
        return [news for news in self.told if isinstance(news, kind)]


@dataclass
class Sketcher:
    """An engine that draws `most` at a time and stumbles where it is told to."""

    most: int
    stumbles: Callable[[Sequence[Wish]], bool] = lambda _: False
    drew: list[list[int]] = field(default_factory=list)

    def batch(self, _settings: Settings) -> int:
        return self.most

    def draw(self, wishes: Sequence[Wish], stepped: Stepped) -> list[Pixels]:
        self.drew.append([one.index for one in wishes])
        stepped(1, 2, [lambda one=one: Pixels(1, 1, bytes([one.index] * 3)) for one in wishes])  # type: ignore[misc]
        if self.stumbles(wishes):
            raise torch.OutOfMemoryError
        return [Pixels(1, 1, bytes([one.index] * 3)) for one in wishes]


def run(desk: Desk, engine: worker.Engine) -> Desk:
    with pytest.raises(Done):
        serve(desk, engine)
    return desk


def four() -> tuple[Wish, ...]:
    return tuple(wish("sketch", 5 + index, index=index) for index in range(4))


def test_pictures_of_a_request_are_drawn_as_many_at_once_as_the_engine_takes() -> None:
    engine = Sketcher(most=3)
    desk = run(Desk(four()), engine)

    assert engine.drew == [[0, 1, 2], [3]]
    assert [(news.index, news.pixels.data[0]) for news in desk.of(Drawn) if isinstance(news, Drawn)] == [
        (index, index) for index in range(4)
    ]


def test_each_picture_of_a_batch_tells_its_own_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "PREVIEW_PAUSE", 0)
    desk = run(Desk(four()), Sketcher(most=2))
    told = [news for news in desk.told if isinstance(news, Progress)]

    assert [news.index for news in told] == [0, 1, 2, 3]
    assert [news.preview.data[0] for news in told if news.preview] == [0, 1, 2, 3]


def test_a_batch_that_fails_is_drawn_one_by_one_and_costs_only_what_fails_alone() -> None:
    engine = Sketcher(most=4, stumbles=lambda wishes: len(wishes) > 1 or wishes[0].index == 2)
    desk = run(Desk(four()), engine)

    assert engine.drew == [[0, 1, 2, 3], [0], [1], [2], [3]]
    assert [news.index for news in desk.of(Drawn) if isinstance(news, Drawn)] == [0, 1, 3]


def test_a_request_cancelled_between_two_batches_is_not_drawn_on() -> None:
    engine = Sketcher(most=2)
    desk = run(Desk(four(), cancelled_after=2), engine)

    assert engine.drew == [[0, 1], [2, 3]]
    assert len(desk.of(Drawn)) == 2


def test_the_worker_draws_a_batch_with_a_real_pipeline(easel: Callable[[str], Easel]) -> None:
    model = easel("sd1")
    wishes = tuple(replace(model.wish(5 + index), index=index) for index in range(3))
    drawn = [news for news in run(Desk(wishes), model.engine).told if isinstance(news, Drawn)]

    assert [news.index for news in drawn] == [0, 1, 2]
    assert [difference(news.pixels, model.draw(one)[0]) <= 2 for news, one in zip(drawn, wishes, strict=True)] == [
        True
    ] * 3


class Mixer:
    """An autoencoder that mixes the colours of each 8 x 8 pixels into its channels, bent a little, as trained ones do."""

    device, dtype = torch.device("cpu"), torch.float32

    def __init__(self, channels: int) -> None:
        self.config = SimpleNamespace(scaling_factor=0.5, shift_factor=0.3)
        self._mix = torch.randn((channels, 3), generator=torch.Generator().manual_seed(3))

    def encode(self, pictures: torch.Tensor) -> SimpleNamespace:
        cells = torch.nn.functional.avg_pool2d(pictures, 8)
        mixed = torch.einsum("ck,nkhw->nchw", self._mix, cells)
        return SimpleNamespace(latent_dist=SimpleNamespace(mode=lambda: mixed + 0.1 * mixed.sin() + 0.2))


@pytest.mark.parametrize(
    ("pipe", "cells"),
    [
        pytest.param(SimpleNamespace(vae=Mixer(4), vae_scale_factor=8), 12, id="rows and columns"),
        pytest.param(
            SimpleNamespace(vae=Mixer(16), vae_scale_factor=8, _pack_latents=FluxPipeline._pack_latents), 6, id="packed"
        ),
    ],
)
def test_a_preview_shows_the_colours_of_what_is_drawn(pipe: SimpleNamespace, cells: int) -> None:
    """The map is fitted to four pictures; a fifth must come out like itself."""
    noise = torch.rand((1, 3, 4, 4), generator=torch.Generator().manual_seed(7)) * 2 - 1
    picture = torch.nn.functional.interpolate(noise, (96, 192), mode="bilinear", align_corners=True)
    [latents] = previews._encode(pipe, picture)
    seen = previews.fitted(pipe).look(latents, 192, 96)
    shown = torch.frombuffer(bytearray(seen.data), dtype=torch.uint8).reshape(seen.height, seen.width, 3) / 255
    meant = torch.nn.functional.adaptive_avg_pool2d(picture, (seen.height, seen.width))[0].permute(1, 2, 0) / 2 + 0.5

    assert (seen.width, seen.height) == (2 * cells, cells)
    assert float((shown - meant).abs().mean()) < 0.03


@pytest.mark.parametrize("family", ["sd1", "sdxl", "sd35-medium", "flux1", "qwen"])
def test_a_model_that_lies_in_parts_draws_as_one_that_lies_whole(
    easel: Callable[[str], Easel], weights: Callable[[str], Path], family: str
) -> None:
    """With the processor as the device: what is proved is that the parts come and go, not that they fit."""
    whole, model = easel(family), entry(family, folder=weights(family))
    parts = Loaded(model, Stock(), Machine("cpu", 0, 0), Place(whole=False, size=0))
    [start] = whole.draw(whole.wish())
    one = whole.wish(7, reference=start, strength=0.6, steps=3)

    assert difference(*parts.draw([whole.wish()], Watched()), start) <= 2
    with pytest.raises(Cancelled):
        parts.draw([whole.wish()], Watched(stop=Cancelled()))
    assert difference(*parts.draw([one], Watched()), *whole.draw(one)) <= 2
    assert difference(*parts.draw([whole.wish()], Watched()), start) <= 2


def test_noise_looks_like_noise_and_not_like_nothing(easel: Callable[[str], Easel]) -> None:
    pipe = easel("sd1").pipe
    noise = torch.randn((4, 8, 8), generator=torch.Generator().manual_seed(0)) * 14
    seen = set(previews.fitted(pipe).look(noise, 64, 64).data)

    assert len(seen) > 20


def ended(*arguments: str) -> tuple[int, str]:
    """How a worker ended that was left alone, and what it said."""
    program = [sys.executable, "-m", "bots.worker", *arguments]
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(program, env=environment, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stderr is not None
        child.stdin.write(b"x" * KEY_BYTES)
        child.stdin.flush()
        said = child.stderr.read().decode()
        return child.wait(60), said


def test_a_worker_without_its_model_says_so_and_ends(tmp_path: Path) -> None:
    status, said = ended("sdxl", "0", "error", Stock(models=tmp_path).as_argument())

    assert status == 2
    assert said == "sdxl is not on this machine: fetch it with `darkroom models fetch sdxl`.\n"


def test_a_worker_whose_machine_is_too_small_says_so_before_it_loads(tmp_path: Path) -> None:
    status, said = ended("starter", "0", "error", Stock(models=tmp_path, memory=0.1, device="cpu").as_argument())

    assert status == 2
    assert said.startswith("starter needs 0.2 GB of memory on cpu, and models may take 0.1: ")


def test_what_a_worker_is_told_survives_its_command_line(tmp_path: Path) -> None:
    stock = Stock(tmp_path / "models", tmp_path / "loras", None, tmp_path / "styles.toml", 2.5, "cpu")

    assert Stock.from_argument(stock.as_argument()) == stock
