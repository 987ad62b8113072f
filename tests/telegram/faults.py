"""What can go wrong between the bot and Telegram, when a test wants it to: seeded, so that it goes wrong the same way again.

Each verb below plants a fault and returns it; `struck` counts how often it bit. Without names a fault bites on every
method but getUpdates. It bites once unless `times` says otherwise (None: until it `ends`), and then with the given `chance`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.telegram.refusals import Refusal, broken, too_many_requests
from tests.telegram.updates import Update

SENDS = ("sendMessage", "sendPhoto", "sendDocument", "sendMediaGroup")
EDITS = ("editMessageText", "editMessageCaption", "editMessageMedia", "editMessageReplyMarkup")


@dataclass(eq=False)
class Fault:
    """`acts`: whether what was asked for happens all the same. `drops`: the connection closes without an answer."""

    name: str
    methods: tuple[str, ...]
    chance: float
    times: int | None
    rng: random.Random = field(repr=False)
    acts: bool = True
    drops: bool = False
    status: int | None = None
    delay: float = 0.0
    retry_after: int = 0
    chat: int | None = None
    struck: int = 0
    ended: bool = False
    floods_until: float = 0.0

    def ends(self) -> None:
        self.ended = True

    def bites(self, method: str, chat: object, now: float) -> bool:
        if self.ended or self.chat not in (None, chat):
            return False
        if method not in self.methods if self.methods else method == "getUpdates":
            return False
        if now < self.floods_until:
            return True
        return (self.times is None or self.struck < self.times) and self.rng.random() < self.chance

    def strike(self, now: float) -> Refusal | None:
        """What to answer in place of the method. A flood goes on for as long as it told the bot to wait."""
        self.struck += 1
        if self.retry_after:
            if now >= self.floods_until:
                self.floods_until = now + self.retry_after
            return too_many_requests(self.floods_until - now)
        return broken(self.status) if self.status else None


class Faults:
    def __init__(self, seed: int, now: Callable[[], float]) -> None:
        self._seed, self._now = seed, now
        self._planted: list[Fault] = []
        self._delivery = random.Random(f"{seed} delivery")
        self.duplicates = 0.0  #: the chance of an update to come twice, the second time even after it was confirmed
        self.reorders = 0.0  #: the chance of updates handed out together to come in another order

    def loses_answers(self, *methods: str, chance: float = 1.0, times: int | None = 1) -> Fault:
        """The request does what it asks for, and the connection closes without an answer."""
        return self._plant("lost answer", methods, chance, times, drops=True)

    def refuses(self, *methods: str, chance: float = 1.0, times: int | None = 1) -> Fault:
        """The connection closes before anything has happened."""
        return self._plant("refused", methods, chance, times, acts=False, drops=True)

    def floods(
        self, *methods: str, retry_after: int, chat: int | None = None, chance: float = 1.0, times: int | None = 1
    ) -> Fault:
        """429, and again for everybody who comes back before `retry_after` seconds have passed."""
        return self._plant("flood", methods, chance, times, acts=False, retry_after=retry_after, chat=chat)

    def breaks(
        self, *methods: str, status: int = 502, acts: bool = False, chance: float = 1.0, times: int | None = 1
    ) -> Fault:
        """A 5xx, before or (`acts`) after the request has done what it asks for."""
        assert 500 <= status < 600
        return self._plant(f"{status}", methods, chance, times, acts=acts, status=status)

    def slows(self, *methods: str, seconds: float, chance: float = 1.0, times: int | None = 1) -> Fault:
        """The request acts at once, its answer takes its time."""
        return self._plant("slow answer", methods, chance, times, delay=seconds)

    def end(self) -> None:
        for fault in self._planted:
            fault.ends()
        self._planted.clear()
        self.duplicates = self.reorders = 0.0

    def pick(self, method: str, chat: object) -> Fault | None:
        """The fault that a request meets, the first that was planted of those that would bite."""
        return next((fault for fault in self._planted if fault.bites(method, chat, self._now())), None)

    def repeats(self) -> bool:
        return self._delivery.random() < self.duplicates

    def shuffled(self, updates: Sequence[Update]) -> list[Update]:
        order = list(updates)
        if len(order) > 1 and self._delivery.random() < self.reorders:
            self._delivery.shuffle(order)
        return order

    def _plant(self, name: str, methods: tuple[str, ...], chance: float, times: int | None, **kind: Any) -> Fault:
        rng = random.Random(f"{self._seed} {len(self._planted)}")
        fault = Fault(name, methods, chance, times, rng, **kind)
        self._planted.append(fault)
        return fault
