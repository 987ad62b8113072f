"""What the chat doors' tests do alike with a door: it runs, is asked to end, dies, and comes again over the same stores."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import Any


class Standing(ABC):
    door: Any
    _running: asyncio.Task[None] | None = None

    @abstractmethod
    async def opens(self) -> None: ...

    @abstractmethod
    async def dies(self) -> None:
        """As a process ends that is killed: what was going on goes on no more."""

    @abstractmethod
    def _door(self) -> Any: ...

    async def closes(self) -> None:
        """As a process ends that is asked to."""
        await self._stops_running()
        await self.door.close()

    async def restarts(self, *, killed: bool = False) -> None:
        """A new door over the same stores."""
        await (self.dies() if killed else self.closes())
        self.door = self._door()
        await self.opens()

    async def _stops_running(self) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
