"""Work in lanes: what is in one goes one after the other, different lanes side by side. Knows nothing of what is done."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable

import structlog

log = structlog.get_logger()

Work = Callable[[], Awaitable[None]]


class Lanes:
    """`room`: how many works may go on at once, over all lanes; 0 is any number."""

    def __init__(self, name: str, room: int = 0) -> None:
        self._name = name
        self._room = asyncio.Semaphore(room) if room else None
        self._lanes: dict[Hashable, deque[tuple[Work, asyncio.Future[None]]]] = {}
        self._running: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._lanes)

    def waiting(self, lane: Hashable) -> int:
        return len(self._lanes.get(lane, ()))

    def put(self, lane: Hashable, work: Work) -> asyncio.Future[None]:
        """Behind what is in the lane already. The future is done when the work is, however it ended."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if lane in self._lanes:
            self._lanes[lane].append((work, done))
            return done
        self._lanes[lane] = deque([(work, done)])
        running = asyncio.create_task(self._run(lane))
        self._running.add(running)
        running.add_done_callback(self._running.discard)
        return done

    async def settle(self, within: float) -> None:
        """Let what is under way come to its end; what takes longer is cut off."""
        if self._running:
            await asyncio.wait(self._running, timeout=within)
        for task in (running := list(self._running)):
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _run(self, lane: Hashable) -> None:
        works = self._lanes[lane]
        try:
            while works:
                work, done = works[0]
                try:
                    await self._do(work)
                finally:
                    if not done.cancelled():
                        done.set_result(None)
                    works.popleft()
        finally:
            del self._lanes[lane]
            for _, done in works:
                done.cancel()

    async def _do(self, work: Work) -> None:
        """One failure is noted, and ends nothing else."""
        try:
            if self._room is None:
                await work()
            else:
                async with self._room:
                    await work()
        except Exception:
            log.exception("task.failed", task=self._name)
