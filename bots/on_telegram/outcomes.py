"""Telling what came of a request: the placeholder becomes the picture. A new message is sent only where none stands, and a
picture whose sending may have worked is never sent again. Knows no queue: whoever owes an outcome calls again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import structlog
from telegram import InlineKeyboardMarkup

from bots.chatting import pause_after
from bots.handles import issue_to
from bots.on_telegram.insisting import shrug
from bots.on_telegram.pacing import Urgency
from bots.on_telegram.places import Place
from bots.on_telegram.posts import Posts
from bots.on_telegram.snags import (
    Closed,
    Flooded,
    Missing,
    Moved,
    Snag,
    Stuck,
    Unreached,
    Unsure,
    Unwanted,
    Wordless,
)
from bots.on_telegram.wire import Shown, Wire
from bots.on_telegram.words import CAPTION, keyboard, pieces, written
from bots.replies import Reply
from core.errors import Gone, Unavailable
from core.ports import App
from core.values import DeliveryState, JobId, Owed

log = structlog.get_logger()

PATIENCE: Final = 2.0  #: seconds an outcome waits for the answer to its request
KEPT: Final = 1_000  #: keyboards of outcomes that are still to be told


class Outcomes:
    def __init__(self, app: App, wire: Wire, posts: Posts) -> None:
        self._app, self._wire, self._posts = app, wire, posts
        self._keyboards: dict[tuple[JobId, int], InlineKeyboardMarkup | None] = {}
        self._failures = 0

    async def tell(self, told: Reply, owed: Sequence[Owed]) -> DeliveryState:
        """As `bots.delivering.Door.tell`."""
        try:
            async with self._posts.lock(owed[0].job):
                state = await self._tell(told, owed)
        except Flooded as flood:
            raise Unavailable("telegram.busy", retry_after=flood.seconds) from None
        except (Unreached, Unsure):
            self._failures += 1
            pause = pause_after(self._failures)
            raise Unavailable("telegram.unreachable", retry_after=pause) from None
        except Closed:
            raise Gone("telegram.gone") from None
        except Snag as snag:
            log.warning("telegram.refused", door="telegram", job=owed[0].job, error=type(snag).__name__)
            raise Gone("telegram.gone") from None
        self._failures = 0
        return state

    async def _tell(self, told: Reply, owed: Sequence[Owed]) -> DeliveryState:
        first = owed[0]
        standing = [await self._posts.of(one.person, one.job, one.index) for one in owed]
        origin = standing[0].origin
        if origin is None:
            raise Closed
        if not await self._posts.answered(origin, PATIENCE):
            raise Flooded(PATIENCE)
        if any(one.post is None for one in standing):
            standing = [await self._posts.of(one.person, one.job, one.index) for one in owed]
        posts = [(one.index, found.post) for one, found in zip(owed, standing, strict=True) if found.post is not None]
        if told.private:
            posts = [(index, post) for index, post in posts if post.in_private]
            origin = origin if origin.in_private else origin.alone()
        if told.pictures:
            return await self._picture(told, first, posts[0][1] if posts else None, origin)
        return await self._failure(told, first, posts, origin)

    # A picture

    async def _picture(self, told: Reply, owed: Owed, post: Place | None, origin: Place) -> DeliveryState:
        picture, place = told.pictures[0], post or origin
        caption = (pieces(self._text(told, place), CAPTION) or [""])[0]
        shown = Shown(picture.data, f"{picture.id}.{picture.format}", caption)
        markup = await self._keyboard(told, owed)
        state, stands = DeliveryState.DELIVERED, await self._put(post, shown, markup) if post else None
        if stands is None:
            state, stands = await self._send(origin, shown, markup)
        self._keyboards.pop((owed.job, owed.index), None)
        if stands is not None:
            await self._posts.keep(owed.person, owed.job, owed.index, replace(stands, asker=origin.asker), told=True)
        return state

    async def _put(self, post: Place, shown: Shown, markup: InlineKeyboardMarkup | None) -> Place | None:
        """Into the message that stands; None where none does. Doing it twice is doing it once."""
        try:
            await self._wire.put(post, shown, markup, Urgency.RESULT)
        except (Missing, Moved, Unwanted) as snag:
            log.info("telegram.no_placeholder", door="telegram", error=type(snag).__name__)
            return None
        return post

    async def _send(
        self, place: Place, shown: Shown, markup: InlineKeyboardMarkup | None
    ) -> tuple[DeliveryState, Place | None]:
        """In a new message. When nobody knows whether it arrived, it is not sent again."""
        for _ in range(2):
            try:
                sent = await self._wire.show(place, shown, markup, Urgency.RESULT)
            except Moved as moved:
                place = replace(place, chat=moved.chat, message=0)
            except Unsure:
                return DeliveryState.UNCERTAIN, None
            else:
                return DeliveryState.DELIVERED, sent
        raise Closed

    async def _keyboard(self, told: Reply, owed: Owed) -> InlineKeyboardMarkup | None:
        """Made once: an outcome that is told again has the same buttons."""
        key = (owed.job, owed.index)
        if key not in self._keyboards:
            while len(self._keyboards) >= KEPT:
                del self._keyboards[next(iter(self._keyboards))]
            self._keyboards[key] = keyboard(told.buttons, await issue_to(self._app, owed.person, told.buttons))
        return self._keyboards[key]

    # No picture

    async def _failure(self, told: Reply, owed: Owed, posts: list[tuple[int, Place]], origin: Place) -> DeliveryState:
        """One message says it for all that are missing; their other placeholders go."""
        state, said = DeliveryState.DELIVERED, False
        for index, post in posts:
            if said:
                await shrug(self._remove(post))
            else:
                said = await self._say_in(post, self._text(told, post))
            await self._posts.keep(owed.person, owed.job, index, post, told=True)
        if not said:
            state = await self._say_anew(origin, self._text(told, origin))
        return state

    async def _say_in(self, post: Place, text: str) -> bool:
        """False where the message is gone. A preview is not left standing over a picture that does not come."""
        try:
            try:
                await self._wire.rewrite(post, text, None, Urgency.RESULT)
            except Wordless:
                await self._wire.blank(post, text, Urgency.RESULT)
        except (Missing, Moved, Unwanted):
            return False
        return True

    async def _say_anew(self, place: Place, text: str) -> DeliveryState:
        for _ in range(2):
            try:
                await self._wire.say(place, text, urgency=Urgency.RESULT)
            except Moved as moved:
                place = replace(place, chat=moved.chat, message=0)
            except Unsure:
                return DeliveryState.UNCERTAIN
            else:
                return DeliveryState.DELIVERED
        raise Closed

    async def _remove(self, post: Place) -> None:
        try:
            await self._wire.delete(post, Urgency.RESULT)
        except Stuck:
            return

    def _text(self, told: Reply, place: Place) -> str:
        """What may be read there."""
        lines = told.lines if place.in_private else told.seen_by_all()
        return written(lines, public=not place.in_private)
