"""A TCP proxy in which the network can be bad: seeded, between any two that speak over TCP or a unix socket. Knows bytes only.

async with Proxy("chat-redis", Unix(path)) as proxy:
    with proxy.suffers(Trouble(stalls=True)):
        ...
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

PIECE = 65_536  #: bytes read at once
RESET = struct.pack("ii", 1, 0)  #: linger for no time: closing sends RST


@dataclass(frozen=True)
class Unix:
    path: Path


@dataclass(frozen=True)
class Tcp:
    port: int
    host: str = "127.0.0.1"

    @classmethod
    def of(cls, url: str) -> Self:
        parts = urlsplit(url)
        return cls(parts.port or 80, parts.hostname or "127.0.0.1")


@dataclass(frozen=True)
class Trouble:
    """What happens to every byte that passes while it lasts, in both directions."""

    latency: float = 0.0  #: seconds each piece is late
    jitter: float = 0.0  #: seconds it may be later still
    stalls: bool = False  #: nothing passes, and nobody is told
    refuses: bool = False  #: whoever connects is reset at once
    bandwidth: int = 0  #: bytes a second; 0 is any number
    slices: int = 0  #: pieces are cut into such of at most so many bytes
    slow_close: float = 0.0  #: seconds after which the end of one side reaches the other


CALM = Trouble()


class Proxy:
    """Listens on a loopback port while it is open. Everything goes through `target` as it is, unless there is trouble."""

    def __init__(self, name: str, target: Unix | Tcp, seed: int = 1) -> None:
        self.name, self._target = name, target
        self._rng = random.Random(f"{seed} {name}")
        self._trouble = CALM
        self._changed = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.connections = 0  #: that were ever made
        self.passed = 0  #: bytes

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in (tasks := list(self._tasks)):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.reset()

    @contextmanager
    def suffers(self, trouble: Trouble) -> Iterator[None]:
        self.begins(trouble)
        try:
            yield
        finally:
            self.calms()

    def begins(self, trouble: Trouble) -> None:
        self._trouble = trouble
        self._changed.set()
        self._changed = asyncio.Event()

    def calms(self) -> None:
        """What stood still goes on, and comes to whoever still waits for it."""
        self.begins(CALM)

    def reset(self) -> int:
        """Break every connection there is, as a router does that was started anew. Returns how many ends that were."""
        for writer in (broken := list(self._writers)):
            _reset(writer)
        return len(broken)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        self.connections += 1
        try:
            await self._relay(reader, writer)
        except (OSError, asyncio.CancelledError):  # either end may go at any moment
            _reset(writer)
        finally:
            self._tasks.discard(task)
            self._writers.discard(writer)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._trouble.refuses:
            _reset(writer)
            return
        there, back = await self._dial()
        self._writers.add(back)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pump(reader, back))
                both.create_task(self._pump(there, writer))
        except* OSError:
            _reset(writer)
        finally:
            self._writers.discard(back)
            _reset(back)
        with suppress(OSError):
            writer.close()

    async def _dial(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self._target, Unix):
            return await asyncio.open_unix_connection(str(self._target.path))
        return await asyncio.open_connection(self._target.host, self._target.port)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """Until the source says nothing more; then the sink is told so."""
        while piece := await source.read(PIECE):
            for slice_ in self._cut(piece):
                await self._hold_back(len(slice_))
                sink.write(slice_)
                await sink.drain()
                self.passed += len(slice_)
        await self._hold_back(0)
        await asyncio.sleep(self._trouble.slow_close)
        if sink.can_write_eof():
            sink.write_eof()

    def _cut(self, piece: bytes) -> Iterator[bytes]:
        size = self._trouble.slices or len(piece)
        return (piece[start : start + size] for start in range(0, len(piece), size))

    async def _hold_back(self, size: int) -> None:
        while self._trouble.stalls:
            await self._changed.wait()
        trouble = self._trouble
        late = trouble.latency + self._rng.random() * trouble.jitter
        if trouble.bandwidth:
            late += size / trouble.bandwidth
        if late:
            with suppress(TimeoutError):  # until it is over: nobody waits out a trouble that is
                await asyncio.wait_for(self._changed.wait(), late)


def _reset(writer: asyncio.StreamWriter) -> None:
    if (raw := writer.get_extra_info("socket")) is not None and raw.family != socket.AF_UNIX:
        with suppress(OSError):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()
