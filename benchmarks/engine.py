"""What our engine adds to a stock pipeline, and makes of it: a whole picture, several at once, a single step, taking back.

Times are of one core, and the ways take turns: what else the machine does counts for little.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from math import ceil
from statistics import median
from typing import Any

import torch
from rich.table import Table

from benchmarks.models import Shelf, draw_bare
from core.values import JobId
from core.values.wishes import Finished, Wish
from inference.drawing import Pipelines
from inference.worker import Cancelled, Look, Stepped, serve
from storage.wire import FROM_WORKER, KEY_BYTES, Told, frame

BATCHES = (1, 2, 4)
STEPS = 40  #: of a picture whose steps are counted
MORE = 5  #: times as many rounds where there is little to measure


@dataclass(frozen=True)
class Easel:
    """An engine with one model."""

    name: str
    engine: Pipelines

    @property
    def pipe(self) -> Any:
        return self.engine.residents.get(self.name).pipe

    def draw(self, wishes: Sequence[Wish], stepped: Stepped) -> None:
        self.engine.draw(wishes, stepped)


def tables(shelf: Shelf, models: Sequence[str], rounds: int) -> Iterator[Table]:
    with one_thread():
        easels = [Easel(name, Pipelines({name: shelf.entry(name)}, shelf.stock)) for name in models]
        yield pictures(shelf, easels, MORE * rounds)
        yield batches(shelf, easels, rounds)
        yield steps(shelf, easels, MORE * rounds)
        yield taking_back(shelf, easels, MORE * rounds)


@contextmanager
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def pictures(shelf: Shelf, easels: Sequence[Easel], rounds: int) -> Table:
    """The worker as it is, but for its pipe: what it tells is sealed and goes nowhere."""
    made = _table(f"a picture, ms, {rounds} times", "model", "stock pipeline", "worker", "stock ÷ worker")
    for easel in easels:
        wishes = shelf.wishes(easel.name)
        ways = {"stock": partial(draw_bare, easel.pipe, wishes[0]), "worker": partial(serve_once, easel, wishes)}
        took = in_turns(ways, rounds)
        ratio = took["stock"] / took["worker"]
        made.add_row(easel.name, *(f"{1000 * spent:.1f}" for spent in took.values()), f"{ratio:.3f}")
    return made


def serve_once(easel: Easel, wishes: Sequence[Wish]) -> None:
    with suppress(Done):
        serve(Desk(tuple(wishes)), easel.engine)


class Done(Exception):
    """Nothing more is wished for."""


@dataclass
class Desk:
    """`inference.worker.Source` of one dispatch."""

    wishes: tuple[Wish, ...]
    finished: bool = False

    def take(self) -> tuple[Wish, ...]:
        if self.finished:
            raise Done
        return self.wishes

    def is_cancelled(self, _job: JobId, _fence: int) -> bool:
        return False

    def tell(self, news: Told) -> None:
        frame(bytes(KEY_BYTES), FROM_WORKER, news)
        self.finished |= isinstance(news, Finished)


def batches(shelf: Shelf, easels: Sequence[Easel], rounds: int) -> Table:
    gains = (f"gain of {count}" for count in BATCHES[1:])
    made = _table(f"at once, ms a picture, {rounds} times", "model", *map(str, BATCHES), *gains)
    for easel in easels:
        ways = {count: partial(easel.draw, shelf.wishes(easel.name, count), quiet) for count in BATCHES}
        took = {count: spent / count for count, spent in in_turns(ways, rounds).items()}
        gained = (f"{took[1] / took[count]:.2f}" for count in BATCHES[1:])
        made.add_row(easel.name, *(f"{1000 * spent:.1f}" for spent in took.values()), *gained)
    return made


def steps(shelf: Shelf, easels: Sequence[Easel], rounds: int) -> Table:
    """Without a denoiser, so that what stands around it can be seen; how long it denoises stands beside it."""
    title = f"around the denoiser, us a step, {rounds} times"
    made = _table(title, "model", "stock pipeline", "our callback adds", "a preview adds", "the denoiser itself")
    for easel in easels:
        [one], [many] = (shelf.wishes(easel.name, steps=count) for count in (1, STEPS))
        whole = in_turns({"many": partial(draw_bare, easel.pipe, many)}, ceil(rounds / MORE))["many"]
        with no_denoiser(easel.pipe):
            ways = {
                "bare": partial(draw_bare, easel.pipe, many),
                "bare, one": partial(draw_bare, easel.pipe, one),
                "told": partial(easel.draw, [many], quiet),
                "told, one": partial(easel.draw, [one], quiet),
                "seen": partial(easel.draw, [many], looking),
            }
            took = in_turns(ways, rounds)
        stock, ours = ((took[way] - took[f"{way}, one"]) / (STEPS - 1) for way in ("bare", "told"))
        figures = (stock, ours - stock, (took["seen"] - took["told"]) / STEPS, (whole - took["bare"]) / STEPS)
        made.add_row(easel.name, *(f"{1e6 * figure:,.0f}" for figure in figures))
    return made


def taking_back(shelf: Shelf, easels: Sequence[Easel], rounds: int) -> Table:
    """By the clock: somebody takes a request back at some moment of some step."""
    title = f"taken back while it is drawn, {rounds} times"
    made = _table(title, "model", "goes on for, steps", "the longest", "steps begun after", "decoded after")
    for easel in easels:
        [wish] = shelf.wishes(easel.name, steps=STEPS)
        ends = [taken_back(easel, wish, (number + 0.5) / rounds) for number in range(rounds)]
        waits = [end.steps for end in ends]
        made.add_row(
            easel.name,
            f"{median(waits):.2f}",
            f"{max(waits):.2f}",
            str(max(end.begun for end in ends)),
            str(sum(end.decoded for end in ends)),
        )
    return made


@dataclass(frozen=True)
class End:
    """Of a drawing after it was taken back: the steps it went on for, those that were begun, and the pictures decoded."""

    steps: float
    begun: int
    decoded: int


@dataclass
class Taking:
    """Takes a drawing back so far into the step after one of its steps."""

    after: int
    into: float
    at: float = 0.0
    ended: list[float] = field(default_factory=list)  #: when each step was

    def __call__(self, step: int, _steps: int, _looks: Sequence[Look] = ()) -> None:
        if self.at:
            raise Cancelled
        self.ended.append(time.perf_counter())
        if step == self.after:
            threading.Timer(self.into * self.a_step, self._take).start()

    @property
    def a_step(self) -> float:
        return median(later - one for one, later in pairwise(self.ended))

    def _take(self) -> None:
        self.at = time.perf_counter()


def taken_back(easel: Easel, wish: Wish, share: float) -> End:
    taking = Taking(after=3 + int(share * (STEPS - 8)), into=share)
    with watched(easel.pipe) as (denoised, decoded):
        with suppress(Cancelled):
            easel.draw([wish], taking)
        stopped = time.perf_counter()
    taken = taking.at or stopped
    begun, finished = (sum(moment > taken for moment in moments) for moments in (denoised, decoded))
    return End((stopped - taken) / taking.a_step, begun, finished)


@contextmanager
def watched(pipe: Any) -> Iterator[tuple[list[float], list[float]]]:
    """When the denoiser and the decoder are called."""
    denoised, decoded = list[float](), list[float]()
    decode = pipe.vae.decode

    def noted(*arguments: Any, **options: Any) -> Any:
        decoded.append(time.perf_counter())
        return decode(*arguments, **options)

    hook = pipe.unet.register_forward_pre_hook(lambda *_: denoised.append(time.perf_counter()))
    pipe.vae.decode = noted
    try:
        yield denoised, decoded
    finally:
        hook.remove()
        del pipe.vae.decode


@contextmanager
def no_denoiser(pipe: Any) -> Iterator[None]:
    pipe.unet.forward = lambda latents, *_, **__: (torch.zeros_like(latents),)
    try:
        yield
    finally:
        del pipe.unet.forward


def quiet(_step: int, _steps: int, _looks: Sequence[Look] = ()) -> None:
    """Nobody is told."""


def looking(_step: int, _steps: int, looks: Sequence[Look] = ()) -> None:
    for look in looks:
        look()


def in_turns(ways: Mapping[Any, Callable[[], Any]], rounds: int) -> dict[Any, float]:
    """The median of the seconds of a core that each way takes, after one that is not counted."""
    took: dict[Any, list[float]] = {way: [] for way in ways}
    for number in range(1 + rounds):
        for way, work in ways.items():
            began = time.process_time()
            work()
            if number:
                took[way].append(time.process_time() - began)
    return {way: median(spent) for way, spent in took.items()}


def _table(title: str, *headings: str) -> Table:
    made = Table(title=title, title_justify="left")
    for heading in headings:
        made.add_column(heading, justify="left" if heading == "model" else "right")
    return made
