"""Wishes out and news back over Redis, to workers on any machine. Knows nothing of jobs' records.

Any number of processes run this; the one that reads `news` leads. Redis may be away, or forget everything, at any moment.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, suppress
from typing import Final

import structlog

from core.errors import Unavailable
from core.ports import Clock
from core.records import Dispatches
from core.rules import JOBS_PER_WORKER, SECOND
from core.values import JobId
from core.values.wishes import Cancel, Drawn, Finished, Lost, News, Passing, Progress, Ready, Started, Stirred, Wish
from storage.keys import Unsealable
from storage.over_redis import keyspace as keys
from storage.over_redis.clients import AsyncRedis, Away, Forbidden
from storage.over_redis.house import House, Worker
from storage.over_redis.outstanding import Outstanding, Verdict
from storage.over_redis.tickets import is_ticket, ticket
from storage.over_redis.wishes import RedisWishes, Survey, pairs
from storage.wire import FROM_WORKER, TO_WORKER, Envelope, Told, unwrap, wrap

log = structlog.get_logger()

LOOK: Final = 1.0  #: seconds between two looks at who lives and what was taken
KEEP: Final = 5.0  #: seconds between two times a process says that its bot is there
FIRST_PAUSE: Final = 0.1  #: seconds before Redis is tried again; doubles while it is away
LONGEST_PAUSE: Final = 3.0
BACKLOG: Final = 100  #: passing words kept for a process that is slow to listen; older ones are dropped

_NOBODY: Final = Survey((), wishes=0, results=0, has_group=False)


class RedisDispatch:
    """`core.ports.Dispatch`. It works while `run` runs. Raises ValueError for an address that is none."""

    def __init__(self, url: str, wire_key: bytes, ticket_key: bytes, clock: Clock, house: House) -> None:
        self._redis = AsyncRedis(url)
        self._wishes = RedisWishes(self._redis)
        self._wire_key, self._ticket_key, self._clock, self._house = wire_key, ticket_key, clock, house
        self._outstanding = Outstanding()
        self._survey = _NOBODY
        self._listeners: set[asyncio.Queue[Passing]] = set()
        self._forbidden = False

    @property
    def window(self) -> int:
        return JOBS_PER_WORKER * sum(worker.ready for worker in self._survey.workers)

    @property
    def out(self) -> Dispatches:
        return self._outstanding.out(self._survey.workers, time.monotonic())

    @property
    def sent(self) -> Dispatches:
        return self._outstanding.sent()

    @property
    def broken(self) -> bool:
        """Redis refuses us: no waiting will help."""
        return self._forbidden

    @property
    def workers(self) -> tuple[Worker, ...]:
        """Those that lived a moment ago."""
        return self._survey.workers

    @property
    def queues(self) -> dict[str, int]:
        """How much lies in Redis: wishes that wait or are drawn, results nobody handled."""
        return {"wishes": self._survey.wishes, "results": self._survey.results}

    async def look(self) -> bool:
        """Whether Redis answers; `workers` and `queues` are of this moment then. For whoever does not run this, too."""
        try:
            self._survey = await self._wishes.survey()
        except Away:
            self._survey = _NOBODY
            return False
        return True

    async def age(self) -> int:
        """Milliseconds that the oldest there has been in Redis. Raises Unavailable."""
        try:
            return await self._wishes.age()
        except Away as error:
            raise Unavailable("dispatch.unavailable", retry_after=KEEP) from error

    async def send(self, wishes: Sequence[Wish]) -> None:
        """Raises Unavailable when Redis is away, or full."""
        job, fence = wishes[0].job, wishes[0].fence
        envelope = Envelope(tuple(wishes), ticket(self._ticket_key, job, fence))
        body = await asyncio.to_thread(wrap, self._wire_key, TO_WORKER, envelope)
        try:
            entry = await self._wishes.add(job, fence, body)
        except Away as error:
            raise Unavailable("dispatch.unavailable", retry_after=KEEP) from error
        self._outstanding.add(entry, (job, fence), time.monotonic())

    async def cancel(self, job: JobId, fence: int) -> None:
        """Whoever draws it stops; whoever leads takes it back if nobody has it. While Redis is away it is drawn in vain."""
        body = wrap(self._wire_key, TO_WORKER, Envelope(Cancel(job, fence)))
        with suppress(Away):
            await self._redis.ask("PUBLISH", str(keys.CANCELLED), body)

    async def stir(self) -> None:
        with suppress(Away):  # they look by themselves every second
            await self._redis.ask("PUBLISH", str(keys.STIRRED), b"")

    async def passing(self) -> AsyncIterator[Passing]:
        heard: asyncio.Queue[Passing] = asyncio.Queue()
        self._listeners.add(heard)
        try:
            while True:
                yield await heard.get()
        finally:
            self._listeners.discard(heard)

    async def news(self) -> AsyncIterator[News]:
        """What was handled is deleted when the next is asked for, so that another process goes on where this one ends."""
        self._outstanding = Outstanding()
        pause = FIRST_PAUSE
        try:
            while True:
                try:
                    async with aclosing(self._told()) as told:
                        async for news in told:
                            pause = FIRST_PAUSE
                            yield news
                except Away:
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, LONGEST_PAUSE)
        finally:
            self._outstanding = Outstanding()

    async def run(self) -> None:
        """Say that this bot is there, see which workers live, hear what passes; until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_house())
            tasks.create_task(self._listen())

    async def watch(self) -> None:
        """For whoever does not run this: hear what passes, without saying that the bot is there; until cancelled."""
        await self._listen()

    async def close(self) -> None:
        await self._redis.close()

    # What the leader hears

    async def _told(self) -> AsyncGenerator[News, None]:
        """Raises Away, and then begins anew with whatever is left."""
        verdict, looked = Verdict(), 0.0
        while True:
            if time.monotonic() - looked >= LOOK:
                verdict, looked = await self._look(), time.monotonic()
            result = await self._oldest_result(wait=not (verdict.lost or verdict.withdrawn))
            if result is not None:
                entry, body = result
                if (news := await self._admitted(body)) is not None:
                    yield news
                if isinstance(news, Finished):
                    self._outstanding.over((news.job, news.fence))
                await self._redis.ask("XDEL", str(keys.RESULTS), entry)
                continue
            # All that was said before the look has been heard by now: what is still missing will not come.
            if lost := self._outstanding.dispatches(verdict.lost):
                log.warning("dispatch.lost", count=len(lost))
                yield Lost(lost)
                await self._give_up(verdict.lost)
            for job, fence in self._outstanding.dispatches(verdict.withdrawn):
                yield Finished(job, fence)
            if verdict.withdrawn:
                await self._give_up(verdict.withdrawn)
            verdict = Verdict()

    async def _look(self) -> Verdict:
        """First the wishes, then who lives: whoever took one was there before."""
        outstanding, known, there = self._outstanding, self._outstanding.known(), None
        held = await self._wishes.held()
        if not outstanding.explains(held):
            there = await self._wishes.read(held)
            for entry, dispatched in there.items():
                outstanding.add(entry, dispatched, time.monotonic())
        self._survey = await self._wishes.survey()
        oldest = str(max(0, held.now - keys.RESULT_LIFE))
        await self._redis.ask("XTRIM", str(keys.RESULTS), "MINID", "=", oldest)
        return outstanding.judge(known, held, there, self._survey.workers, time.monotonic())

    async def _oldest_result(self, *, wait: bool) -> tuple[bytes, bytes] | None:
        block: tuple[str | int, ...] = ("BLOCK", int(LOOK * SECOND)) if wait else ()
        found = await self._redis.ask("XREAD", "COUNT", 1, *block, "STREAMS", str(keys.RESULTS), "0")
        if not found:
            return None
        entry, fields = found[0][1][0]
        return entry, pairs(fields).get(b"b", b"")

    async def _admitted(self, body: bytes) -> News | None:
        """What a worker says, when it may say it."""
        news = await asyncio.to_thread(self._opened, body)
        if isinstance(news, Progress):
            log.error("result.garbled")  # it belongs elsewhere
            return None
        if isinstance(news, Ready):
            self._survey = await self._wishes.survey()
        if isinstance(news, Started | Drawn | Finished):
            self._outstanding.heard((news.job, news.fence), time.monotonic())
        if isinstance(news, Drawn) and news.expires_at <= self._clock.now():
            log.warning("worker.late", job=news.job)
            return None
        return news

    def _opened(self, body: bytes) -> Told | None:
        """A worker is trusted with what it was given, and with nothing else."""
        try:
            envelope = unwrap(self._wire_key, FROM_WORKER, body)
        except (Unsealable, ValueError):
            log.error("result.garbled")
            return None
        news = envelope.message
        if isinstance(news, tuple | Cancel):
            log.error("result.garbled", worker=envelope.worker)
            return None
        if not isinstance(news, Ready) and not is_ticket(self._ticket_key, news.job, news.fence, envelope.ticket):
            log.error("result.rejected", job=news.job, worker=envelope.worker)
            return None
        return news

    async def _give_up(self, entries: Sequence[tuple[int, int]]) -> None:
        """Nobody is to draw them, and whoever still does is to stop."""
        await self._wishes.forget(entries)
        for dispatched in self._outstanding.dispatches(entries):
            self._outstanding.over(dispatched)
            await self.cancel(*dispatched)

    # What every process does

    async def _keep_house(self) -> None:
        pause, kept, away = FIRST_PAUSE, 0.0, False
        while True:
            try:
                self._survey = await self._wishes.survey()
                if time.monotonic() - kept >= KEEP or not self._survey.has_group:
                    await self._wishes.keep(self._house.sealed(self._wire_key))
                    kept = time.monotonic()
            except Away as error:
                self._survey, self._forbidden = _NOBODY, isinstance(error, Forbidden)
                if not away:
                    log.error("redis.away", error=error.code or "no answer")
                away, kept = True, 0.0
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                if away:
                    log.warning("redis.back")
                pause, away, self._forbidden = FIRST_PAUSE, False, False
                await asyncio.sleep(LOOK)

    async def _listen(self) -> None:
        pause = FIRST_PAUSE
        while True:
            channels = self._redis.subscription(keys.PASSING, keys.CANCELLED, keys.STIRRED)
            try:
                await channels.open()
                self._pass_on(Stirred())  # for whatever was said while nobody listened
                while True:
                    self._hear(*await channels.hear())
                    pause = FIRST_PAUSE
            except Away:
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            finally:
                await channels.close()

    def _hear(self, channel: str, body: bytes) -> None:
        if channel == str(keys.STIRRED):
            self._pass_on(Stirred())
        elif channel == str(keys.CANCELLED):
            with suppress(Unsealable, ValueError):
                cancel = unwrap(self._wire_key, TO_WORKER, body).message
                if isinstance(cancel, Cancel):
                    self._outstanding.cancel((cancel.job, cancel.fence))
        elif isinstance(progress := self._opened(body), Progress):
            self._outstanding.heard((progress.job, progress.fence), time.monotonic())
            self._pass_on(progress)

    def _pass_on(self, passing: Passing) -> None:
        for listener in self._listeners:
            if listener.qsize() >= BACKLOG:
                listener.get_nowait()
            listener.put_nowait(passing)
