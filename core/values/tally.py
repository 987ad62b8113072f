"""The counts of one day, in memory: how often a command was used, and whether by enough people to be kept. Pure.

People are told apart by a hash under a number that is made for the day and thrown away with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

from core.rules import DAY

FEWEST: Final = 5  #: people; what fewer did on a day is never written


@dataclass(frozen=True)
class Used:
    """How often a command was used on a day, and with which model. `day` counts from 1970."""

    day: int
    command: str
    model: str
    times: int


@dataclass
class _Bucket:
    times: int = 0
    people: set[bytes] = field(default_factory=set)


class Tally:
    """Counts until `take` asks for what is over."""

    def __init__(self) -> None:
        self._day = 0
        self._salt = b""
        self._buckets: dict[tuple[str, str], _Bucket] = {}
        self._over: list[Used] = []

    def count(self, person: str, command: str, model: str, now: int, salt: Callable[[], str]) -> None:
        """Somebody used a command. `salt` gives a new random number; it is asked once a day."""
        self._turn(now)
        if not self._salt:
            self._salt = salt().encode()[:64]
        bucket = self._buckets.setdefault((command, model), _Bucket())
        bucket.times += 1
        if len(bucket.people) < FEWEST:
            bucket.people.add(blake2b(person.encode(), key=self._salt, digest_size=16).digest())

    def take(self, now: int) -> list[Used]:
        """The figures of days that are over, each once."""
        self._turn(now)
        over, self._over = self._over, []
        return over

    def give_back(self, over: list[Used]) -> None:
        """They could not be written: they are given again at the next `take`."""
        self._over = over + self._over

    def _turn(self, now: int) -> None:
        """When a day is over, forget who was there, and what too few did."""
        day = now // DAY
        if day == self._day:
            return
        self._over += [
            Used(self._day, command, model, bucket.times)
            for (command, model), bucket in sorted(self._buckets.items())
            if len(bucket.people) >= FEWEST
        ]
        self._day, self._salt, self._buckets = day, b"", {}
