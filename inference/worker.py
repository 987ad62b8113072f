"""The worker's loop: take wishes, draw them, tell what happens. Knows queues, not torch."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import structlog

from core.rules import HOUR, PREVIEW_PAUSE
from core.values import JobId, Settings
from core.values.wishes import Drawn, Finished, Pixels, Progress, Ready, Started, Wish

log = structlog.get_logger()

RESULT_LIFE = HOUR  #: after that nobody waits for the picture any more
QUIET = 0.1  #: seconds between two words about the progress of one picture


class Cancelled(Exception):
    """Raised between two steps to leave a drawing without decoding it."""


Look = Callable[[], Pixels | None]


class Stepped(Protocol):
    def __call__(self, step: int, steps: int, looks: Sequence[Look] = ()) -> None:
        """After each denoising step. Each of `looks` makes a small picture of how one of the pictures is so far, at some
        cost; whatever this raises ends the drawing.
        """
        ...


class Engine(Protocol):
    def batch(self, settings: Settings) -> int:
        """How many pictures of one request it draws at once."""
        ...

    def draw(self, wishes: Sequence[Wish], stepped: Stepped) -> Sequence[Pixels]:
        """Pictures of one request, which differ in their seeds alone; one for each wish."""
        ...


class Source(Protocol):
    """Where wishes come from and news go to. What it gives are one dispatch's; nothing at all means that this is the end."""

    def take(self) -> tuple[Wish, ...]: ...
    def is_cancelled(self, job: JobId, fence: int) -> bool: ...
    def tell(self, news: Ready | Started | Progress | Drawn | Finished) -> None: ...


def serve(source: Source, engine: Engine) -> None:
    """Draw dispatch after dispatch, until there is none. A picture that fails is left out: the other side counts."""
    source.tell(Ready())
    while wishes := source.take():
        job, fence = wishes[0].job, wishes[0].fence
        if not source.is_cancelled(job, fence):
            source.tell(Started(job, fence))
            try:
                for few in _few(wishes, engine.batch(wishes[0].settings)):
                    _draw(source, engine, few)
            except Cancelled:
                log.info("drawing.cancelled", job=job)
        source.tell(Finished(job, fence))


def _few(wishes: Sequence[Wish], most: int) -> Iterator[Sequence[Wish]]:
    for start in range(0, len(wishes), most):
        yield wishes[start : start + most]


def _draw(source: Source, engine: Engine, wishes: Sequence[Wish]) -> None:
    wish = wishes[0]
    if wish.expires_at <= _now():
        log.warning("wish.expired", job=wish.job)
        return
    try:
        pictures = engine.draw(wishes, _Telling(source, wishes))
    except Cancelled:
        raise
    except Exception:  # one picture's failure, out of memory included, must not cost the others
        log.exception("drawing.failed", job=wish.job, index=wish.index, count=len(wishes))
        if len(wishes) > 1:
            for one in wishes:
                _draw(source, engine, [one])
        return
    for one, pixels in zip(wishes, pictures, strict=True):
        source.tell(Drawn(one.job, one.index, one.fence, pixels, expires_at=_now() + RESULT_LIFE))


class _Telling:
    """Tells progress, not more often than QUIET, with a preview now and then; stops a cancelled drawing at its step."""

    def __init__(self, source: Source, wishes: Sequence[Wish]) -> None:
        self._source, self._wishes, self._told = source, wishes, 0.0
        self._previewed = time.monotonic()

    def __call__(self, step: int, steps: int, looks: Sequence[Look] = ()) -> None:
        first = self._wishes[0]
        if self._source.is_cancelled(first.job, first.fence):
            raise Cancelled
        if (now := time.monotonic()) - self._told >= QUIET:
            self._told = now
            due = step < steps and now - self._previewed >= PREVIEW_PAUSE / 1000
            self._previewed = now if due else self._previewed
            for place, wish in enumerate(self._wishes):
                preview = looks[place]() if due and looks else None
                self._source.tell(Progress(wish.job, wish.index, wish.fence, step, steps, preview))


def _now() -> int:
    return int(time.time() * 1000)
