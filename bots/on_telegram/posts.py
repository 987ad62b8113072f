"""Which message speaks of which picture: remembered sealed, changed by one at a time. Knows no network."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final
from weakref import WeakValueDictionary

from bots.on_telegram.places import Place, read_place
from core.ports import App
from core.requests import delivery
from core.values import JobId, PersonId

GLANCE: Final = 0.05  #: seconds


@dataclass(frozen=True)
class Standing:
    """Where a request was asked, and the message about one of its pictures; None for what is not known."""

    origin: Place | None
    post: Place | None


class Posts:
    def __init__(self, app: App) -> None:
        self._app = app
        self._locks: WeakValueDictionary[JobId, asyncio.Lock] = WeakValueDictionary()
        self._being_answered: Counter[str] = Counter()

    def lock(self, job: JobId) -> asyncio.Lock:
        """Whoever changes a message about this request holds it, so that progress never overwrites a result."""
        return self._locks.setdefault(job, asyncio.Lock())

    async def keep(self, person: PersonId, job: JobId, index: int, place: Place, *, told: bool = False) -> None:
        await delivery.posted(self._app, person, job, index, replace(place, told=told).write())

    async def of(self, person: PersonId, job: JobId, index: int) -> Standing:
        found = await delivery.whereabouts(self._app, person, job, index)
        return Standing(
            read_place(found.origin) if found.origin else None, read_place(found.post) if found.post else None
        )

    async def of_job(self, person: PersonId, job: JobId) -> list[tuple[int, Place]]:
        """Every message about a request of this person, each with the picture it speaks of."""
        count = await delivery.count_of(self._app, person, job)
        standing = [(index, (await self.of(person, job, index)).post) for index in range(count)]
        return [(index, post) for index, post in standing if post is not None]

    @contextmanager
    def answering(self, origin: str) -> Iterator[None]:
        """While somebody who asked there is being answered: a quick picture must not come before its placeholder."""
        self._being_answered[origin] += 1
        try:
            yield
        finally:
            self._being_answered[origin] -= 1
            if not self._being_answered[origin]:
                del self._being_answered[origin]

    async def answered(self, origin: Place, within: float) -> bool:
        """Wait for who asked there to be answered; False when that takes too long."""
        address, waited = origin.write(), 0.0
        while address in self._being_answered and waited < within:
            await asyncio.sleep(GLANCE)
            waited += GLANCE
        return address not in self._being_answered
