"""The side that tests act on: people, and the chats they share with the bot.

People know what their app shows them and what they may do in it; what the bot is told of it is written in objects.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from tests.telegram import formatting, objects
from tests.telegram.files import Upload
from tests.telegram.messages import Answer, Content, Message, Query

if TYPE_CHECKING:
    from tests.telegram.world import World

PATIENCE = 10.0  #: seconds somebody waits for the bot before a test has failed


class Chat:
    """A place with messages that the bot may be in."""

    def __init__(self, world: World, number: int, kind: str) -> None:
        self.world, self.id, self.kind = world, number, kind
        self.title: str | None = None
        self.user: User | None = None
        self.messages: dict[int, Message] = {}
        self.bot_status = "member"

    def __repr__(self) -> str:
        return f"<{self.kind} {self.id}>"

    def next_number(self) -> int:
        return next(self.world.numbers)

    def standing(self) -> list[Message]:
        return [message for message in self.messages.values() if not message.deleted]


class PrivateChat(Chat):
    def __init__(self, world: World, user: User) -> None:
        super().__init__(world, user.id, "private")
        self.user = user
        self.bot_status = "unknown"  #: until the person speaks, the bot cannot


class Group(Chat):
    """The first to be named owns it. A supergroup counts its messages by itself, all other chats share one counter."""

    def __init__(self, world: World, number: int, title: str, members: tuple[User, ...], kind: str) -> None:
        super().__init__(world, number, kind)
        self.title, self.members = title, list(members)
        self.admins = set(members[:1])
        self.before: Group | None = None  #: what this was before it was upgraded
        self.upgraded_to: Group | None = None

    @property
    def owner(self) -> User:
        return self.members[0]

    def newest(self) -> Group:
        return self.upgraded_to.newest() if self.upgraded_to else self

    def next_number(self) -> int:
        return len(self.messages) + 1 if self.kind == "supergroup" else super().next_number()

    def standing(self) -> list[Message]:
        return (self.before.standing() if self.before else []) + super().standing()

    def promotes(self, user: User) -> None:
        assert user in self.members
        self.newest().admins.add(user)

    def promotes_bot(self) -> None:
        self._change_bot("administrator")

    def kicks_bot(self) -> None:
        self._change_bot("kicked")

    def adds_bot(self) -> None:
        self._change_bot("member")
        now = self.newest()
        joined = {"new_chat_members": [objects.user(self.world.bot)]}
        now.world.arrives(now.world.writes(now, now.owner, Content(service=joined)))

    def upgrades(self) -> Group:
        """Become a supergroup with an id of its own: https://core.telegram.org/bots/api#responseparameters

        The bot is told in both chats. From now on this object stands for the old id, and people write in the new one.
        """
        assert self.kind == "group"
        assert self.upgraded_to is None
        new = self.world.group(self.title, *self.members, supergroup=True)
        new.admins, new.bot_status, new.before = set(self.admins), self.bot_status, self
        self.world.arrives(self.world.writes(self, self.owner, Content(service={"migrate_to_chat_id": new.id})))
        self.world.arrives(self.world.writes(new, self.owner, Content(service={"migrate_from_chat_id": self.id})))
        self.upgraded_to = new
        return new

    def _change_bot(self, status: str) -> None:
        now = self.newest()
        self.world.changes_bot(now, status, by=now.owner)


@dataclass(eq=False)
class Bot:
    id: int
    username: str
    first_name: str = "Darkroom"
    language: None = None
    is_bot = True


@dataclass(eq=False)
class User:
    """Somebody with an app in their hands."""

    world: World = field(repr=False)
    id: int
    first_name: str
    username: str | None = None
    language: str | None = None
    is_bot = False

    def __post_init__(self) -> None:
        self.chat = PrivateChat(self.world, self)
        self.acted = 0  #: the moment of what they did last, as `Message.moved` counts

    # What they do

    async def sends(self, text: str, to: Chat | None = None, reply_to: Message | None = None) -> Message:
        words, entities = formatting.plain(text)
        return self._say(Content(words, entities), to, reply_to)

    async def sends_file(
        self,
        data: bytes,
        name: str,
        mime: str,
        caption: str = "",
        to: Chat | None = None,
        reply_to: Message | None = None,
    ) -> Message:
        words, entities = formatting.plain(caption)
        document = await self.world.files.document(Upload(name, data, mime))
        return self._say(Content(words, entities, document), to, reply_to)

    async def sends_photo(self, data: bytes, caption: str = "", to: Chat | None = None) -> Message:
        words, entities = formatting.plain(caption)
        photo = await self.world.files.photo(Upload("photo.jpg", data, "image/jpeg"))
        return self._say(Content(words, entities, photo), to, None)

    async def edits(self, message: Message, text: str) -> None:
        assert message.sender is self
        words, entities = formatting.plain(text)
        self.world.rewrites(message, Content(words, entities, message.content.media))
        self.acted = message.moved
        self.world.arrives(message, "edited_message")

    async def presses(self, message: Message, label: str, within: float = PATIENCE) -> Answer:
        """Press a button of a message and wait for what the bot answers to that."""
        query = self.taps(message, label)
        await self.world.until(lambda: query.answer is not None, within)
        assert query.answer is not None
        return query.answer

    def taps(self, message: Message, label: str) -> Query:
        """Press a button and look away."""
        button = message.button(label)
        self.acted = next(self.world.moments)
        assert button.data is not None, f"{label!r} is answered by the app, not by the bot: {button.fields}"
        return self.world.queries_bot(self, message, button.data)

    async def follows(self, link: str) -> Message:
        """Open a deep link to the bot: https://core.telegram.org/bots/features#deep-linking"""
        parts = urlsplit(link)
        there = parts.scheme == "https" and parts.netloc == "t.me" and parts.path == f"/{self.world.bot.username}"
        assert there, f"{link} leads elsewhere"
        payload = parse_qs(parts.query).get("start", [""])[0]
        assert re.fullmatch(r"[\w-]{0,64}", payload, re.ASCII), f"{payload!r} cannot be in a deep link"
        return await self.sends(f"/start {payload}")

    def blocks_bot(self) -> None:
        self.world.changes_bot(self.chat, "kicked", by=self)

    def unblocks_bot(self) -> None:
        self.world.changes_bot(self.chat, "member", by=self)

    # What they see

    def sees(self, chat: Chat | None = None) -> list[Message]:
        """Every message that stands in a chat, the oldest first; what was deleted is gone for everybody."""
        return self._place(chat).standing()

    def told(self, chat: Chat | None = None) -> list[Message]:
        """Of these the bot's."""
        return [message for message in self.sees(chat) if message.by_bot]

    async def hears(
        self, what: str | Callable[[Message], object] = "", chat: Chat | None = None, within: float = PATIENCE
    ) -> Message:
        """Wait for the bot to tell something, in a new message or an edit, since this person last did something.

        It holds the words `what`, or `what` is true of it. Of several the newest message counts.
        """

        def fits(message: Message) -> object:
            return what in message.words if isinstance(what, str) else what(message)

        def newest() -> Message | None:
            told = [message for message in self.told(chat) if message.moved > self.acted and fits(message)]
            return told[-1] if told else None

        await self.world.until(newest, within)
        found = newest()
        assert found is not None
        return found

    def menu(self, chat: Chat | None = None) -> dict[str, str]:
        """The commands their app offers, with what it says about them."""
        return self.world.menu(self, self._place(chat))

    def _place(self, chat: Chat | None) -> Chat:
        if isinstance(chat, Group):
            assert self in chat.members, f"{self.first_name} is not in {chat.title}"
            return chat.newest()
        return self.chat

    def _say(self, content: Content, to: Chat | None, reply_to: Message | None) -> Message:
        place = self._place(to)
        if place is self.chat:
            assert place.bot_status != "kicked", f"{self.first_name} has blocked the bot"
            place.bot_status = "member"
        message = self.world.writes(place, self, content, reply_to=reply_to)
        self.acted = message.moved
        self.world.arrives(message)
        return message
