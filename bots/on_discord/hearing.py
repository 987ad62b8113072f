"""What people do at Discord, heard and answered: commands, buttons, forms, words in private. Decides who may see an answer.

Each is acknowledged before the command runs; what Discord did not accept never happened.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Final

import discord
import structlog

from bots.answering import answer, hear, press, press_token, sorry
from bots.commands import commands
from bots.declaring import Attachment, Command
from bots.handles import redeem
from bots.on_discord.acknowledging import Interaction, Seen, defer, defer_update, open_window
from bots.on_discord.buttons import modal, submitted
from bots.on_discord.clearing import Clearing, Pressed
from bots.on_discord.commands import arguments, focused_in, given_in
from bots.on_discord.offers import offers
from bots.on_discord.places import NAME, Asked
from bots.on_discord.requests import Requests
from bots.on_discord.showing import Showing
from bots.on_discord.snags import Snag
from bots.on_discord.wire import Wire
from bots.replies import Button, Reply, reply, say
from core.errors import Refused, Trouble, Unavailable
from core.ports import App
from core.requests import choices, generation
from core.rules import ATTACHMENT_BYTES
from core.values import Origin, Who

log = structlog.get_logger()

GLANCE: Final = 1.0  #: seconds to find out what a button does and who may see the answer; else only the asker
FORM_WITHIN: Final = 1.5  #: seconds to fill in a form, which can only be a first answer; else it is a line

Work = Callable[[Who], Awaitable[Reply]]


class Hearing:
    def __init__(self, app: App, wire: Wire, requests: Requests, stir: Callable[[], None]) -> None:
        self._app, self._wire, self._requests, self._stir = app, wire, requests, stir
        self._showing = Showing(app, wire, requests)
        self._clearing = Clearing(app, wire, requests)
        self._seen = Seen()
        self._busy: set[asyncio.Task[Any]] = set()

    async def interaction(self, interaction: Interaction) -> None:
        act = {
            discord.InteractionType.application_command: self._typed,
            discord.InteractionType.component: self._pressed,
            discord.InteractionType.modal_submit: self._sent,
            discord.InteractionType.autocomplete: self._typing,
        }.get(interaction.type)
        if act is not None and self._seen.first_time(interaction.id):
            await self._watched(act(interaction))

    async def message(self, message: discord.Message) -> None:
        """Words in the private chat; others are none of ours."""
        ours = message.guild is None and not message.author.bot and message.content.strip()
        if ours and self._seen.first_time(message.id):
            await self._watched(self._wrote(message))

    @property
    def busy(self) -> bool:
        return bool(self._busy)

    async def settle(self, within: float) -> None:
        """Let what is being answered come to its end."""
        others = self._busy - {asyncio.current_task()}
        if others:
            await asyncio.wait(others, timeout=within)

    async def _watched(self, work: Awaitable[None]) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._busy.add(task)
        try:
            await work
        except Snag as snag:
            log.info("discord.unanswered", door=NAME, error=type(snag).__name__)
        except Exception:
            log.exception("discord.failed", door=NAME)
        finally:
            self._busy.discard(task)
            self._stir()

    # What they do

    async def _typed(self, interaction: Interaction) -> None:
        data = _data(interaction)
        command, given = commands.get(data["name"]), given_in(data)
        if command is None or not command.listed:
            unknown = reply(say("command.unknown", got=data["name"]), error="refused", private=True)
            return await self._answer(interaction, _given(unknown), quiet=True)
        work = partial(self._run, command, given)
        if command.form:
            return await self._answer_with_form(interaction, work)
        quiet = await self._is_quiet(interaction, command, given)
        return await self._answer(interaction, work, quiet=quiet)

    async def _pressed(self, interaction: Interaction) -> None:
        token = str(_data(interaction)["custom_id"])
        button = await self._redeemed(self._who(self._asked(interaction)), token)
        if button is None:
            return await self._answer(interaction, lambda who: press_token(self._app, who, token), quiet=True)
        work = partial(self._press, button)
        command = commands.get(button.command)
        assert command is not None, "buttons are made from declared commands"
        if command.form:
            return await self._answer_with_form(interaction, work)
        if command.replaces:
            return await self._replace(interaction, work, token)
        quiet = await self._is_quiet(interaction, command, vars(button.arguments))
        return await self._answer(interaction, work, quiet=quiet)

    async def _sent(self, interaction: Interaction) -> None:
        """A form that was filled in is the command."""
        data = _data(interaction)
        try:
            command, asked = submitted(str(data["custom_id"]), data["components"])
        except Refused as refusal:
            return await self._answer(interaction, _given(sorry(refusal)), quiet=True)
        quiet = await self._is_quiet(interaction, command, vars(asked))
        return await self._answer(interaction, lambda who: answer(self._app, who, command, asked), quiet=quiet)

    async def _typing(self, interaction: Interaction) -> None:
        data = _data(interaction)
        command, (option, typed) = commands.get(str(data["name"])), focused_in(data)
        found: list[tuple[str, str]] = []
        with suppress(Trouble):
            if command is not None:
                found = await offers(self._app, self._who(self._asked(interaction)), command, option, typed)
        named = [discord.app_commands.Choice(name=name, value=value) for name, value in found]
        await self._wire.call(lambda: interaction.response.autocomplete(named))

    async def _wrote(self, message: discord.Message) -> None:
        asked = Asked(message.id, message.channel.id, message.author.id, self._app.clock.now())
        who = self._who(asked, message.author)
        async with self._requests.turn(asked):
            try:
                told = await hear(self._app, who, message.content, await self._attached(message))
            except Trouble as trouble:
                told = sorry(trouble)
            await self._showing.show(who, asked, told)
        if told.replaces:
            await self._clearing.clear(who, told)

    # How they are answered

    async def _answer(self, interaction: Interaction, work: Work, *, quiet: bool) -> None:
        """In a message of its own, which says first that the bot is thinking."""
        asked = self._asked(interaction, quiet=quiet and bool(interaction.guild_id))
        async with self._requests.turn(asked):
            first = await defer(interaction, quiet=asked.quiet)
            if first is None:
                log.info("discord.unacknowledged", door=NAME)
                return
            who = self._who(asked, interaction.user)
            told = await work(who)
            await self._showing.show(who, asked, told, first)
        if told.replaces:
            await self._clearing.clear(who, told)

    async def _replace(self, interaction: Interaction, work: Work, token: str) -> None:
        """In the message whose button was pressed; trouble beside it, for who pressed."""
        if not await defer_update(interaction):
            log.info("discord.unacknowledged", door=NAME)
            return
        asked = self._asked(interaction)
        who = self._who(asked, interaction.user)
        told = await work(who)
        if not told.replaces or interaction.message is None:
            await self._showing.follow(who, asked, told)
        else:
            await self._clearing.clear(who, told, Pressed(interaction.message, asked.first, token))

    async def _answer_with_form(self, interaction: Interaction, work: Work) -> None:
        """As a window, where it is found in time and fits into one."""
        working = asyncio.ensure_future(work(self._who(self._asked(interaction), interaction.user)))
        await asyncio.wait({working}, timeout=FORM_WITHIN)
        window = modal(form) if working.done() and (form := working.result().form) else None
        if window is None:
            await self._answer(interaction, lambda _: working, quiet=True)
        elif not await open_window(interaction, window):
            log.info("discord.unacknowledged", door=NAME)

    async def _is_quiet(self, interaction: Interaction, command: Command, given: Mapping[str, Any]) -> bool:
        """Whether the answer is for the asker's eyes only. In private nobody else is there."""
        if not interaction.guild_id:
            return False
        on_quiet = interaction.message is not None and interaction.message.flags.ephemeral
        if on_quiet or not command.shared:
            return True
        who = self._who(self._asked(interaction))
        try:
            async with asyncio.timeout(GLANCE):
                return await self._wants_privacy(who, command, given)
        except (Trouble, TimeoutError):
            return True

    async def _wants_privacy(self, who: Who, command: Command, given: Mapping[str, Any]) -> bool:
        """By what they said, by the request that is to be repeated, or by what they prefer. Raises Refused."""
        if command.name == "again":
            named = str(given.get("request", ""))
            return bool((await generation.same_again(self._app, who, named)).private)
        said = given.get("private")
        return (await choices.preferences(self._app, who)).private if said is None else bool(said)

    async def _redeemed(self, who: Who, token: str) -> Button | None:
        """None for a button that is not theirs, too old, or not found in time."""
        try:
            async with asyncio.timeout(GLANCE):
                return await redeem(self._app, who, token)
        except (Trouble, TimeoutError):
            return None

    async def _run(self, command: Command, given: Mapping[str, Any], who: Who) -> Reply:
        try:
            files = {name: await self._fetched(value) for name, value in given.items() if isinstance(value, dict)}
            asked = arguments(command, {**given, **files})
        except Trouble as trouble:
            return sorry(trouble)
        return await answer(self._app, who, command, asked)

    async def _press(self, button: Button, who: Who) -> Reply:
        return await press(self._app, who, button)

    async def _attached(self, message: discord.Message) -> Attachment | None:
        """The file of a message; one that nobody wants is named and not fetched."""
        if not message.attachments:
            return None
        first = message.attachments[0]
        command = commands.get(message.content.split()[0].removeprefix("/").lower())
        if command is None or command.attachment is None:
            return Attachment(first.filename, b"")
        return await self._fetched({"filename": first.filename, "size": first.size, "url": first.url})

    async def _fetched(self, file: Mapping[str, Any]) -> Attachment:
        """A file that somebody sent along. Raises Refused and Unavailable."""
        if file["size"] > ATTACHMENT_BYTES:
            raise Refused("parse.file_too_large", most=ATTACHMENT_BYTES // 1_000_000)
        client = self._wire.client
        assert client is not None, "nobody is heard while nobody is signed in"
        try:
            data = await self._wire.call(lambda: client.http.get_from_cdn(file["url"]))
        except Snag:
            raise Unavailable("discord.file_unread") from None
        return Attachment(file["filename"], data)

    def _asked(self, interaction: Interaction, *, quiet: bool = False) -> Asked:
        return Asked(
            id=interaction.id,
            channel=interaction.channel_id or 0,
            user=interaction.user.id,
            at=self._app.clock.now(),
            guild=interaction.guild_id or 0,
            application=interaction.application_id,
            token=interaction.token,
            quiet=quiet,
            limit=interaction.filesize_limit,
        )

    def _who(self, asked: Asked, user: discord.User | discord.Member | None = None) -> Who:
        """`user`: where they are answered, and may want to be called as they are there."""
        name = (user.global_name or user.name) if user else ""
        return Who(NAME, str(asked.user), Origin(asked.write(), f"{NAME}:{asked.id}", str(asked.guild or "")), name)


def _data(interaction: Interaction) -> Mapping[str, Any]:
    data: Any = interaction.data
    return data or {}


def _given(told: Reply) -> Work:
    async def work(_: Who) -> Reply:
        return told

    return work
