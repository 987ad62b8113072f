"""Everybody who talks to one bot, everything that was said, and everything the bot has set. Knows no HTTP."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from itertools import count
from typing import Any

from tests.telegram import objects
from tests.telegram.faults import Faults
from tests.telegram.files import Files
from tests.telegram.messages import Content, Message, Query
from tests.telegram.people import PATIENCE, Bot, Chat, Group, PrivateChat, User
from tests.telegram.schema import schema
from tests.telegram.updates import Updates

TOKEN_SECRET = "AAF-it-opens-nothing-outside-a-test"

GLANCE = 0.1  #: seconds

#: Like the newest accounts' and groups', and past every 32-bit integer: https://core.telegram.org/bots/api#user
FIRST_USER, FIRST_GROUP, FIRST_SUPERGROUP = 6_000_000_001, -5_000_000_001, -1_002_000_000_001


class World:
    """`privacy_mode` is what a new bot has: https://core.telegram.org/bots/features#privacy-mode"""

    def __init__(self, *, seed: int = 1, privacy_mode: bool = True, recognises_uploads: bool = False) -> None:
        self.bot = Bot(7_000_000_001, "darkroom_test_bot")
        self.token = f"{self.bot.id}:{TOKEN_SECRET}"
        self.privacy_mode = privacy_mode
        self.files = Files(recognises_uploads=recognises_uploads)
        self.faults = Faults(seed, self.now)
        self.updates = Updates(self.faults)
        self.chats: dict[int, Chat] = {}
        self.queries: dict[str, Query] = {}
        self.commands: dict[tuple[Any, ...], list[dict[str, str]]] = {}
        self.descriptions: dict[str, str] = {}  #: by language; "" is everybody else's
        self.short_descriptions: dict[str, str] = {}
        self.pictures_put: Counter[tuple[int, int]] = Counter()  #: how often media was put into (chat, message)
        self.actions: list[tuple[int, str]] = []
        self.numbers = count(1)  #: of messages, in all chats but supergroups
        self.moments = count(1)
        self._user_numbers = count(FIRST_USER, 7_919)
        self._group_numbers = count(FIRST_GROUP, -7_919)
        self._supergroup_numbers = count(FIRST_SUPERGROUP, -7_919)
        self._query_numbers = count(4_000_000_000_000_000_000, 1_000_003)
        self._shift = 0.0
        self._change: asyncio.Future[None] | None = None

    @property
    def bot_username(self) -> str:
        return self.bot.username

    # Who is there

    def user(self, first_name: str, *, username: str | None = None, language: str | None = None) -> User:
        user = User(self, next(self._user_numbers), first_name, username, language)
        self.chats[user.id] = user.chat
        return user

    def group(self, title: str, *members: User, supergroup: bool = False) -> Group:
        assert members, "somebody must own it"
        numbers, kind = (self._supergroup_numbers, "supergroup") if supergroup else (self._group_numbers, "group")
        group = Group(self, next(numbers), title, members, kind)
        self.chats[group.id] = group
        return group

    # Time

    def now(self) -> float:
        return time.time() + self._shift

    def passes(self, seconds: float) -> None:
        """Let the server's clock jump: what was sent gets older, and floods subside."""
        self._shift += seconds

    async def until(self, condition: Callable[[], object], within: float = PATIENCE) -> None:
        """Wait for a condition, looking at it after each change here, and now and then for what changes elsewhere."""
        deadline = time.monotonic() + within
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"it did not come true within {within:g} s; {self.lately()}")
            if self._change is None or self._change.done():
                self._change = asyncio.get_running_loop().create_future()
            await asyncio.wait([self._change], timeout=GLANCE)

    def changed(self) -> None:
        if self._change and not self._change.done():
            self._change.set_result(None)

    def lately(self) -> str:
        """For the person who reads a failure."""
        return f"the newest messages are {[chat.standing()[-2:] for chat in self.chats.values()]}"

    # What happens

    def writes(self, chat: Chat, sender: User | Bot, content: Content, reply_to: Message | None = None) -> Message:
        message = Message(chat, chat.next_number(), sender, int(self.now()), content)
        message.reply_to = reply_to
        message.moved = next(self.moments)
        chat.messages[message.id] = message
        self.changed()
        return message

    def rewrites(self, message: Message, content: Content) -> None:
        message.history.append(message.content)
        message.content = content
        message.edits += 1
        message.edited = int(self.now())
        message.moved = next(self.moments)
        self.changed()

    def arrives(self, message: Message, kind: str = "message") -> None:
        """Tell the bot, if it gets to hear of it."""
        if message.chat.bot_status in ("left", "kicked") or not self._bot_reads(message):
            return
        self._update(kind, objects.message(message))

    def queries_bot(self, user: User, message: Message, data: str) -> Query:
        query = Query(str(next(self._query_numbers)), user, self.now())
        self.queries[query.id] = query
        self._update("callback_query", objects.callback_query(query.id, user, message, data))
        return query

    def changes_bot(self, chat: Chat, status: str, by: User | Bot) -> None:
        """The bot is added, promoted, kicked or blocked, and told so: https://core.telegram.org/bots/api#chatmemberupdated"""
        before, chat.bot_status = chat.bot_status, status
        change = {
            "chat": objects.chat(chat),
            "from": objects.user(by),
            "date": int(self.now()),
            "old_chat_member": objects.member(self.bot, "left" if before == "unknown" else before),
            "new_chat_member": objects.member(self.bot, status),
        }
        self._update("my_chat_member", change)

    def _update(self, kind: str, payload: dict[str, Any]) -> None:
        update = self.updates.number(kind, payload)
        schema().check("Update", update)
        self.updates.add(update)
        self.changed()

    def _bot_reads(self, message: Message) -> bool:
        """In privacy mode: commands, replies to the bot, and messages nobody wrote. An administrator reads everything."""
        chat = message.chat
        if isinstance(chat, PrivateChat) or not self.privacy_mode or chat.bot_status == "administrator":
            return True
        if message.content.service or (message.reply_to and message.reply_to.by_bot):
            return True
        command = message.words.split()[0] if message.words.startswith("/") else ""
        name, _, addressee = command.partition("@")
        return bool(name) and addressee.lower() in ("", self.bot.username.lower())

    # What is there to be seen

    def duplicates(self) -> list[list[Message]]:
        """Pictures and documents of the bot that stand more than once in one chat, each with its messages."""
        shown: defaultdict[tuple[int, str], list[Message]] = defaultdict(list)
        for chat in self.chats.values():
            for message in Chat.standing(chat):
                if message.by_bot and message.content.media:
                    shown[chat.id, message.content.media.digest].append(message)
        return [messages for messages in shown.values() if len(messages) > 1]

    def menu(self, user: User, chat: Chat) -> dict[str, str]:
        """The first scope with commands counts: https://core.telegram.org/bots/api#determining-list-of-commands"""
        scopes: list[tuple[Any, ...]] = []
        if isinstance(chat, Group):
            admin = user in chat.admins
            scopes += [("chat_member", chat.id, user.id)]
            scopes += [("chat_administrators", chat.id)] * admin + [("chat", chat.id)]
            scopes += [("all_chat_administrators",)] * admin + [("all_group_chats",)]
        else:
            scopes += [("chat", chat.id), ("all_private_chats",)]
        for scope in [*scopes, ("default",)]:
            for language in (user.language or "", ""):
                if found := self.commands.get((*scope, language)):
                    return {command["command"]: command["description"] for command in found}
        return {}
