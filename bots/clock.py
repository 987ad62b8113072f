"""The time, without jumps: leases and deadlines must not end early because somebody set the clock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from core.values import Moment

CATCHES_UP: Final = 0.1  #: of the time that passes, at most, to make up for what the system's clock says otherwise
_MILLISECOND: Final = 1_000_000


def _steady_ns() -> int:
    """Never set, and on Linux it counts a machine's sleep."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic_ns()


class SteadyClock:
    """`core.ports.Clock`: begins at the system's time and never goes back; what is corrected there is caught up with slowly."""

    def __init__(self, wall: Callable[[], int] = time.time_ns, steady: Callable[[], int] = _steady_ns) -> None:
        self._wall, self._steady = wall, steady
        self._now, self._seen = wall(), steady()
        self._lock = threading.Lock()

    def now(self) -> Moment:
        with self._lock:
            passed = self._steady() - self._seen
            self._seen += passed
            most = int(passed * CATCHES_UP)
            off = self._wall() - (self._now + passed)
            self._now += passed + max(-most, min(most, off))
            return Moment(self._now // _MILLISECOND)
