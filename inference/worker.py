"""The worker's loop: take wishes, draw them one by one, tell what happens. Knows queues, not torch."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

import structlog

from core.rules import HOUR, PREVIEW_PAUSE
from core.values import JobId
from core.wishes import Drawn, Finished, Pixels, Progress, Ready, Started, Wish

log = structlog.get_logger()

RESULT_LIFE = HOUR  #: after that nobody waits for the picture any more
QUIET = 0.1  #: seconds between two words about the progress of one picture


class Cancelled(Exception):
    """Raised between two steps to leave a drawing without decoding it."""


Look = Callable[[], Pixels]


class Stepped(Protocol):
    def __call__(self, step: int, steps: int, look: Look | None = None) -> None:
        """After each denoising step. `look` makes a small picture of how it is so far, at some cost; whatever this raises
        ends the drawing.
        """
        ...


class Engine(Protocol):
    def draw(self, wish: Wish, stepped: Stepped) -> Pixels: ...


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
    """Tells progress, not more often than QUIET, with a preview now and then; stops a cancelled drawing at its step."""

    def __init__(self, source: Source, wish: Wish) -> None:
        self._source, self._wish, self._told = source, wish, 0.0
        self._previewed = time.monotonic()

    def __call__(self, step: int, steps: int, look: Look | None = None) -> None:
        wish = self._wish
        if self._source.is_cancelled(wish.job, wish.fence):
            raise Cancelled
        if (now := time.monotonic()) - self._told >= QUIET:
            self._told = now
            preview = None
            if look is not None and step < steps and now - self._previewed >= PREVIEW_PAUSE / 1000:
                self._previewed, preview = now, look()
            self._source.tell(Progress(wish.job, wish.index, wish.fence, step, steps, preview))


def _now() -> int:
    return int(time.time() * 1000)
