"""Wishes out and news back over a pipe to a worker that is our child. Keeps the child alive; knows nothing of jobs' records."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Final

import structlog

from core.ports import Clock
from core.records import Dispatches
from core.rules import JOBS_PER_WORKER, LEASE, SECOND
from core.values import JobId
from core.values.wishes import Cancel, Drawn, Finished, Lost, News, Passing, Progress, Ready, Wish
from storage.keys import Unsealable
from storage.wire import FROM_WORKER, HEADER_BYTES, KEY_BYTES, TO_WORKER, Message, Order, body_length, frame, read

log = structlog.get_logger()

FIRST_PAUSE: Final = 0.1  #: seconds before a dead worker is started again; doubles while it dies before it is ready
LONGEST_PAUSE: Final = 10.0
PATIENCE: Final = 3  #: a worker that died this often in a row before it was ready will not come up by itself
PASSED_ON: Final = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "VIRTUAL_ENV",
    "OMP_NUM_THREADS",
    "CUDA_VISIBLE_DEVICES",
)


class PipeDispatch:
    """`core.ports.Dispatch` over standard input and output of `command`. `run` keeps the child alive until cancelled."""

    def __init__(self, command: Sequence[str], clock: Clock) -> None:
        self._command, self._clock = tuple(command), clock
        self._news: asyncio.Queue[News] = asyncio.Queue()
        self._passing: asyncio.Queue[Passing] = asyncio.Queue()
        self._out: set[tuple[JobId, int]] = set()
        self._sent: set[tuple[JobId, int]] = set()  #: out, or over without anybody having acted on it yet
        self._key = b""
        self._child: asyncio.subprocess.Process | None = None
        self._ready = False
        self._failed_starts = 0

    @property
    def window(self) -> int:
        return JOBS_PER_WORKER if self._ready else 0

    @property
    def out(self) -> Dispatches:
        return frozenset(self._out)

    @property
    def sent(self) -> Dispatches:
        return frozenset(self._sent)

    @property
    def broken(self) -> bool:
        """The worker does not come up; what it says about that is on standard error."""
        return self._failed_starts >= PATIENCE

    @property
    def process_id(self) -> int | None:
        return self._child.pid if self._child else None

    async def send(self, wishes: Sequence[Wish]) -> None:
        self._out.update((wish.job, wish.fence) for wish in wishes)
        self._sent.update(self._out)
        if not await self._write(tuple(wishes)):
            self._lose({(wish.job, wish.fence) for wish in wishes})

    async def cancel(self, job: JobId, fence: int) -> None:
        if (job, fence) in self._out:
            await self._write(Cancel(job, fence))

    async def stir(self) -> None:
        """There is no other serving process."""

    async def passing(self) -> AsyncIterator[Passing]:
        while True:
            yield await self._passing.get()

    async def news(self) -> AsyncIterator[News]:
        while True:
            yield (news := await self._news.get())
            if isinstance(news, Finished):
                self._sent.discard((news.job, news.fence))
            elif isinstance(news, Lost):
                self._sent.difference_update(news.dispatches)

    async def run(self) -> None:
        """Start the worker, pass on what it says, and start it again whenever it ends."""
        pause = FIRST_PAUSE
        while True:
            try:
                was_ready = await self._live_once()
            except OSError:
                log.exception("worker.unstartable")
                was_ready = False
            self._failed_starts = 0 if was_ready else self._failed_starts + 1
            log.warning("worker.gone", ready=was_ready, failed_starts=self._failed_starts)
            self._lose(set(self._out))
            pause = FIRST_PAUSE if was_ready else min(pause * 2, LONGEST_PAUSE)
            await asyncio.sleep(pause)

    async def close(self) -> None:
        """The child and its pipe have ended with `run`."""

    async def _live_once(self) -> bool:
        """One life of the child; True when it ever was ready."""
        self._key = secrets.token_bytes(KEY_BYTES)
        self._child = child = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={name: os.environ[name] for name in PASSED_ON if name in os.environ},
            start_new_session=True,  # Ctrl-C at the terminal is for us; the worker ends with its pipe
        )
        was_ready = False
        try:
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write(self._key)  # a new key for each child: it is never stored, and an old frame opens nowhere
            while (message := await self._read(child.stdout)) is not None:
                was_ready |= isinstance(message, Ready)
                self._hear(message)
        finally:
            self._ready = False
            self._child = None
            with suppress(ProcessLookupError):
                child.kill()
            await child.wait()
        return was_ready

    async def _read(self, pipe: asyncio.StreamReader) -> Message | None:
        """The next message; None when the pipe ended, carries what our child did not write, or the child hangs."""
        try:
            length = body_length(await self._header(pipe))
            return read(self._key, FROM_WORKER, await pipe.readexactly(length))
        except asyncio.IncompleteReadError:
            return None
        except (Unsealable, ValueError):
            log.exception("worker.garbled")
            return None
        except TimeoutError:
            log.warning("worker.hung")
            return None

    async def _header(self, pipe: asyncio.StreamReader) -> bytes:
        """Raises TimeoutError when a worker that has something to draw says nothing for as long as a lease lasts."""
        while True:
            try:
                async with asyncio.timeout(LEASE / SECOND):
                    return await pipe.readexactly(HEADER_BYTES)
            except TimeoutError:
                if self._ready and self._out:
                    raise

    def _hear(self, message: Message) -> None:
        if isinstance(message, tuple | Cancel):
            log.error("worker.garbled")
            return
        if isinstance(message, Ready):
            self._ready = True
        if isinstance(message, Finished):
            self._out.discard((message.job, message.fence))
        if isinstance(message, Drawn) and message.expires_at <= self._clock.now():
            log.warning("worker.late", job=message.job)
            return
        if isinstance(message, Progress):
            self._passing.put_nowait(message)
        else:
            self._news.put_nowait(message)

    def _lose(self, dispatches: set[tuple[JobId, int]]) -> None:
        self._out -= dispatches
        if dispatches:
            self._news.put_nowait(Lost(tuple(sorted(dispatches))))

    async def _write(self, order: Order) -> bool:
        if self._child is None or self._child.stdin is None:
            return False
        try:
            self._child.stdin.write(frame(self._key, TO_WORKER, order))
            await self._child.stdin.drain()
        except (BrokenPipeError, ConnectionResetError):
            return False
        return True
