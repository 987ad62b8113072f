"""People of the cast at the Telegram door: the same verbs, over the wire, with a real door between them and the stage.

What they read, they read as messages on the loopback server. Which sentence a line is, is found by its template.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from unittest.mock import patch

from bots.background import Background
from bots.on_telegram import Telegram, answering
from bots.on_telegram.access import Access
from bots.on_telegram.pacing import Rate, Rates
from bots.on_telegram.progress import Throttle
from bots.replies import Line, Reply
from bots.texts import sentences
from core import accounts
from core.credits import Balance
from core.requests import delivery
from core.values import DeliveryState, Owed, Who
from tests.cast import AGREE, Stage
from tests.doors import Standing
from tests.telegram import Group, Message, TelegramServer, User
from tests.telegram.messages import Answer
from tests.telegram.people import Chat

UNHURRIED = Rates(*[Rate(100_000, 1.0)] * 4)  #: tests would rather not wait; those of the pace have paces of their own
AT_ONCE = Throttle(0.0, 0.0)
ROOT = Path(__file__).parents[2]
LEISURE = 60.0  #: seconds that the door takes to find out whether an answer arrived
PATIENCE = 10.0  #: seconds until something has gone wrong


@dataclass(frozen=True)
class SeenPicture:
    """A picture as somebody gets to see it: of a photo, what Telegram made of it."""

    id: str
    data: bytes = field(repr=False)
    format: str = "jpg"


@dataclass(frozen=True)
class Told:
    """What somebody was told at one go, as it was then; `messages` go on to change."""

    text: str
    labels: list[str]
    pictures: tuple[SeenPicture, ...]
    files: tuple[bytes, ...]
    messages: tuple[Message, ...]
    notice: Answer | None  #: what a press was answered with

    @cached_property
    def lines(self) -> list[Line]:
        """Each line with its key in bots/texts, and what fills it as far as it can be read: numbers, else words."""
        return [line for written in self.text.splitlines() if (line := line_of(written))]

    @property
    def keys(self) -> list[str]:
        return [line.key for line in self.lines]

    @property
    def error(self) -> str | None:
        """As `Reply.error`, told by what was said."""
        return next((kind for key in self.keys if (kind := _kind_of(key))), None)


def told_of(messages: tuple[Message, ...], notice: Answer | None = None) -> Told:
    noticed = [notice.text] if notice and notice.text else []
    pictures = tuple(
        SeenPicture(_id_in(message.words), data)
        for message in messages
        if (data := message.photo or (message.document.data if message.document else None))
        and "AI-generated" in message.words
    )
    return Told(
        text="\n".join([*noticed, *(message.words for message in messages if message.words)]),
        labels=[str(button) for message in messages for button in message.buttons],
        pictures=pictures,
        files=tuple(message.document.data for message in messages if message.document),
        messages=messages,
        notice=notice,
    )


@dataclass(repr=False)
class Scene(Standing):
    """A stage with a Telegram around it, and the door that joins them."""

    stage: Stage
    telegram: TelegramServer
    access: Access
    rates: Rates = UNHURRIED
    throttle: Throttle = AT_ONCE
    warnings: list[Line] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.door = self._door()

    async def opens(self) -> None:
        await self.door.start()
        self._running = asyncio.create_task(self.door.run())

    async def dies(self) -> None:
        await self._stops_running()
        for lanes in (self.door._listener._lanes, self.door._lanes):
            await lanes.settle(0)
        await self.door._progress.close()
        await self.door._bot.shutdown()

    async def settles(self) -> None:
        """Until everything that was done has been answered."""
        deadline = time.monotonic() + PATIENCE
        while self.door.busy or self.telegram.updates.pending:
            assert time.monotonic() < deadline, f"the door does not come to rest; {self.telegram.lately()}"
            await asyncio.sleep(0.002)

    def enter(self, name: str) -> TelegramActor:
        actor = TelegramActor(self, self.telegram.user(name))
        self.stage.people.append(actor)  # type: ignore[arg-type]
        return actor

    def group(self, title: str, *members: TelegramActor, supergroup: bool = True) -> Group:
        return self.telegram.group(title, *(member.user for member in members), supergroup=supergroup)

    def _door(self) -> Telegram:
        door = Telegram(
            self.stage.app, self.access, rates=self.rates, throttle=self.throttle, warn=self.warnings.append
        )
        self.stage.background = Background(self.stage.app, door)
        return door


@asynccontextmanager
async def at_telegram(
    stage: Stage, telegram: TelegramServer | None = None, *, patience: float = 10.0, **how: object
) -> AsyncIterator[Scene]:
    """An open door on a stage, until left. It never hurries, however slow the machine: a test that wants haste says so."""
    async with telegram or TelegramServer() as server:
        scene = Scene(stage, server, Access(server.token, server.url, patience=patience), **how)  # type: ignore[arg-type]
        with patch.object(answering, "GLANCE", LEISURE):
            await scene.opens()
            try:
                yield scene
            finally:
                await scene.closes()


@dataclass(repr=False)
class TelegramActor:
    """`tests.cast.Actor` over the wire. What they are told without asking lands in `inbox`."""

    scene: Scene
    user: User
    inbox: list[Told] = field(default_factory=list)
    answer: Told | None = None

    @property
    def stage(self) -> Stage:
        return self.scene.stage

    @property
    def who(self) -> Who:
        return Who("telegram", str(self.user.id))

    # What they do

    async def says(self, line: str, to: Group | None = None) -> Told:
        self.stage.clock.passes(1)
        await self.user.sends(line, to=to)
        return await self._hears(to)

    async def encloses(self, data: bytes, caption: str, to: Group | None = None) -> Told:
        await self.user.sends_file(data, "picture.png", "image/png", caption, to=to)
        return await self._hears(to)

    async def presses(self, label: str, message: Message | None = None) -> Told:
        """A button of a message, else of the newest message here that has it."""
        pressed = message or self._newest_with(label)
        query = self.user.taps(pressed, label)
        await self.scene.telegram.until(lambda: query.answer is not None)
        return await self._hears(pressed.chat, query.answer)

    async def agrees(self) -> None:
        await self.says("/start")
        await self.presses(AGREE)

    # What they have

    async def balance(self) -> Balance:
        return await accounts.balance(self.stage.app, await accounts.active(self.stage.app, self.who))

    def sees(self, chat: Chat | None = None) -> list[Message]:
        """What the bot has standing there."""
        return self.user.told(chat)

    # What the stage tells them, as `bots.delivering.Door`

    @property
    def name(self) -> str:
        return self.who.door

    async def owed(self) -> list[Owed]:
        person = await accounts.find(self.stage.app, self.who)
        return await delivery.owed(self.stage.app, self.name, person.id) if person else []

    async def tell(self, told: Reply, owed: Sequence[Owed]) -> DeliveryState:
        before = next(self.scene.telegram.moments)
        state = await self.scene.door.tell(told, owed)
        self.inbox.append(told_of(self._since(before, None)))
        return state

    def progress(self, drawing: object) -> None:
        self.scene.door.progress(drawing)  # type: ignore[arg-type]

    async def _hears(self, chat: Chat | None, notice: Answer | None = None) -> Told:
        await self.scene.settles()
        self.answer = told_of(self._since(self.user.acted, chat), notice)
        return self.answer

    def _since(self, moment: int, chat: Chat | None) -> tuple[Message, ...]:
        """New or changed messages of the bot in a chat and in their private one, in the order of their change."""
        chats = {self.user.chat, chat or self.user.chat} | {
            group for group in self.scene.telegram.chats.values() if isinstance(group, Group) and self._is_in(group)
        }
        standing = {message for place in chats for message in place.standing() if message.by_bot}
        return tuple(sorted((one for one in standing if one.moved > moment), key=lambda one: one.moved))

    def _is_in(self, group: Group) -> bool:
        return self.user in group.members

    def _newest_with(self, label: str) -> Message:
        chats: list[Chat] = [self.user.chat]
        chats += [chat for chat in self.scene.telegram.chats.values() if isinstance(chat, Group) and self._is_in(chat)]
        found = [
            message for chat in chats for message in chat.standing() if message.by_bot and label in message.buttons
        ]
        assert found, f"there is no button {label!r}"
        return max(found, key=lambda message: message.moved)


def line_of(written: str) -> Line | None:
    """The sentence that a line is, the most particular one where several fit."""
    fitting = [
        (told_by_itself, key, found)
        for key, told_by_itself, template in _templates()
        if (found := template.fullmatch(written))
    ]
    if not fitting:
        return None
    _, key, found = max(fitting, key=lambda one: one[:2])
    return Line(key, {name: _value(text) for name, text in found.groupdict().items()})


def keys_of(answer: Told) -> list[str]:
    return answer.keys


def read(answer: Told) -> str:
    return answer.text


@cache
def _templates() -> list[tuple[str, int, re.Pattern[str]]]:
    """Each sentence with anything in place of its values, and how many of its letters are its own."""
    return [
        (key, len(own), re.compile(_template(sentence), re.DOTALL))
        for key, sentence in sentences("en").items()
        if (own := re.sub(r"{[^}]*}|\s", "", sentence))
    ]


def _template(sentence: str) -> str:
    """Each value gets a group of its name where it stands first."""
    made, named = "", set[str]()
    for text, name in re.findall(r"([^{]*)(?:{(\w+)[^}]*})?", sentence):
        made += re.escape(text)
        if name:
            made += ".*?" if name in named else f"(?P<{name}>.*?)"
            named.add(name)
    return made


def _value(text: str) -> int | str:
    number = re.match(r"(\d[\d,]*)(?: [a-z]+)?$", text)
    return int(number[1].replace(",", "")) if number else text


@cache
def _kind_of(key: str) -> str | None:
    """Which kind of trouble speaks a sentence, read from the code; None for what no trouble says."""
    names = {"Refused": "refused", "Unavailable": "unavailable", "Gone": "gone"}
    if key.startswith(("parse.missing_", "parse.not_", "option_range.")):
        return "refused"
    for folder in ("bots", "core", "storage"):
        for path in (ROOT / folder).rglob("*.py"):
            for name, kind in names.items():
                if re.search(rf'{name}\(\s*"{re.escape(key)}"', path.read_text()):
                    return kind
    return "bug" if key == "trouble.bug" else None


def _id_in(words: str) -> str:
    found = re.search(r"AI-generated picture (\w+)", words)
    return found[1] if found else ""
