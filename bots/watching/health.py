"""Whether this process is ready for people: what is looked at, and the sentence each look ends in.

Knows no address and no metric. Looking costs the stores little, however often somebody asks.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple, Protocol, runtime_checkable

import structlog

from bots.replies import Line, say
from bots.texts import render
from bots.watching.auditing import Auditor
from core.erasing import replaying
from core.errors import Unavailable
from core.ports import App, Place
from core.records import Records
from core.rules import DAY, LEADERSHIP
from core.values import Moment, PersonId
from core.values.receipts import Stage
from core.values.wishes import Passing
from storage.database import SqlDatabase
from storage.keys import Unsealable
from storage.over_redis.house import Worker

log = structlog.get_logger()

FRESH: Final = 2.0  #: seconds that an answer about readiness is good for
PATIENCE: Final = 5.0  #: seconds that one look may take
COMPARED: Final = 600.0  #: seconds between two comparisons of everybody with the tombstones
OVERDUE: Final = DAY  #: after which an erasure that is due and not closed is shown
NOBODY: Final = PersonId("nobody")  #: has no key: looking for it shows that the store of keys answers
NOTHING: Final = "pictures/nothing"  #: a blob that is never put


@runtime_checkable
class Crowd(Protocol):
    """A dispatch to workers on other machines: who lives, and how much lies between them and us."""

    @property
    def workers(self) -> tuple[Worker, ...]: ...
    @property
    def queues(self) -> dict[str, int]: ...
    async def look(self) -> bool: ...  # whether it answers; the others are of this moment then
    async def watch(self) -> None: ...  # until cancelled, `passing` gives what passes
    def passing(self) -> AsyncIterator[Passing]: ...


class State(StrEnum):
    OK = "ok"
    DEGRADED = "degraded"  #: people are served, and wait longer or miss something
    FAILED = "failed"  #: people must not be sent here


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    what: str
    state: State
    said: Line


@dataclass(frozen=True)
class Readiness:
    findings: tuple[Finding, ...]

    @property
    def state(self) -> State:
        states = {finding.state for finding in self.findings}
        return next(state for state in (State.FAILED, State.DEGRADED, State.OK) if state in states | {State.OK})

    def as_json(self) -> dict[str, Any]:
        return {
            "state": self.state,
            "findings": [
                {"what": finding.what, "state": finding.state, "said": render(finding.said)}
                for finding in self.findings
            ],
        }


class Trouble(NamedTuple):
    said: Line
    state: State = State.FAILED


#: People are not sent away for as long as the first check takes, which grows with the books.
UNCHECKED: Final = Trouble(say("health.books_unknown"), State.DEGRADED)
CLOSED: Final = Trouble(say("health.opening"))
UNSAFE: Final = Trouble(say("health.safety_away"))
IDLE: Final = Trouble(say("health.worker_away"), State.DEGRADED)


class Look:
    """One thing to look at: never twice at a time, and never for longer than PATIENCE.

    A look that takes longer goes on and is waited for again: a store that hangs must not collect looks at it. `look` gives
    what is wrong, or None; `away` is what Unavailable means.
    """

    def __init__(self, what: str, fine: Line, away: Trouble, look: Callable[[], Awaitable[Trouble | None]]) -> None:
        self._what, self._fine, self._away, self._look = what, fine, away, look
        self._under_way: asyncio.Task[Trouble | None] | None = None

    async def finding(self) -> Finding:
        if self._under_way is None or self._under_way.done():
            self._under_way = asyncio.create_task(self._looked())
        done, _ = await asyncio.wait({self._under_way}, timeout=PATIENCE)
        no_answer = Trouble(say("health.no_answer", seconds=PATIENCE), self._away.state)
        trouble = self._under_way.result() if done else no_answer
        said, state = trouble or Trouble(self._fine, State.OK)
        return Finding(self._what, state, said)

    async def _looked(self) -> Trouble | None:
        try:
            return await self._look()
        except Unavailable:
            return self._away
        except Exception:
            log.exception("look.failed", task=self._what)
            return self._away

    async def close(self) -> None:
        if self._under_way is not None:
            self._under_way.cancel()
            await asyncio.gather(self._under_way, return_exceptions=True)


class Health:
    """What /readyz says. `opened` is set while every door is open."""

    def __init__(self, app: App, database: SqlDatabase, auditor: Auditor, crowd: Crowd | None = None) -> None:
        self._app, self._database, self._auditor = app, database, auditor
        self._role = f"readiness:{app.ids.opaque()}"
        self.opened = False
        self._looks = self._all(crowd)
        self._asking = asyncio.Lock()
        self._looked = 0.0
        self._newest: Readiness | None = None
        self._returned, self._compared = 0, -COMPARED  #: who came back with a backup, and when that was looked at

    async def readiness(self) -> Readiness:
        """How things stand, or stood at most FRESH seconds ago: whoever asks often is told the same."""
        async with self._asking:
            if self._newest is None or time.monotonic() - self._looked >= FRESH:
                findings = await asyncio.gather(*(look.finding() for look in self._looks))
                self._newest, self._looked = Readiness(tuple(findings)), time.monotonic()
            return self._newest

    async def close(self) -> None:
        for look in self._looks:
            await look.close()

    def _all(self, crowd: Crowd | None) -> list[Look]:
        database_away = Trouble(say("health.database_away"))
        redis_away = Trouble(say("health.redis_away"), State.DEGRADED)

        async def redis() -> Trouble | None:
            return None if crowd is None or await crowd.look() else redis_away

        looks = [
            Look("doors", say("health.doors"), CLOSED, self._doors),
            Look("database", say("health.database"), database_away, self._write),
            Look("schema", say("health.schema"), database_away, self._schema),
            Look("keys", say("health.keys"), Trouble(say("health.keys_away")), self._keys),
            Look("blobs", say("health.blobs"), Trouble(say("health.blobs_away")), self._blobs),
            Look("books", say("health.books"), UNCHECKED, self._books),
            Look("erasures", say("health.erasures"), Trouble(say("health.erasures_away")), self._erasures),
            Look("safety", say("health.safety"), UNSAFE, self._safety),
            Look("worker", say("health.worker"), IDLE, self._worker),
        ]
        return [*looks, Look("redis", say("health.redis"), redis_away, redis)] if crowd is not None else looks

    async def _doors(self) -> Trouble | None:
        return None if self.opened else CLOSED

    async def _write(self) -> None:
        await self._app.database.run(_write, self._role)

    async def _schema(self) -> Trouble | None:
        return None if await self._database.is_at_head() else Trouble(say("health.schema_other"))

    async def _keys(self) -> None:
        with suppress(Unsealable):  # the store answered that there is no such key
            await self._app.keys.open(NOBODY, Place("health", "", ""), b"")

    async def _blobs(self) -> None:
        await self._app.blobs.get(NOTHING)

    async def _books(self) -> Trouble | None:
        if self._auditor.mistakes is None:
            return UNCHECKED
        return Trouble(say("health.books_wrong", count=self._auditor.mistakes)) if self._auditor.mistakes else None

    async def _erasures(self) -> Trouble | None:
        """Everybody is compared with the tombstones now and then; what is known to be wrong is looked at each time."""
        now = time.monotonic()
        if self._returned or now - self._compared >= COMPARED:
            self._returned, self._compared = await replaying.outstanding(self._app), now
        if self._returned:
            return Trouble(say("health.erasures_due", n=self._returned))
        since = Moment(self._app.clock.now() - OVERDUE - self._app.limits.undo_window)
        late = await self._app.database.run(_late, since)
        return Trouble(say("health.erasures_late", n=late), State.DEGRADED) if late else None

    async def _safety(self) -> Trouble | None:
        return None if await self._app.safety.load() else UNSAFE

    async def _worker(self) -> Trouble | None:
        return None if self._app.dispatch.window else IDLE


def _write(tx: Records, role: str) -> None:
    """Something is written in earnest, and nothing is left of it."""
    tx.leaders.lead(role, role, LEADERSHIP)
    tx.leaders.resign(role, role)


def _late(tx: Records, confirmed_before: Moment) -> int:
    """Erasures that had their time to be thought better of, and more, and are still not closed."""
    return sum(one.stage is not Stage.CONFIRMED and one.confirmed_at <= confirmed_before for one in tx.erasures.open())
