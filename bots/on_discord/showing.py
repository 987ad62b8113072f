"""A reply as messages: what is private never where others read along, and placeholders of what is to come. Knows no command."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Final

import discord
import structlog

from bots.handles import issue
from bots.on_discord.buttons import rows_of
from bots.on_discord.cards import Card, Enclosed, Letter
from bots.on_discord.fitting import Fit, fitted, unchanged
from bots.on_discord.places import NAME, Asked, Posted
from bots.on_discord.requests import Request, Requests
from bots.on_discord.snags import Snag, TooLarge
from bots.on_discord.wire import Wire, insist, nonce, removed, shrug
from bots.on_discord.words import interim, literal, pieces, read_by, written
from bots.parsing import spell
from bots.replies import Reply, say
from core import accounts
from core.ports import App
from core.values import Who

log = structlog.get_logger()

MESSAGES: Final = 3  #: a text that needs more of them is a file instead
TEXT: Final = "darkroom.txt"


class Showing:
    def __init__(self, app: App, wire: Wire, requests: Requests) -> None:
        self._app, self._wire, self._requests = app, wire, requests

    async def show(self, who: Who, asked: Asked, told: Reply, first: int = 0) -> None:
        """As the answer to what was asked. `first` is the number of the message that says so far that the bot is thinking."""
        elsewhere = told.private and asked.in_public
        if elsewhere and not await removed(partial(self._wire.remove, asked.first)):
            log.info("discord.unanswered", door=NAME)
            return
        answered = replace(asked, quiet=True) if elsewhere else asked
        request = Request(answered, Posted(0 if elsewhere else first, further=elsewhere, by_bot=not asked.token))
        try:
            message = await self._answer(who, answered, told, anew=elsewhere)
            request.posted, request.card = replace(request.posted, message=message.id), Card.of(message)
        except Snag as snag:
            log.info("discord.unanswered", door=NAME, error=type(snag).__name__)
        if told.job is not None and not told.final:
            person = await accounts.find(self._app, who)
            assert person is not None, "only people with an account have requests"
            await self._requests.begin(person.id, told.job, told.count, request)

    async def follow(self, who: Who, asked: Asked, told: Reply) -> None:
        """Beside the message whose button was pressed, for who pressed it."""
        for letter in await self._letters(who, asked, told, Fit.AS_THEY_ARE):
            await shrug(self._wire.follow(asked.first, letter, quiet=bool(asked.guild)))

    async def _answer(self, who: Who, asked: Asked, told: Reply, *, anew: bool) -> discord.Message:
        """The first message of the answer, with the others behind it. What is too large is made smaller or left out."""
        for fit in Fit:
            first, *others = await self._letters(who, asked, told, fit)
            try:
                message = await self._first(asked, first, anew=anew)
            except TooLarge:
                continue
            for nth, letter in enumerate(others, 1):
                await shrug(self._another(asked, letter, nth))
            return message
        raise TooLarge

    async def _first(self, asked: Asked, letter: Letter, *, anew: bool) -> discord.Message:
        if anew:
            return await self._wire.follow(asked.first, letter, quiet=True)
        if asked.token:
            return await insist(lambda: self._wire.change(asked.first, letter))
        return await insist(lambda: self._wire.send(asked.channel, letter, nonce(f"{asked.id}/0")))

    async def _another(self, asked: Asked, letter: Letter, nth: int) -> None:
        if asked.token:
            await self._wire.follow(asked.first, letter, quiet=asked.quiet)
        else:
            await insist(lambda: self._wire.send(asked.channel, letter, nonce(f"{asked.id}/{nth}")))

    async def _letters(self, who: Who, asked: Asked, told: Reply, fit: Fit) -> list[Letter]:
        """Files with the first message, buttons under the last; a placeholder is one message and says nothing that stays."""
        rows = rows_of(told.buttons, await issue(self._app, who, told.buttons))
        pictures, unseen = await fitted(self._app, told.pictures, asked.limit, fit)
        files, left_out = unchanged(told.files, asked.limit, fit)
        enclosed = [*pictures, *files]
        text = read_by(told, in_public=asked.in_public)
        text = "\n".join(filter(None, (text, written([*unseen, *left_out]), spell(told.form) if told.form else "")))
        if told.job is not None and not told.final:
            return [Card(moment=tuple(interim(text)), rows=tuple(rows)).letter(*enclosed)]
        parts = pieces(text) or ["…"]
        if len(parts) > MESSAGES:
            enclosed.append(Enclosed(TEXT, text.encode()))
            parts = [literal(written([say("discord.in_a_file")]))]
        letters = [Letter(part) for part in parts]
        letters[0] = replace(letters[0], files=enclosed)
        letters[-1] = replace(letters[-1], rows=rows)
        return letters
