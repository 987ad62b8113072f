"""What the doors to platforms do alike, whichever platform it is. Knows no platform and no message."""

from __future__ import annotations

import asyncio
import sys
from abc import ABC, abstractmethod
from typing import Final

import structlog

from bots.replies import Line
from bots.texts import render
from core.queue.board import Drawing
from core.values import JobId

log = structlog.get_logger()

LONGEST_PAUSE: Final = 30.0


def tell_operator(line: Line) -> None:
    sys.stderr.write(render(line) + "\n")


def pause_after(failures: int, longest: float = LONGEST_PAUSE) -> float:
    """Seconds until the next try: they double with every failure in a row."""
    return min(longest, 0.25 * 2.0 ** min(failures, 10))


class NewestShown(ABC):
    """How requests are doing, each in a task of its own: what is not shown before something newer comes is never shown."""

    def __init__(self, door: str, snag: type[Exception]) -> None:
        """`snag` is what calls to this platform raise: progress that cannot be shown is left."""
        self._door, self._snag = door, snag
        self._newest: dict[JobId, Drawing] = {}
        self._following: dict[JobId, asyncio.Task[None]] = {}

    def show(self, drawing: Drawing) -> None:
        """Does not wait."""
        job = drawing.job.id
        self._newest[job] = drawing
        if job not in self._following:
            self._following[job] = asyncio.create_task(self._follow(job))

    async def close(self) -> None:
        for task in (tasks := list(self._following.values())):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @abstractmethod
    async def _show(self, drawing: Drawing) -> None:
        """Show it when its turn comes, or what `_newer` gives then."""

    def _newer(self, drawing: Drawing) -> Drawing:
        """What came since, or the same."""
        return self._newest.pop(drawing.job.id, drawing)

    async def _follow(self, job: JobId) -> None:
        try:
            while job in self._newest:
                await self._show(self._newest.pop(job))
        except self._snag as snag:
            log.info("progress.left", door=self._door, job=job, error=type(snag).__name__)
        except Exception:
            log.exception("task.failed", task="progress")
        finally:
            self._newest.pop(job, None)
            del self._following[job]
