"""Whether the event loop turns. Depends on nothing else, and nothing else is looked at here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

from bots.watching.notifying import ALIVE, notify

TICK: Final = 1.0  #: seconds between two beats
STUCK: Final = 5.0  #: seconds without a beat after which the loop counts as stuck


class Pulse:
    """Beats while the event loop turns. `late` is told by how many seconds each beat was late."""

    def __init__(self, late: Callable[[float], None]) -> None:
        self._late = late
        self._beat, self._gap = time.monotonic(), 0.0

    @property
    def silence(self) -> float:
        """Seconds without a beat: now, or before the last one. What comes too late excuses nothing before the next."""
        return max(time.monotonic() - self._beat, self._gap)

    @property
    def beats(self) -> bool:
        return self.silence < STUCK

    async def run(self) -> None:
        self._beat = time.monotonic()
        while True:
            await asyncio.sleep(TICK)
            now = time.monotonic()
            self._beat, self._gap = now, now - self._beat
            self._late(max(0.0, self._gap - TICK))
            if self.beats:
                notify(ALIVE)
