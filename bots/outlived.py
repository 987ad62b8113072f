"""Jobs that are out by the records, and that nobody has: they need not wait for their leases.

Whoever sent them out would notice what becomes of them. But Redis may forget them, or their worker die, while nobody leads; and
a choice whose answer never came, because the database or who made it went away at that moment, was made all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, TypeVar

import structlog

from core.errors import Unavailable
from core.ports import App
from core.requests import scheduling
from core.values import JobId

log = structlog.get_logger()

T = TypeVar("T")
UNHEARD: Final = 8.0  #: seconds in which a worker says what it draws, also to a Redis that has forgotten
TICK: Final = 1.0


class Outlived:
    def __init__(self, app: App) -> None:
        self._app = app
        self._spoken_of: set[tuple[JobId, int]] = set()

    def heard(self, job: JobId, fence: int) -> None:
        """Somebody draws it."""
        self._spoken_of.add((job, fence))

    async def take_back(self) -> bool:
        """Listen for a while, then put those back that nobody has. Whether there were any."""
        self._spoken_of.clear()
        before = await self._insist(partial(scheduling.drawing, self._app))
        await self._listen()
        gone = sorted(before - self._app.dispatch.sent - self._spoken_of)
        for job, fence in gone:
            await self._insist(partial(scheduling.attempt_ended, self._app, job, fence))
        if gone:
            log.warning("dispatch.outlived", count=len(gone))
        return bool(gone)

    async def _insist(self, work: Callable[[], Awaitable[T]]) -> T:
        """The database may be away when somebody takes over: that may be why."""
        while True:
            try:
                return await work()
            except Unavailable:
                await asyncio.sleep(TICK)

    async def _listen(self) -> None:
        """While no worker can be heard, nobody is missed either."""
        listened = 0.0
        while listened < UNHEARD:
            await asyncio.sleep(TICK)
            listened = listened + TICK if self._app.dispatch.window else 0.0
