"""What only one of several processes should do: each tries to lead it, one does, the others stand by. Knows no work.

Nothing depends on there being exactly one leader: results are fenced, and platforms refuse a second listener. It spares
work, and people a message twice.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol

import structlog

from core.errors import Unavailable
from core.ports import App
from core.records import Records
from core.rules import LEADERSHIP, LEADERSHIP_RENEWED, SECOND

log = structlog.get_logger()

Work = Callable[[], Awaitable[None]]


class Leading(Protocol):
    async def lead(self, role: str, work: Work) -> None:
        """Do `work` whenever this process leads, until cancelled. Raises what the work raises."""
        ...

    def leads(self, role: str) -> bool: ...


class Alone:
    """`Leading` of a process that has its stores for itself."""

    async def lead(self, _role: str, work: Work) -> None:
        await work()

    def leads(self, _role: str) -> bool:
        return True


class Elected:
    """`Leading` beside others: by a lease in the database, renewed while the work goes on, given back at its end."""

    def __init__(self, app: App, *, lease: int = LEADERSHIP, renewed: int = LEADERSHIP_RENEWED) -> None:
        self._app, self._lease, self._pause = app, lease, renewed / SECOND
        self._holder = app.ids.opaque()
        self._until: dict[str, float] = {}  #: of each role it leads, by our own steady clock

    def leads(self, role: str) -> bool:
        """Also by the time: a process that was paused past the end of its lease must not act on it first."""
        return time.monotonic() < self._until.get(role, 0.0)

    async def lead(self, role: str, work: Work) -> None:
        while True:
            if (until := await self._taken(role)) is not None:
                await self._work_until_lost(role, work, until)
            await asyncio.sleep(self._pause)

    async def _work_until_lost(self, role: str, work: Work, until: float) -> None:
        """Work while the lease can be renewed. A process that was paused past its end, or can't reach the database, stops."""
        log.info("leading", task=role)
        self._until[role] = until
        working = asyncio.ensure_future(work())
        try:
            while time.monotonic() < until:
                await asyncio.wait({working}, timeout=min(self._pause, until - time.monotonic()))
                if working.done():
                    await working
                    return
                self._until[role] = until = await self._renewed(role, until)
        finally:
            del self._until[role]
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
            with suppress(Unavailable, TimeoutError):  # then it runs out by itself
                async with asyncio.timeout(self._pause):
                    await self._app.database.run(_resign, role, self._holder)
        log.warning("leading.lost", task=role)

    async def _renewed(self, role: str, until: float) -> float:
        """Until when this process leads for certain: later than before, the same, or now when somebody else leads."""
        try:
            async with asyncio.timeout(max(0.0, until - time.monotonic())):
                return await self._take(role) or 0.0
        except (Unavailable, TimeoutError):
            return until

    async def _taken(self, role: str) -> float | None:
        try:
            return await self._take(role)
        except Unavailable:
            return None

    async def _take(self, role: str) -> float | None:
        """The end of the lease by our own steady clock, counted from before it was asked for; None: somebody else has it."""
        asked = time.monotonic()
        taken = await self._app.database.run(_lead, role, self._holder, self._lease)
        return asked + self._lease / SECOND if taken else None


def role_of(app: App, door: str, token: str) -> str:
    """Serving a platform's token, which one process at a time should do."""
    return f"door:{door}:{app.keys.tag(token)}"


def nameless(role: str) -> str:
    """A role without the hash of a token at its end."""
    return ":".join(role.split(":")[:2])


def leading(app: App, *, shared: bool) -> Leading:
    """How a process leads that shares its stores with others, or has them for itself."""
    return Elected(app) if shared else Alone()


def _lead(tx: Records, role: str, holder: str, lease: int) -> bool:
    return tx.leaders.lead(role, holder, lease)


def _resign(tx: Records, role: str, holder: str) -> None:
    tx.leaders.resign(role, holder)
