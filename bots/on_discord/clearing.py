"""Taking back what was shown of a request that is over, or of a picture that is destroyed. Knows no command."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import partial

import discord

from bots.on_discord.cards import Card
from bots.on_discord.places import Asked, Posted, Spot
from bots.on_discord.requests import Request, Requests
from bots.on_discord.snags import Limited, Missing, Snag, Unsure
from bots.on_discord.wire import Wire, insist, shrug
from bots.on_discord.words import literal, read_by
from bots.replies import Reply
from core import accounts
from core.errors import Unavailable
from core.periods import Keeping
from core.ports import App
from core.records import Records
from core.values import JobId, PersonId, PictureId, Who
from core.values.receipts import Taken


@dataclass(frozen=True)
class Pressed:
    """The message whose button was pressed, and how it can be changed because of that."""

    message: discord.Message
    spot: Spot
    token: str = field(repr=False)


@dataclass(frozen=True)
class State:
    """What is true of a request and of the pictures a message shows."""

    over: bool
    there: Collection[str]


class Clearing:
    def __init__(self, app: App, wire: Wire, requests: Requests) -> None:
        self._app, self._wire, self._requests = app, wire, requests

    async def clear(self, who: Who, told: Reply, pressed: Pressed | None = None) -> None:
        """Every message about that request says this instead of what is not so any more; so does the one that was pressed."""
        person = await accounts.find(self._app, who)
        if person is None or told.job is None:
            return
        cleared = await self._clear_posted(person.id, told.job, told, pressed)
        if pressed is not None and pressed.message.id not in cleared:
            card = Card.of(pressed.message)
            content = _said(told, in_public=bool(pressed.message.guild) and not pressed.message.flags.ephemeral)
            state = await self._app.database.run(_state, told.job, card.ids, self._app.keeping)
            changed = _without(card, state.there, content) or card.closed(content, pressed.token)
            await shrug(insist(lambda: self._wire.change(pressed.spot, changed.letter())))

    async def take_back(self, person: PersonId, job: JobId, index: int) -> Taken:
        """A message of somebody who is being erased. Raises Unavailable when it is worth trying later."""
        standing = await self._requests.standing(person, job, index)
        asked, posted = standing.asked, standing.posted
        if asked is None or posted == Posted():
            return Taken.GONE if asked is None else await self._remove(asked.first if self._lives(asked) else None)
        async with self._requests.turn(asked):
            self._requests.forget(job)
            return await self._remove(asked.spot(posted, self._app.clock.now()))

    def _lives(self, asked: Asked) -> bool:
        return asked.answerable(self._app.clock.now())

    async def _remove(self, spot: Spot | None) -> Taken:
        """A message only its person sees can be deleted only as long as its token lives."""
        if spot is None:
            return Taken.LEFT
        try:
            await self._wire.remove(spot)
        except Missing:
            return Taken.GONE
        except (Limited, Unsure) as snag:
            wait = snag.seconds if isinstance(snag, Limited) else None
            raise Unavailable("discord.unreachable", retry_after=wait) from None
        except Snag:
            return Taken.LEFT
        return Taken.GONE

    async def _clear_posted(self, person: PersonId, job: JobId, told: Reply, pressed: Pressed | None) -> set[int]:
        """The messages this was done to."""
        request = await self._requests.of(person, job)
        if request is None:
            return set()
        cleared = set()
        content = _said(told, in_public=request.asked.in_public)
        async with self._requests.turn(request.asked):
            for message, posted in (await self._requests.messages(person, job)).items():
                if pressed is not None and message == pressed.message.id:
                    spot: Spot | None = pressed.spot
                else:
                    spot = request.asked.spot(posted, self._app.clock.now())
                if spot is not None:
                    await shrug(self._clear_one(job, request, posted, spot, content))
                    cleared.add(message)
        return cleared

    async def _clear_one(self, job: JobId, request: Request, posted: Posted, spot: Spot, content: str) -> None:
        known = request.card if posted.message == request.posted.message else None
        card = known or Card.of(await insist(partial(self._wire.fetch, spot)))
        state = await self._app.database.run(_state, job, card.ids, self._app.keeping)
        changed = _without(card, state.there, content)
        if changed is None and state.over and (card.moment or card.others):
            changed = card.closed(content)
        if changed is not None:
            message = await insist(lambda: self._wire.change(spot, changed.letter()))
            request.card = Card.of(message) if known else request.card
        if state.over:
            self._requests.forget(job)


def _said(told: Reply, *, in_public: bool) -> str:
    return literal(read_by(told, in_public=in_public))


def _without(card: Card, there: Collection[str], content: str) -> Card | None:
    """None where every picture it shows is there still."""
    gone = set(card.ids) - set(there)
    return card.without(gone, content) if gone else None


def _state(tx: Records, job: JobId, pictures: list[str], keeping: Keeping) -> State:
    found = tx.jobs.get(job)
    there = [id_ for id_ in pictures if tx.pictures.get(PictureId(id_), keeping) is not None]
    return State(found is None or not found.state.is_open, there)
