"""A reply as messages: text in pieces, pictures, files, a form to copy, placeholders of what is to come. Knows no privacy:
where it may stand is decided before.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import structlog
from telegram import InlineKeyboardMarkup

from bots.handles import issue
from bots.on_telegram.insisting import insist, insist_once
from bots.on_telegram.places import Place
from bots.on_telegram.posts import Posts
from bots.on_telegram.snags import Closed, Snag, Unfit
from bots.on_telegram.wire import Shown, Wire
from bots.on_telegram.words import CAPTION, keyboard, pieces, to_copy, units, written
from bots.parsing import spell
from bots.replies import Form, Reply, ShownPicture, say
from core import accounts
from core.ports import App
from core.values import Who

log = structlog.get_logger()

ALBUM: Final = 10  #: pictures at most: https://core.telegram.org/bots/api#sendmediagroup


class Showing:
    def __init__(self, app: App, wire: Wire, posts: Posts) -> None:
        self._app, self._wire, self._posts = app, wire, posts

    async def show(self, who: Who, reply: Reply, place: Place) -> None:
        """Raises Closed where nothing can be said; what else goes wrong is noted and left."""
        lines = reply.lines if place.in_private else reply.seen_by_all()
        text = written(lines, public=not place.in_private)
        try:
            markup = keyboard(reply.buttons, await issue(self._app, who, reply.buttons))
            if reply.job is not None and not reply.final:
                await self._placeholders(who, reply, place, text, markup)
            else:
                await self._messages(reply, place, text, markup)
        except Closed:
            raise
        except Snag as snag:
            log.info("telegram.unanswered", door=who.door, error=type(snag).__name__)

    async def _messages(self, reply: Reply, place: Place, text: str, markup: InlineKeyboardMarkup | None) -> None:
        captioned = units(text) <= CAPTION
        if len(reply.pictures) == 1 and captioned and _label(reply.pictures[0]) in text:
            await insist_once(self._wire.show, place, _shown(reply.pictures[0], text), markup)
        elif reply.pictures:
            await self._pictures(place, reply.pictures)
            await self._say(place.at(0), text, markup)
        elif not (reply.files and captioned):
            await self._say(place, text, markup)
        for nth, file in enumerate(reply.files):
            caption = text if captioned and nth == 0 else ""
            await insist(self._wire.hand_over, place, file, caption)
        if reply.form is not None:
            await self._form(place.at(0), reply.form)

    async def _placeholders(
        self, who: Who, reply: Reply, place: Place, text: str, markup: InlineKeyboardMarkup | None
    ) -> None:
        """One message for each picture that will come; it is edited until it is that picture."""
        person = await accounts.find(self._app, who)
        assert person is not None, "only people with an account have requests"
        assert reply.job is not None
        for index in range(reply.count):
            if index:
                text, markup = written([say("telegram.nth", nth=index + 1, count=reply.count)]), None
            sent = await insist(self._wire.say, place, pieces(text)[0], markup)
            await self._posts.keep(person.id, reply.job, index, replace(sent, asker=place.asker))

    async def _say(self, place: Place, text: str, markup: InlineKeyboardMarkup | None) -> None:
        """Long texts in several messages, the buttons under the last."""
        parts = pieces(text)
        for nth, part in enumerate(parts, 1):
            await insist(self._wire.say, place, part, markup if nth == len(parts) else None)
            place = place.at(0)

    async def _pictures(self, place: Place, pictures: tuple[ShownPicture, ...]) -> None:
        """As albums, each picture under its own name; one alone, or one that is no photo, in a message of its own."""
        shown = [_shown(one, _label(one)) for one in pictures]
        for begin in range(0, len(shown), ALBUM):
            together = shown[begin : begin + ALBUM]
            try:
                await insist_once(self._wire.show_together, place, together)
            except Unfit:
                for one in together:
                    await insist_once(self._wire.show, place, one, None)

    async def _form(self, place: Place, form: Form) -> None:
        """The line one would type: a touch copies it, to be changed and sent."""
        for part in pieces(spell(form)):
            entities, markup = to_copy(part)
            await insist(self._wire.say, place, part, markup, entities)


def _label(picture: ShownPicture) -> str:
    """Every picture is called what it is."""
    return written([say("telegram.picture", id=picture.id)])


def _shown(picture: ShownPicture, caption: str) -> Shown:
    return Shown(picture.data, f"{picture.id}.{picture.format}", caption)
