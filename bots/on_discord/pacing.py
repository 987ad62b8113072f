"""How often progress may be shown: to one person, and to a whole channel. Knows times and places, no message."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bots.on_discord.places import Asked

KEPT: Final = 2_000  #: places remembered before those that may show something again are forgotten


@dataclass(frozen=True)
class Throttle:
    """Seconds between two edits that show progress: of one private message, and in a whole channel."""

    private: float = 2.0
    channel: float = 6.0


class Pace:
    def __init__(self, throttle: Throttle, clock: Callable[[], float] = time.monotonic) -> None:
        self._throttle, self._clock = throttle, clock
        self._due: dict[tuple[str, int], float] = {}

    def turn(self, asked: Asked) -> float:
        """Seconds until progress may be shown there; that turn is taken. Requests of one channel take turns."""
        now = self._clock()
        due = max(now, self._due.get(_lane(asked), now))
        self._book(asked, due)
        return due - now

    def result(self, asked: Asked) -> None:
        """Something better than progress was shown there."""
        self._book(asked, self._clock())

    def _book(self, asked: Asked, at: float) -> None:
        if len(self._due) >= KEPT:
            now = self._clock()
            self._due = {lane: due for lane, due in self._due.items() if due > now}
        pause = self._throttle.channel if asked.in_public else self._throttle.private
        self._due[_lane(asked)] = max(self._due.get(_lane(asked), 0.0), at + pause)


def _lane(asked: Asked) -> tuple[str, int]:
    return ("channel", asked.channel) if asked.in_public else ("asked", asked.id)
