"""A bot and its workers on machines of their own, in one process or several: real Redis, real connections, the flat engine."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from core.ports import Dispatch
from core.values import JobId, Moment, Settings
from core.values.wishes import News, Passing, Wish
from inference.flat import Flat
from inference.worker import serve
from storage.over_redis.dispatch import RedisDispatch
from storage.over_redis.end import RedisEnd
from storage.over_redis.house import House
from storage.over_redis.joining import Unwelcome
from storage.over_redis.tickets import ticket_key
from tests.redis_server import RedisServer

WIRE_KEY = b"w" * 32
TICKET_KEY = ticket_key(b"l" * 32)
VERSION = "0.1.0"
SETTINGS = Settings("flat", "square", 128, 128, 10, 3.0)
PATIENCE = 30.0  #: seconds; whatever takes longer never comes


class Clock:
    def now(self) -> Moment:
        return Moment(time.time_ns() // 1_000_000)


def wish(
    job: str, index: int = 0, seed: int = 1, *, fence: int = 1, lasts: int = 60_000, prompt: str = "words"
) -> Wish:
    return Wish(JobId(job), index, fence, seed + index, prompt, "", SETTINGS, Clock().now() + lasts)


class Listener:
    """Hears everything that one dispatch says, and remembers it."""

    def __init__(self, dispatch: Dispatch) -> None:
        self._dispatch = dispatch
        self._news: asyncio.Queue[News] = asyncio.Queue()
        self.passing: list[Passing] = []

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._hear_news())
            tasks.create_task(self._hear_passing())

    async def until(self, *kinds: type) -> list[News]:
        """News since the last question, up to and including the first of one of these kinds."""
        heard: list[News] = []
        async with asyncio.timeout(PATIENCE):
            while not heard or not isinstance(heard[-1], kinds):
                heard.append(await self._news.get())
        return heard

    async def until_passing(self, kind: type) -> Passing:
        """The next passing word of this kind."""
        seen = len(self.passing)
        await until(lambda: any(isinstance(word, kind) for word in self.passing[seen:]))
        return next(word for word in self.passing[seen:] if isinstance(word, kind))

    def unheard(self) -> list[News]:
        """What came since the last question."""
        return [self._news.get_nowait() for _ in range(self._news.qsize())]

    async def _hear_news(self) -> None:
        async for news in self._dispatch.news():
            self._news.put_nowait(news)

    async def _hear_passing(self) -> None:
        async for passing in self._dispatch.passing():
            self.passing.append(passing)


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():
            await asyncio.sleep(0.02)


@asynccontextmanager
async def beside(*works: Any) -> AsyncIterator[None]:
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def bot(url: str, *, models: tuple[str, ...] = ("flat",), wire_key: bytes = WIRE_KEY) -> RedisDispatch:
    return RedisDispatch(url, wire_key, TICKET_KEY, Clock(), House(VERSION, models))


@asynccontextmanager
async def serving(url: str, **given: Any) -> AsyncIterator[RedisDispatch]:
    """A serving process that does not lead."""
    dispatch = bot(url, **given)
    try:
        async with beside(dispatch.run()):
            yield dispatch
    finally:
        await dispatch.close()


@asynccontextmanager
async def leading(url: str, **given: Any) -> AsyncIterator[tuple[RedisDispatch, Listener]]:
    """A serving process that leads."""
    async with serving(url, **given) as dispatch:
        listener = Listener(dispatch)
        async with beside(listener.run()):
            yield dispatch, listener


class ThreadWorker:
    """A worker in a thread of this process: quick to start, and cannot be killed."""

    def __init__(self, url: str, name: str, delay: float, models: tuple[str, ...] = ("flat",)) -> None:
        self.said: list[str] = []
        self.refusal: Unwelcome | None = None
        self.end = RedisEnd(url, WIRE_KEY, name, models, VERSION, self.said.append)
        self._engine = Flat(delay)
        self.thread = threading.Thread(target=self._work, daemon=True)

    def _work(self) -> None:
        try:
            if self.end.join():
                serve(self.end, self._engine)
        except Unwelcome as refusal:
            self.refusal = refusal
        finally:
            self.end.leave()


@contextmanager
def working(url: str, name: str = "one", delay: float = 0.0) -> Iterator[ThreadWorker]:
    worker = ThreadWorker(url, name, delay)
    worker.thread.start()
    try:
        yield worker
    finally:
        worker.end.drain()
        worker.thread.join(PATIENCE)


class ProcessWorker:
    """A worker in a process of its own, which can be killed and paused. Its heart beats faster than in earnest, and
    `life` milliseconds after the last beat it counts as dead.
    """

    def __init__(
        self,
        url: str,
        name: str = "one",
        delay: float = 0.0,
        models: str = "flat",
        grace: float = 60,
        life: int = 1_500,
    ) -> None:
        script = (
            "import sys, storage.over_redis.presence as presence\n"
            f"presence.BEAT, presence.LIFE = 300, {life}\n"
            "from pathlib import Path\n"
            "from bots import logs\n"
            "from bots.remote_worker import work\n"
            "from inference.stock import Stock\n"
            "logs.set_up('error')\n"
            "url, key, name, models, delay, grace = sys.argv[1:]\n"
            "raise SystemExit(work(url, bytes.fromhex(key), name, models.split(','), Stock(), float(delay),"
            " grace=float(grace)))"
        )
        given = (url, WIRE_KEY.hex(), name, models, str(delay), str(grace))
        self._process = subprocess.Popen([sys.executable, "-c", script, *given], stderr=subprocess.PIPE)

    def signal(self, number: signal.Signals) -> None:
        os.kill(self._process.pid, number)

    async def exit_status(self) -> int:
        async with asyncio.timeout(PATIENCE):
            return await asyncio.to_thread(self._process.wait)

    def is_over(self) -> bool:
        return self._process.poll() is not None

    def first_words(self) -> str:
        """The first line on its standard error."""
        assert self._process.stderr is not None
        return self._process.stderr.readline().decode()

    def errors(self) -> str:
        """What it said on standard error, once it is over."""
        assert self._process.stderr is not None
        return self._process.stderr.read().decode()

    def end(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        assert self._process.stderr is not None
        self._process.stderr.close()


@contextmanager
def process(url: str, **given: Any) -> Iterator[ProcessWorker]:
    worker = ProcessWorker(url, **given)
    try:
        yield worker
    finally:
        worker.end()


def empty(server: RedisServer) -> bool:
    """Whether no wish and no result is left."""
    return not length(server, "wishes") and not length(server, "results")


def length(server: RedisServer, stream: str) -> int:
    with server.client() as client:
        return int(client.xlen(f"darkroom:1:{stream}"))
