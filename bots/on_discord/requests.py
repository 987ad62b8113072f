"""Requests of this door that are open: where each was asked, which message is about it and what that says.

Remembered as long as this process lives, and found again in the sealed records. Whoever changes a message about a request
takes its turn, so that progress never overwrites a result, and no picture comes before its placeholder.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final
from weakref import WeakValueDictionary

from bots.on_discord.cards import Card
from bots.on_discord.places import Asked, Posted, Spot, Standing, read
from core.ports import App
from core.requests import delivery
from core.values import JobId, Moment, PersonId

KEPT: Final = 2_000  #: requests; older ones are looked up when something comes of them


@dataclass
class Request:
    """`card` is what its message says, None where that has to be looked at. `dead`: Discord takes no answer any more.

    `gone`: somebody deleted its message. `tried`: pictures of which it may say already what came of them.
    """

    asked: Asked
    posted: Posted
    card: Card | None = None
    dead: bool = False
    gone: bool = False
    tried: set[int] = field(default_factory=set)

    def takes(self, *, private: bool) -> bool:
        """Whether its message may show something private: never where others read along."""
        return not private or not self.asked.in_public or self.posted.further

    def spot(self, now: Moment) -> Spot | None:
        """Where its message can be changed by what it was asked with."""
        spot = self.asked.spot(self.posted, now)
        return None if spot is None or self.dead or not (spot.token or self.posted.by_bot) else spot


class Requests:
    def __init__(self, app: App) -> None:
        self._app = app
        self._known: OrderedDict[JobId, Request] = OrderedDict()
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    def turn(self, asked: Asked) -> asyncio.Lock:
        return self._turns.setdefault(asked.id, asyncio.Lock())

    async def begin(self, person: PersonId, job: JobId, count: int, request: Request) -> None:
        """Its placeholder stands."""
        self._remember(job, request, anew=True)
        for index in range(count):
            await self.keep(person, job, index, request.posted)

    async def keep(self, person: PersonId, job: JobId, index: int, posted: Posted) -> None:
        await delivery.posted(self._app, person, job, index, posted.write())

    async def standing(self, person: PersonId, job: JobId, index: int) -> Standing:
        return read(await delivery.whereabouts(self._app, person, job, index))

    async def of(self, person: PersonId, job: JobId, index: int = 0) -> Request | None:
        """None for a request without a place to answer at."""
        if (known := self._known.get(job)) is not None:
            return known
        found = await self.standing(person, job, index)
        if found.asked is None:
            return None
        posted = found.posted
        if posted.trying_since or posted.told:
            posted = Posted(posted.placeholder)
        return self._remember(job, Request(found.asked, posted))

    async def messages(self, person: PersonId, job: JobId) -> dict[int, Posted]:
        """Every message about a request of this person, by its number; 0 is the first answer."""
        count = await delivery.count_of(self._app, person, job)
        standing = [(await self.standing(person, job, index)).posted for index in range(count)]
        return {posted.message: posted for posted in standing if not posted.trying_since}

    def forget(self, job: JobId) -> None:
        """Everything came of it that will."""
        self._known.pop(job, None)

    def _remember(self, job: JobId, request: Request, *, anew: bool = False) -> Request:
        """Whoever looked it up while its placeholder was on its way knows less."""
        if anew:
            self._known.pop(job, None)
        found = self._known.setdefault(job, request)
        if len(self._known) > KEPT:
            self._known.popitem(last=False)
        return found
