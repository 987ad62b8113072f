"""People of the cast at the Discord door: the same verbs, over the wire, with a real door between them and the stage.

What a message says holds no keys, so each reply is taken from the door itself, and compared with what people see of it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields
from typing import Any
from unittest.mock import patch

from bots.background import Background
from bots.commands import commands
from bots.declaring import Attachment
from bots.on_discord import Discord
from bots.on_discord import hearing as on_discord_hearing
from bots.on_discord.access import Access
from bots.on_discord.cards import enclosed
from bots.on_discord.pacing import Throttle
from bots.on_discord.words import shown, written
from bots.parsing import parse
from bots.replies import Line, Reply
from bots.texts import render
from core import accounts
from core.credits import Balance
from core.errors import Refused
from core.queue.board import Drawing
from core.requests import delivery
from core.values import DeliveryState, Owed, PersonId, Who
from tests.cast import AGREE, Stage
from tests.discord_ import Channel, DiscordServer, Impossible, Message, Use, User
from tests.discord_.client import pointed_at
from tests.discord_.limits import Limits
from tests.discord_.messages import Upload
from tests.doors import Standing
from tests.overhearing import overhearing

AT_ONCE = Throttle(0.0, 0.0)
LONGEST = 6_000  #: characters of an option; a client takes no more of what somebody pastes
COMMANDS = ("answer", "press", "press_token", "hear")
PATIENCE = 10.0  #: seconds until something has gone wrong
UNHURRIED = 60.0  #: seconds that the door takes, and is given, for a first answer


class Watched(Discord):
    """The door, which lets its people see what it is told of their requests."""

    scene: Scene

    def progress(self, drawing: Drawing) -> None:
        for actor in self.scene.stage.people:
            if isinstance(actor, DiscordActor) and actor.is_called(drawing.job.person):
                actor.watched.append(drawing)
        super().progress(drawing)


@dataclass(repr=False)
class Scene(Standing):
    """A stage with a Discord around it, and the door that joins them."""

    stage: Stage
    discord: DiscordServer
    throttle: Throttle = AT_ONCE
    warnings: list[Line] = field(default_factory=list)
    overheard: dict[str, Reply] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.door = self._door()
        self.lobby = self.discord.guild("Lobby")

    async def opens(self) -> None:
        await self.door.start()
        self._running = asyncio.create_task(self.door.run())
        await self.discord.until(lambda: self.discord.gateway.connected)

    async def dies(self) -> None:
        for task in (tasks := list(self.door._hearing._busy)):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.door._progress.close()
        await self._stops_running()
        await self.door._hang_up()

    async def settles(self) -> None:
        """Until everything that was done has been answered."""
        deadline = time.monotonic() + PATIENCE
        while self.door.busy:
            assert time.monotonic() < deadline, "the door does not come to rest"
            await asyncio.sleep(0.002)

    def enter(self, name: str, in_: Channel | None = None) -> DiscordActor:
        """Somebody new comes, to a room or to the private chat, which is for members of a server where the bot is."""
        actor = DiscordActor(self, self.discord.user(name), in_)
        if in_ is None:
            self.lobby.joined_by(actor.user)
        elif in_.guild is not None:
            in_.guild.joined_by(actor.user)
        self.stage.people.append(actor)  # type: ignore[arg-type]
        return actor

    def _door(self) -> Watched:
        access = Access(self.discord.token, self.discord.api_url, self.discord.gateway_url)
        door = Watched(self.stage.app, access, throttle=self.throttle, warn=self.warnings.append)
        door.scene = self
        self.stage.background = Background(self.stage.app, door)
        return door


@asynccontextmanager
async def at_discord(
    stage: Stage, discord: DiscordServer | None = None, *, throttle: Throttle = AT_ONCE
) -> AsyncIterator[Scene]:
    """An open door on a stage, until left. Nobody hurries, however slow the machine: a test that wants haste says so."""
    unhurried = patch.multiple(on_discord_hearing, GLANCE=UNHURRIED, FORM_WITHIN=UNHURRIED)
    async with discord or DiscordServer(limits=Limits(acknowledge_within=UNHURRIED)) as server:
        scene = Scene(stage, server, throttle)
        with unhurried, pointed_at(server), overhearing(on_discord_hearing, COMMANDS, _noting(scene.overheard)):
            await scene.opens()
            try:
                yield scene
            finally:
                await scene.closes()


@dataclass(repr=False)
class DiscordActor:
    """`tests.cast.Actor` over the wire, in a room of a server or in private. `use` is the newest thing they did."""

    scene: Scene
    user: User
    room: Channel | None = None
    inbox: list[Reply] = field(default_factory=list)
    watched: list[Drawing] = field(default_factory=list)
    answer: Reply | None = None
    use: Use | None = None

    @property
    def stage(self) -> Stage:
        return self.scene.stage

    @property
    def who(self) -> Who:
        return Who("discord", str(self.user.id))

    @property
    def place(self) -> Channel:
        return self.room or self.user.dm

    # What they do

    async def says(self, line: str, file: Upload | None = None, **options: Any) -> Reply:
        """A slash command written as at a text door. Alone with the bot they may write anything, and what no client takes as a
        command is sent as it is.
        """
        self.stage.clock.passes(1)
        name, _, rest = line.strip().partition(" ")
        try:
            filled = _filled(name, rest, file) | options
            self.use = await self.user.uses(name, in_=self.place, **filled)
        except Impossible:
            if self.room is not None:
                raise
            return await self._writes(line, file)
        return await self._hears()

    async def sends(self, line: str, name: str, data: bytes) -> Reply:
        """A command with a file."""
        return await self.says(line, Upload(name, data))

    async def presses(self, label: str, message: Message | None = None) -> Reply:
        """A button of a message, else of the newest message here that has it."""
        self.stage.clock.passes(1)
        self.use = await self.user.presses(message or self._newest_with(label), label)
        return await self._hears()

    async def fills(self, **changed: str) -> Reply:
        """The form that is open, sent."""
        assert self.use is not None
        self.stage.clock.passes(1)
        self.use = await self.user.submits(self.use.modal, **changed)
        return await self._hears()

    async def agrees(self) -> None:
        await self.says("/start")
        await self.presses(AGREE)

    # What they have

    async def balance(self) -> Balance:
        return await accounts.balance(self.stage.app, await accounts.active(self.stage.app, self.who))

    def sees(self) -> list[Message]:
        """What the bot has standing where they are."""
        return [message for message in self.user.sees(self.place) if message.author.bot]

    @property
    def newest(self) -> Message:
        return self.sees()[-1]

    # What the stage tells them, as `bots.delivering.Door`

    @property
    def name(self) -> str:
        return self.who.door

    async def owed(self) -> list[Owed]:
        person = await accounts.find(self.stage.app, self.who)
        return await delivery.owed(self.stage.app, self.name, person.id) if person else []

    async def tell(self, told: Reply, owed: Sequence[Owed]) -> DeliveryState:
        state = await self.scene.door.tell(told, owed)
        if state is DeliveryState.DELIVERED:
            self._compare_outcome(told)
        self.inbox.append(told)
        return state

    def progress(self, drawing: Drawing) -> None:
        self.scene.door.progress(drawing)

    def is_called(self, person: PersonId) -> bool:
        lookup = self.stage.app.keys.lookup(self.who)
        found = self.stage.database.transact(lambda tx: tx.people.of_identity(lookup))
        return found is not None and found.id == person

    # How it is compared

    async def _writes(self, line: str, file: Upload | None) -> Reply:
        if len(line) > 2_000:
            raise Impossible("no client sends a message that long")
        said = await self.user.says(line, in_=self.place, files=[file] if file else [])
        await self.scene.discord.until(lambda: f"discord:{said.id}" in self.scene.overheard)
        await self.scene.settles()
        self.answer = self.scene.overheard[f"discord:{said.id}"]
        self._compare([message for message in self.sees() if message.id > said.id], self.answer, open_to_all=False)
        return self.answer

    async def _hears(self) -> Reply:
        assert self.use is not None
        use = self.use
        assert use.acknowledged, "the application did not respond"
        await self.scene.settles()
        self.answer = answer = self.scene.overheard[f"discord:{use.id}"]
        if use.modal is not None:
            assert answer.form is not None
            return answer
        if answer.replaces and use.original is use.on:
            assert use.original is not None
            assert _lines(answer.lines) in shown(use.original.content)
            return answer
        messages = [message for message in use.messages if message is not use.on and not message.deleted]
        open_to_all = use.guild is not None and not answer.private and not messages[0].ephemeral
        assert all(message.ephemeral for message in messages) or use.guild is None or open_to_all
        self._compare(messages, answer, open_to_all=open_to_all)
        return answer

    def _compare(self, messages: list[Message], answer: Reply, *, open_to_all: bool) -> None:
        seen = "\n".join(shown(message.content) for message in messages)
        text = _lines(answer.seen_by_all() if open_to_all else answer.lines)
        assert text in seen or any(file.name == "darkroom.txt" for file in messages[0].attachments)
        labels = [label for message in messages for label in message.buttons]
        assert labels == [render(button.label) for button in answer.buttons]
        files = {file.name: file.bytes for message in messages for file in message.attachments}
        for name, data in [(enclosed(one).name, one.data) for one in answer.pictures] + [
            (one.name, one.data) for one in answer.files
        ]:
            assert files[name] == data

    def _compare_outcome(self, told: Reply) -> None:
        text = _lines(told.lines)
        message = next(one for one in reversed(self.sees()) if text in shown(one.content))
        assert message.ephemeral or message.channel.guild is None or not told.private
        files = {file.name: file.bytes for file in message.attachments}
        assert all(files[enclosed(one).name] == one.data for one in told.pictures)
        labels = {label.split()[0] for label in message.buttons}
        assert {render(button.label) for button in told.buttons} <= labels
        assert ("Cancel" in labels) <= (not told.final)

    def _newest_with(self, label: str) -> Message:
        found = [message for message in self.sees() if label in message.buttons]
        if not found:
            raise Impossible(f"there is no button {label!r}")
        return found[-1]


def _filled(name: str, rest: str, file: Upload | None) -> dict[str, Any]:
    """What somebody fills in who means this line; what no client lets them fill in is impossible."""
    command = commands.get(name.removeprefix("/"))
    if not name.startswith("/") or command is None or not command.listed:
        raise Impossible(f"{name} is not registered here")
    try:
        asked = parse(command, rest, Attachment(file.name, b"") if file else None)
    except Refused as refusal:
        raise Impossible(f"no client lets anybody send that: {refusal.key}") from None
    filled = {
        one.name: value[:LONGEST] if isinstance(value, str) else value
        for one in fields(asked)
        if (value := getattr(asked, one.name)) is not None and value != one.default
    }
    return filled | ({command.attachment.name: file} if file and command.attachment else {})


def _lines(lines: Sequence[Line]) -> str:
    return written(lines)


def _noting(overheard: dict[str, Reply]) -> Callable[[Who, Reply], None]:
    """By the update that a reply answers."""

    def note(who: Who, told: Reply) -> None:
        assert who.origin is not None
        overheard[who.origin.update] = told

    return note
