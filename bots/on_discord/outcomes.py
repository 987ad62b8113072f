"""Telling what came of a request: its message gets the picture. A new message is sent only where that one can be changed no
more, in public only what is public, and under a name by which Discord knows it again.

Knows no queue: whoever owes an outcome calls again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import discord
import structlog

from bots.handles import issue_to
from bots.on_discord.buttons import Row, rows_of
from bots.on_discord.cards import Card, Enclosed, Letter
from bots.on_discord.fitting import Fit, fitted
from bots.on_discord.pacing import Pace
from bots.on_discord.places import NAME, NONCE_LIFE, Posted, Spot
from bots.on_discord.requests import Request, Requests
from bots.on_discord.snags import Blocked, Dead, Limited, Missing, Shut, Snag, TooLarge, Unsure, Unwanted
from bots.on_discord.wire import Wire, nonce, shrug
from bots.on_discord.words import literal, written
from bots.replies import Line, Reply, say
from core.errors import Gone, Unavailable
from core.ports import App
from core.values import DeliveryState, JobId, Owed

log = structlog.get_logger()

KEPT: Final = 1_000  #: outcomes whose buttons are remembered until they are told
RETRY: Final = 0.5  #: seconds


@dataclass(frozen=True)
class Outcome:
    """One picture, or all failures of one reason, as it is put into a message."""

    told: Reply
    owed: Sequence[Owed]
    content: str
    files: Sequence[Enclosed]
    tokens: Sequence[str]

    @property
    def first(self) -> Owed:
        return self.owed[0]

    @property
    def private(self) -> bool:
        return self.first.private or self.told.private

    def row(self, nth: int = 0) -> Row | None:
        """A picture has its buttons, and words that stand for one have none."""
        return rows_of(self.told.buttons, self.tokens, nth)[0] if self.files and self.tokens else None

    def on(self, card: Card) -> Card:
        """Added to what a message says; several pictures have numbers on their buttons."""
        several = self.first.index or not self.told.final or card.settled
        return card.told(self.content, self.row(self.first.index + 1 if several else 0), final=self.told.final)

    def is_on(self, card: Card) -> bool:
        """Perhaps with its picture made smaller."""
        if self.told.pictures:
            return all(picture.id in card.ids for picture in self.told.pictures) or self.content in card.settled
        return set(self.content.split("\n")) <= set(card.settled)


class Outcomes:
    def __init__(self, app: App, wire: Wire, requests: Requests, pace: Pace) -> None:
        self._app, self._wire, self._requests, self._pace = app, wire, requests, pace
        self._tokens: dict[tuple[JobId, int], list[str]] = {}

    async def tell(self, told: Reply, owed: Sequence[Owed]) -> DeliveryState:
        """As `bots.delivering.Door.tell`."""
        first = owed[0]
        request = await self._requests.of(first.person, first.job, first.index)
        if request is None:
            raise Gone("discord.gone")
        try:
            async with self._requests.turn(request.asked):
                request = await self._requests.of(first.person, first.job, first.index) or request
                state = await self._tell(told, owed, request)
        except Limited as limited:
            raise Unavailable("discord.busy", retry_after=limited.seconds) from None
        except Unsure:
            request.card = None  # nobody knows what it says now
            raise Unavailable("discord.unreachable", retry_after=RETRY) from None
        except Unwanted:
            log.warning("discord.refused", door=NAME, job=first.job)  # by a rule we should know
            self._forget(told, first)
            raise Gone("discord.gone") from None
        except Snag as snag:
            log.info("discord.undeliverable", door=NAME, job=first.job, error=type(snag).__name__)
            self._forget(told, first)
            raise Gone("discord.gone") from None
        self._forget(told, first)
        return state

    async def _tell(self, told: Reply, owed: Sequence[Owed], request: Request) -> DeliveryState:
        """With its picture as it is, else smaller, else with words instead of it."""
        self._pace.result(request.asked)
        tokens = await self._issued(told, owed[0])
        for fit in Fit:
            files, lines = await fitted(self._app, told.pictures, request.asked.limit, fit)
            outcome = Outcome(told, owed, literal(written([*told.lines, *lines])), files, tokens)
            try:
                state = await self._put(outcome, request)
            except TooLarge:
                continue
            except Blocked:
                await self._say_instead(outcome, request, say("discord.blocked"))
                raise
            else:
                return state if files or not told.pictures else DeliveryState.UNDELIVERABLE
        raise TooLarge

    async def _put(self, outcome: Outcome, request: Request) -> DeliveryState:
        """Into the message of its request, as long as that can be changed. Doing it twice is doing it once."""
        spot = request.spot(self._app.clock.now())
        if spot is None or not request.takes(private=outcome.private):
            return await self._send(outcome, request)
        try:
            await self._add(outcome, request, spot)
        except Dead:
            request.dead = True
        except Missing:
            if request.asked.token and request.asked.quiet:
                return await self._answer_anew(outcome, request, spot)
            request.dead = True
        else:
            return DeliveryState.DELIVERED
        log.info("discord.no_placeholder", door=NAME, job=outcome.first.job)
        return await self._send(outcome, request)

    async def _add(self, outcome: Outcome, request: Request, spot: Spot) -> None:
        """An outcome may be told again that was told before: its answer got lost, or we could not note it."""
        index = outcome.first.index
        may_be_on = bool(outcome.told.pictures) or request.card is None or index in request.tried
        card = request.card or Card.of(await self._wire.fetch(spot))
        request.tried.add(index)
        if not (may_be_on and outcome.is_on(card)):
            letter = outcome.on(card).letter(*outcome.files)
        elif outcome.told.final and card.ended() != card:
            letter = card.ended().letter()
        else:
            request.card = card
            return
        request.card = Card.of(await self._wire.change(spot, letter))

    async def _answer_anew(self, outcome: Outcome, request: Request, spot: Spot) -> DeliveryState:
        """For one person's eyes, where the message that only they saw is gone. Never twice, for that would show."""
        try:
            message = await self._wire.follow(spot, outcome.on(Card()).letter(*outcome.files), quiet=True)
        except Unsure:
            return DeliveryState.UNCERTAIN
        request.posted, request.card = Posted(message.id, further=True), Card.of(message)
        for owed in outcome.owed:
            await self._requests.keep(owed.person, owed.job, owed.index, request.posted)
        return DeliveryState.DELIVERED

    async def _send(self, outcome: Outcome, request: Request) -> DeliveryState:
        """In a message of its own, for who asked in private or in public. Raises Shut for what must not be public."""
        asked, first = request.asked, outcome.first
        if asked.guild and (asked.quiet or outcome.private):
            raise Shut
        posted = (await self._requests.standing(first.person, first.job, first.index)).posted
        if posted.told:
            return DeliveryState.DELIVERED
        now = self._app.clock.now()
        if posted.trying_since and now - posted.trying_since >= NONCE_LIFE:
            try:
                found = await self._find(outcome, request)
            except Shut:
                return DeliveryState.UNCERTAIN
            if found is not None:
                return await self._stands(outcome, request, posted, found)
            posted = replace(posted, trying_since=0)
        if not posted.trying_since:
            posted = Posted(by_bot=True, trying_since=now, placeholder=request.posted.message)
            await self._keep(outcome, posted)
        message = await self._wire.send(
            asked.channel, self._letter(outcome, request), nonce(f"{first.job}/{first.index}")
        )
        return await self._stands(outcome, request, posted, message)

    async def _stands(
        self, outcome: Outcome, request: Request, posted: Posted, message: discord.Message
    ) -> DeliveryState:
        await self._keep(outcome, posted.sent_as(message.id))
        if outcome.told.final:
            await shrug(self._tidy(request))
        return DeliveryState.DELIVERED

    async def _find(self, outcome: Outcome, request: Request) -> discord.Message | None:
        """What was sent long ago, perhaps. Raises Shut where we may not look."""
        content = self._letter(outcome, request).content
        names = {file.name for file in outcome.files}

        def is_it(message: discord.Message) -> bool:
            return message.content == content and names <= {one.filename for one in message.attachments}

        return await self._wire.look(request.asked.channel, request.asked.id, is_it)

    def _letter(self, outcome: Outcome, request: Request) -> Letter:
        """In public it says for whom it is; that calls nobody."""
        row, whom = outcome.row(), f"<@{request.asked.user}>\n" if request.asked.guild else ""
        return Letter(whom + outcome.content, [row] if row else (), outcome.files)

    async def _tidy(self, request: Request) -> None:
        """The placeholder promises nothing any more, and goes where it showed nothing else."""
        asked, message = request.asked, request.posted.message
        if not message:
            return
        spot = Spot(asked.channel, message)
        card = request.card or Card.of(await self._wire.fetch(spot))
        if card.settled:
            await self._wire.change(spot, card.ended().letter())
        else:
            await self._wire.remove(spot)

    async def _say_instead(self, outcome: Outcome, request: Request, line: Line) -> None:
        spot = request.spot(self._app.clock.now())
        if spot is not None:
            instead = replace(outcome, content=literal(written([line])), files=())
            await shrug(self._add(instead, request, spot))

    async def _keep(self, outcome: Outcome, posted: Posted) -> None:
        for owed in outcome.owed:
            await self._requests.keep(owed.person, owed.job, owed.index, posted)

    async def _issued(self, told: Reply, owed: Owed) -> list[str]:
        """The same buttons however often it has to be told."""
        if (owed.job, owed.index) not in self._tokens:
            while len(self._tokens) >= KEPT:
                del self._tokens[next(iter(self._tokens))]
            self._tokens[owed.job, owed.index] = await issue_to(self._app, owed.person, told.buttons)
        return self._tokens[owed.job, owed.index]

    def _forget(self, told: Reply, owed: Owed) -> None:
        self._tokens.pop((owed.job, owed.index), None)
        if told.final:
            self._requests.forget(owed.job)
