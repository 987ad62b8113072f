"""What somebody did, from an update of Telegram: said something to this bot, or pressed a button. Knows no answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from telegram import CallbackQuery, InlineKeyboardMarkup, Message, Update

from bots.commands import commands
from bots.on_telegram.places import START, Place, line_of

#: Kinds of updates the bot is told of: https://core.telegram.org/bots/api#update
WANTED: Final = ("message", "callback_query", "my_chat_member")


@dataclass(frozen=True)
class Enclosed:
    """A file that came along, not fetched yet."""

    id: str = field(repr=False)
    name: str
    size: int


@dataclass(frozen=True)
class Heard:
    """A line for this bot. `linked`: they came by a link. Without a line it was something that no bot reads."""

    place: Place
    line: str = field(repr=False)
    enclosed: Enclosed | None = None
    linked: bool = False
    nameless: bool = False  #: said in the name of a group or a channel
    only_looks: bool = False  #: acting on it changes nothing
    unwanted: bool = False  #: a file came along that nobody asked for; it is not fetched


@dataclass(frozen=True)
class Pressed:
    """A button of a message. `pictured`: the message shows a picture or a file."""

    place: Place
    query: str
    token: str = field(repr=False)
    keyboard: InlineKeyboardMarkup | None = None
    pictured: bool = False


def read(update: Update, username: str) -> Heard | Pressed | None:
    """None for what is not meant for this bot, or asks for nothing."""
    if update.callback_query is not None:
        return _pressed(update.callback_query)
    if update.message is not None:
        return _heard(update.message, username)
    return None


def chat_of(update: Update) -> int:
    """Whatever happens in one chat is answered in its order."""
    if update.callback_query is not None and update.callback_query.message is None:
        return update.callback_query.from_user.id
    return update.effective_chat.id if update.effective_chat else 0


def _pressed(query: CallbackQuery) -> Pressed | None:
    if query.data is None:
        return None
    asker, message = query.from_user.id, query.message
    if message is None:
        return Pressed(Place(asker, asker=asker), query.id, query.data)
    place = Place(message.chat.id, message.message_id, asker=asker)
    if not isinstance(message, Message):
        return Pressed(place, query.id, query.data)
    thread = (message.message_thread_id or 0) if message.is_topic_message else 0
    place = Place(place.chat, place.message, thread, asker)
    pictured = bool(message.photo or message.document)
    return Pressed(place, query.id, query.data, message.reply_markup, pictured)


def _heard(message: Message, username: str) -> Heard | None:
    if message.from_user is None:
        return None
    nameless = message.sender_chat is not None
    if message.from_user.is_bot and not nameless:
        return None
    thread = (message.message_thread_id or 0) if message.is_topic_message else 0
    place = Place(message.chat.id, message.message_id, thread, message.from_user.id)
    text = (message.text or message.caption or "").strip()
    if not text.startswith("/"):
        return _chatted(message, place, text)
    name, _, addressee = text.split(None, 1)[0].removeprefix("/").partition("@")
    rest = text[len(text.split(None, 1)[0]) :].strip()
    if addressee and addressee.casefold() != username.casefold():
        return None
    command = commands.get(name.lower())
    if not place.in_private and not addressee and (command is None or not command.listed):
        return None  # another bot's, perhaps
    if place.in_private and name.lower() == START and rest:
        return Heard(place, line_of(rest), linked=True)
    if command is None or command.attachment is None:
        unwanted = _enclosed(message) is not None
        return Heard(place, f"/{name} {rest}".rstrip(), nameless=nameless, unwanted=unwanted)
    enclosed = _enclosed(message) or _enclosed(message.reply_to_message)
    return Heard(place, f"/{name} {rest}".rstrip(), enclosed, nameless=nameless, only_looks=command.only_looks)


def _chatted(message: Message, place: Place, text: str) -> Heard | None:
    """People in a group talk to each other; alone with the bot, to the bot."""
    if not place.in_private or not (text or message.effective_attachment):
        return None
    if text and _enclosed(message):
        return Heard(place, text, unwanted=True)
    return Heard(place, "" if message.effective_attachment else text)


def _enclosed(message: Message | None) -> Enclosed | None:
    if message is None:
        return None
    if message.document:
        return Enclosed(message.document.file_id, message.document.file_name or "", message.document.file_size or 0)
    if message.photo:
        largest = message.photo[-1]
        return Enclosed(largest.file_id, "photo.jpg", largest.file_size or 0)
    return None
