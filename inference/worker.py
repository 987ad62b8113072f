"""The worker's loop: take wishes, draw them one by one, tell what happens. Knows queues, not torch."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

import structlog

from core.rules import HOUR
from core.values import JobId
from core.wishes import Drawn, Finished, Pixels, Progress, Ready, Started, Wish

log = structlog.get_logger()

RESULT_LIFE = HOUR  #: after that nobody waits for the picture any more
QUIET = 0.1  #: seconds between two words about the progress of one picture


class Cancelled(Exception):
    """Raised between two steps to leave a drawing without decoding it."""


class Engine(Protocol):
    def draw(self, wish: Wish, stepped: Callable[[int, int], None]) -> Pixels:
        """Draw one wish, calling stepped(step, steps) after each denoising step; whatever that raises ends the drawing."""
        ...


class Source(Protocol):
    """Where wishes come from and news go to."""

    def take(self) -> tuple[Wish, ...]: ...
    def is_cancelled(self, job: JobId, fence: int) -> bool: ...
    def tell(self, news: Ready | Started | Progress | Drawn | Finished) -> None: ...


def serve(source: Source, engine: Engine) -> None:
    """Draw dispatch after dispatch, for ever. A picture that fails is left out; the other side counts what is missing."""
    source.tell(Ready())
    while True:
        wishes = source.take()
        job, fence = wishes[0].job, wishes[0].fence
        if not source.is_cancelled(job, fence):
            source.tell(Started(job, fence))
            try:
                for wish in wishes:
                    _draw(source, engine, wish)
            except Cancelled:
                log.info("drawing.cancelled", job=job)
        source.tell(Finished(job, fence))


def _draw(source: Source, engine: Engine, wish: Wish) -> None:
    if wish.expires_at <= _now():
        log.warning("wish.expired", job=wish.job)
        return
    try:
        pixels = engine.draw(wish, _Telling(source, wish))
    except Cancelled:
        raise
    except Exception:  # one picture's failure, out of memory included, must not cost the others
        log.exception("drawing.failed", job=wish.job, index=wish.index)
        return
    source.tell(Drawn(wish.job, wish.index, wish.fence, pixels, expires_at=_now() + RESULT_LIFE))


class _Telling:
    """Tells progress, not more often than QUIET, and stops a cancelled drawing at the step it is at."""

    def __init__(self, source: Source, wish: Wish) -> None:
        self._source, self._wish, self._told = source, wish, 0.0

    def __call__(self, step: int, steps: int) -> None:
        wish = self._wish
        if self._source.is_cancelled(wish.job, wish.fence):
            raise Cancelled
        if (now := time.monotonic()) - self._told >= QUIET:
            self._told = now
            self._source.tell(Progress(wish.job, wish.index, wish.fence, step, steps))


def _now() -> int:
    return int(time.time() * 1000)
