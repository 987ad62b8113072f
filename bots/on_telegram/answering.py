"""Answers where somebody spoke or pressed: what is private never where others read along. Decides where, not how it looks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

import structlog

from bots.handles import redeem
from bots.on_telegram.clearing import Clearing
from bots.on_telegram.insisting import insist, shrug
from bots.on_telegram.lanes import Lanes
from bots.on_telegram.places import Place, link
from bots.on_telegram.posts import Posts
from bots.on_telegram.reading import Heard, Pressed
from bots.on_telegram.showing import Showing
from bots.on_telegram.snags import Closed, Snag
from bots.on_telegram.wire import Wire
from bots.on_telegram.words import TOAST, leading, written
from bots.parsing import spell
from bots.replies import Form, Line, Reply, say
from core.errors import Trouble
from core.ports import App
from core.values import Who

log = structlog.get_logger()

GLANCE: Final = 1.5  #: seconds a press waits to learn whether its answer arrived in the private chat


class Answers:
    """`lanes`: messages of one chat go out one after the other, and a slow chat holds up no other."""

    def __init__(self, app: App, wire: Wire, posts: Posts, lanes: Lanes, username: Callable[[], str]) -> None:
        self._app, self._wire, self._lanes, self._username = app, wire, lanes, username
        self._showing = Showing(app, wire, posts)
        self._clearing = Clearing(app, wire, posts)

    def to_words(self, who: Who, heard: Heard, reply: Reply) -> asyncio.Future[None]:
        """To something that was said; the future is done when everything was tried."""
        place = _target(heard.place, reply)
        return self._lanes.put(place.chat, partial(self._answer_words, who, heard, reply, place))

    def to_press(self, who: Who, pressed: Pressed, reply: Reply) -> asyncio.Future[None]:
        """To a button, which stops waiting at once; what is more than a glance follows as a message."""
        return self._lanes.put(pressed.query, partial(self._answer_press, who, pressed, reply))

    def note(self, place: Place, line: Line) -> None:
        """A sentence that is no command's answer."""
        text = written([line], public=not place.in_private)
        self._put(place, lambda: insist(self._wire.say, place, text))

    async def _answer_words(self, who: Who, heard: Heard, reply: Reply, place: Place) -> None:
        try:
            await self._showing.show(who, reply, place)
        except Closed:
            if place.chat == heard.place.chat:
                log.info("telegram.closed", door=who.door)
            else:
                self._point_elsewhere(heard, reply)
        if reply.replaces:
            await self._clearing.replace(who, reply, None)

    async def _answer_press(self, who: Who, pressed: Pressed, reply: Reply) -> None:
        text = written(reply.lines)
        brief = _only_words(reply) and len(text) <= TOAST
        place = _target(pressed.place, reply)
        elsewhere = place.chat != pressed.place.chat
        if reply.replaces:
            await self._toast(who, pressed, text if brief else "")
            await self._lanes.put(pressed.place.chat, partial(self._clearing.replace, who, reply, pressed))
        elif brief and (reply.error or elsewhere):
            await self._toast(who, pressed, text, alert=True)
        elif elsewhere:
            await self._answer_alone(who, pressed, reply, place)
        else:
            await self._toast(who, pressed)
            await self._put(place, lambda: self._showing.show(who, reply, place))

    async def _answer_alone(self, who: Who, pressed: Pressed, reply: Reply, place: Place) -> None:
        """A press in a group whose answer is for one person: in the private chat, or behind a link that opens it."""
        closed = asyncio.Event()

        async def work() -> None:
            try:
                await self._showing.show(who, reply, place)
            except Closed:
                closed.set()

        done = self._lanes.put(place.chat, work)
        await asyncio.wait([done], timeout=GLANCE)
        if closed.is_set():
            await self._toast(who, pressed, url=link(self._username(), await self._line_of(who, pressed)))
            return
        await self._toast(who, pressed, written([say("telegram.answered_alone")]))
        await done
        if closed.is_set():  # a press is answered once, and that was too early
            self._lead(pressed.place, link(self._username(), await self._line_of(who, pressed)))

    def _point_elsewhere(self, heard: Heard, reply: Reply) -> None:
        """One line in the group that leads to where it can be answered."""
        waits = reply.job is not None and not reply.final
        url = link(self._username(), "/queue" if waits else heard.line)
        self._lead(heard.place, url)

    def _lead(self, place: Place, url: str) -> None:
        text, markup = written([say("telegram.not_here")]), leading(say("telegram.open"), url)
        self._put(place, lambda: insist(self._wire.say, place, text, markup))

    async def _line_of(self, who: Who, pressed: Pressed) -> str:
        """The command behind a button."""
        try:
            button = await redeem(self._app, who, pressed.token)
        except Trouble:
            return "/start"
        return spell(Form(button.command, button.arguments))

    async def _toast(
        self, who: Who, pressed: Pressed, text: str = "", *, alert: bool = False, url: str | None = None
    ) -> None:
        """Too late for it, a sentence goes to the private chat, never to the group."""
        try:
            await self._wire.answer(pressed.query, text, alert=alert, url=url)
        except Snag as snag:
            log.info("telegram.unanswered", door=who.door, error=type(snag).__name__)
            if alert:
                alone = pressed.place.alone()
                self._put(alone, lambda: insist(self._wire.say, alone, text))

    def _put(self, place: Place, work: Callable[[], Awaitable[object]]) -> asyncio.Future[None]:
        return self._lanes.put(place.chat, lambda: shrug(work()))


def _target(place: Place, reply: Reply) -> Place:
    """Private things go to the private chat, everything else to where it was asked, there as a reply."""
    if place.in_private:
        return place.at(0)
    return place.alone() if reply.private else place


def _only_words(reply: Reply) -> bool:
    more = reply.pictures or reply.files or reply.buttons or reply.form
    return not more and (reply.job is None or reply.final)
