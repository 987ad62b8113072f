"""send…: what becomes of the messages that the bot writes."""

from __future__ import annotations

from itertools import count
from typing import Any

from tests.telegram import formatting, keyboards, objects
from tests.telegram.files import Document, Media, Photo, Upload
from tests.telegram.messages import Content, Message
from tests.telegram.people import Chat
from tests.telegram.places import reachable
from tests.telegram.refusals import NotCovered, bad_request
from tests.telegram.world import World

Ask = dict[str, Any]

#: https://core.telegram.org/bots/api#sendmessage and #sendphoto, "after entities parsing". Whether letters or UTF-16 units
#: are meant is not said; units are the stricter.
LONGEST_TEXT, LONGEST_CAPTION = 4096, 1024

SHOWN = ("link_preview_options", "show_caption_above_media")  #: what the message just repeats

#: What counts in an InputMedia; a document is never looked into, so how it is taken makes no difference.
ITEM = {
    "type",
    "media",
    "caption",
    "parse_mode",
    "caption_entities",
    "has_spoiler",
    "disable_content_type_detection",
    *SHOWN,
}

_albums = count(13_000_000_000_000_000)


async def send_message(world: World, ask: Ask) -> Any:
    content = words(ask, "message is too long")
    return objects.message(post(world, ask, content))


async def send_photo(world: World, ask: Ask) -> Any:
    return await _send_media(world, ask, "photo")


async def send_document(world: World, ask: Ask) -> Any:
    return await _send_media(world, ask, "document")


async def send_media_group(world: World, ask: Ask) -> Any:
    """ "must include 2-10 items", documents only beside documents: https://core.telegram.org/bots/api#sendmediagroup"""
    items = ask["media"]
    if not 2 <= len(items) <= 10:
        raise bad_request("wrong number of media")  # wording not known
    if len({item["type"] == "document" for item in items}) > 1:
        raise bad_request("can't use the media of the specified type in the album")
    for item in items:
        check_item(item)
    reachable(world, ask["chat_id"])
    contents = [await media_content(world, item, "message caption is too long") for item in items]
    messages = [post(world, ask, content) for content in contents]
    album = str(next(_albums))
    for message in messages:
        message.album = album
    return [objects.message(message) for message in messages]


async def send_chat_action(world: World, ask: Ask) -> Any:
    """Shows for five seconds at most, so nobody keeps it: `telegram.actions` does."""
    chat = reachable(world, ask["chat_id"])
    world.actions.append((chat.id, ask["action"]))
    return True


async def _send_media(world: World, ask: Ask, kind: str) -> Any:
    reachable(world, ask["chat_id"])
    content = await media_content(world, ask | {"type": kind, "media": ask[kind]}, "message caption is too long")
    return objects.message(post(world, ask, content))


def post(world: World, ask: Ask, content: Content) -> Message:
    chat = reachable(world, ask["chat_id"])
    markup = keyboards.check(ask.get("reply_markup"))
    reply_to = _replied(chat, ask.get("reply_parameters"))
    message = world.writes(chat, world.bot, content, reply_to)
    message.markup = markup
    message.silent = ask.get("disable_notification", False)
    message.protected = ask.get("protect_content", False)
    note_media(world, message)
    return message


def note_media(world: World, message: Message) -> None:
    if message.content.media:
        world.pictures_put[message.chat.id, message.id] += 1


def words(ask: Ask, too_long: str) -> Content:
    text, entities = _formatted(ask, "text", "entities")
    if not text:
        raise bad_request("message text is empty")
    if formatting.units(text) > LONGEST_TEXT:
        raise bad_request(too_long)
    return Content(text, entities, options=_shown(ask))


def caption(ask: Ask, too_long: str, media: Media) -> Content:
    text, entities = _formatted(ask, "caption", "caption_entities")
    if formatting.units(text) > LONGEST_CAPTION:
        raise bad_request(too_long)
    return Content(text, entities, media, _shown(ask))


def check_item(item: Ask) -> None:
    if item["type"] not in ("photo", "document"):
        raise NotCovered(f"InputMedia of type {item['type']}")
    if gaps := item.keys() - ITEM:
        raise NotCovered(f"InputMedia with {', '.join(sorted(gaps))}")


async def media_content(world: World, item: Ask, too_long: str) -> Content:
    """An InputMedia, or a send that has the same fields, with its file fetched and kept."""
    kind = Photo if item["type"] == "photo" else Document
    content = caption(item, too_long, await _media(world, kind, item["media"]))
    spoiler = {"has_media_spoiler": True} if item.get("has_spoiler") else {}
    return Content(content.text, content.entities, content.media, content.options | spoiler)


async def _media(world: World, kind: type[Photo] | type[Document], named: Upload | str) -> Media:
    """A file sent along, or one that is known: https://core.telegram.org/bots/api#sending-files"""
    if isinstance(named, Upload):
        return await (world.files.photo(named) if kind is Photo else world.files.document(named))
    if named.startswith(("http://", "https://")):
        raise NotCovered("files that Telegram fetches by their URL")
    known = world.files.media(named)
    if known is None:
        raise bad_request("wrong file identifier/HTTP URL specified")
    if not isinstance(known, kind):
        names = {Photo: "Photo", Document: "Document"}
        raise bad_request(f"can't use file of type {names[type(known)]} as {names[kind]}")
    return known


def _formatted(ask: Ask, text: str, entities: str) -> tuple[str, list[dict[str, Any]]]:
    source, mode = ask.get(text, ""), ask.get("parse_mode", "")
    if mode.lower() == "html":
        return formatting.html(source)
    if mode:
        raise NotCovered(f"parse_mode {mode}")
    return formatting.given(source, ask.get(entities, []))


def _shown(ask: Ask) -> dict[str, Any]:
    return {name: ask[name] for name in SHOWN if ask.get(name)}


def _replied(chat: Chat, reply: Ask | None) -> Message | None:
    if reply is None:
        return None
    if unknown := reply.keys() - {"message_id", "allow_sending_without_reply"}:
        raise NotCovered(f"reply_parameters with {', '.join(sorted(unknown))}")
    message = chat.messages.get(reply["message_id"])
    if message and not message.deleted:
        return message
    if reply.get("allow_sending_without_reply"):
        return None
    raise bad_request("message to be replied not found")
