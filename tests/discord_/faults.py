"""What may go wrong between a bot and Discord, on purpose and reproducibly: each fault has a route, a count or a seeded share.

A fault strikes the next request (or event) that matches, or the next `times`; with `share` it strikes that part of all that
match, drawn by the server's seed and the fault's place in the order of planting (`share=1`: always).
"""

from __future__ import annotations

import enum
import math
import random
import time
from collections import deque
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

ANY = "*"


class Kind(enum.Enum):
    SLOW = enum.auto()  #: it happens late
    SLOW_AFTER = enum.auto()  #: it happens, and the answer comes late
    RESET = enum.auto()  #: the connection is reset before anything happens
    LIMITED = enum.auto()  #: 429
    FAILED = enum.auto()  #: 5xx, nothing happened
    REFUSED = enum.auto()  #: an error of Discord's by its code
    FAILED_AFTER = enum.auto()  #: 5xx, although it happened
    LOST = enum.auto()  #: it happened, and the connection closes without an answer
    TWICE = enum.auto()  #: an event is delivered twice
    LATER = enum.auto()  #: an event is delivered after the next one


EVENTS = (Kind.TWICE, Kind.LATER)


@dataclass
class Fault:
    kind: Kind
    on: str  #: `METHOD /path/{template}` or an event's name; may hold `*`
    times: int | None
    share: float | None
    rng: random.Random = field(repr=False)
    status: int = 0
    code: int = 0
    seconds: float = 0.0
    scope: str = "user"
    struck: int = 0

    @property
    def over(self) -> bool:
        return self.times is not None and self.struck >= self.times

    def strikes(self, what: str) -> bool:
        if self.over or not (self.on == what or fnmatchcase(what, self.on)):
            return False
        if self.share is not None and self.rng.random() >= self.share:
            return False
        self.struck += 1
        return True


@dataclass
class Bucket:
    """A rate limit that is kept: `limit` requests in `per` seconds for each channel, server or webhook."""

    on: str
    limit: int
    per: float
    taken: dict[str, deque[float]] = field(default_factory=dict)

    def take(self, major: str, now: float) -> tuple[int, float]:
        """How many are left and until when; -1 where there was none."""
        taken = self.taken.setdefault(major, deque())
        while taken and taken[0] <= now - self.per:
            taken.popleft()
        if len(taken) < self.limit:
            taken.append(now)
            return self.limit - len(taken), taken[0] + self.per - now
        return -1, taken[0] + self.per - now


class Faults:
    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._planted: list[Fault] = []
        self._count = 0
        self._buckets: list[Bucket] = []
        self._everything_waits_until = 0.0

    def loses_answer(self, on: str = ANY, *, times: int | None = None, share: float | None = None) -> Fault:
        return self._plant(Kind.LOST, on, times, share)

    def resets(self, on: str = ANY, *, times: int | None = None, share: float | None = None) -> Fault:
        return self._plant(Kind.RESET, on, times, share)

    def limits(
        self,
        on: str = ANY,
        *,
        retry_after: float = 0.05,
        scope: str = "user",
        times: int | None = None,
        share: float | None = None,
    ) -> Fault:
        """429; scope `global` makes every route wait until then, `shared` is somebody else's doing."""
        return self._plant(Kind.LIMITED, on, times, share, seconds=retry_after, scope=scope)

    def fails(
        self,
        on: str = ANY,
        *,
        status: int = 502,
        after_acting: bool = False,
        times: int | None = None,
        share: float | None = None,
    ) -> Fault:
        return self._plant(Kind.FAILED_AFTER if after_acting else Kind.FAILED, on, times, share, status=status)

    def refuses(self, on: str, code: int, *, times: int | None = None, share: float | None = None) -> Fault:
        return self._plant(Kind.REFUSED, on, times, share, code=code)

    def slows(
        self,
        on: str = ANY,
        *,
        seconds: float,
        after_acting: bool = False,
        times: int | None = None,
        share: float | None = None,
    ) -> Fault:
        return self._plant(Kind.SLOW_AFTER if after_acting else Kind.SLOW, on, times, share, seconds=seconds)

    def duplicates(self, event: str = ANY, *, times: int | None = None, share: float | None = None) -> Fault:
        return self._plant(Kind.TWICE, event, times, share)

    def reorders(self, event: str = ANY, *, times: int | None = None, share: float | None = None) -> Fault:
        return self._plant(Kind.LATER, event, times, share)

    def keeps_bucket(self, on: str, *, limit: int, per: float) -> Bucket:
        """A real rate limit on a route, with its headers."""
        bucket = Bucket(on, limit, per)
        self._buckets.append(bucket)
        return bucket

    def menu(self, share: float) -> list[Fault]:
        """Everything at once, each with that share."""
        failures = [(status, after) for status in (502, 503) for after in (False, True)]
        return [
            self.loses_answer(share=share),
            self.resets(share=share),
            self.limits(share=share),
            *(self.fails(status=status, after_acting=after, share=share) for status, after in failures),
            *(self.slows(seconds=0.05, after_acting=after, share=share) for after in (False, True)),
            self.duplicates(share=share),
            self.reorders(share=share),
        ]

    def stop(self) -> None:
        """From here on all is well."""
        self._planted.clear()
        self._buckets.clear()
        self._everything_waits_until = 0.0

    def of_request(self, route: str) -> dict[Kind, Fault]:
        return {fault.kind: fault for fault in self._live() if fault.kind not in EVENTS and fault.strikes(route)}

    def of_event(self, name: str) -> set[Kind]:
        return {fault.kind for fault in self._live() if fault.kind in EVENTS and fault.strikes(name)}

    def bucket_of(self, route: str) -> Bucket | None:
        return next((bucket for bucket in self._buckets if fnmatchcase(route, bucket.on)), None)

    def close_everything(self, seconds: float) -> None:
        self._everything_waits_until = max(self._everything_waits_until, time.monotonic() + seconds)

    @property
    def everything_waits(self) -> float:
        """Seconds of a global limit that are left."""
        return max(0.0, self._everything_waits_until - time.monotonic())

    def _plant(
        self,
        kind: Kind,
        on: str,
        times: int | None,
        share: float | None,
        *,
        status: int = 0,
        code: int = 0,
        seconds: float = 0.0,
        scope: str = "user",
    ) -> Fault:
        if not (share is None or (0 <= share <= 1 and math.isfinite(share))):
            raise ValueError(f"a share is between 0 and 1, not {share}")
        self._count += 1
        rng = random.Random(f"{self._seed} {self._count} {kind.name} {on}")
        once = 1 if times is None and share is None else times
        fault = Fault(kind, on, once, share, rng, status=status, code=code, seconds=seconds, scope=scope)
        self._planted.append(fault)
        return fault

    def _live(self) -> list[Fault]:
        self._planted = [fault for fault in self._planted if not fault.over]
        return self._planted
