"""editMessage… and deleteMessage: what becomes of messages that stand.

An edit without a keyboard takes away the one that stands there; whatever is equal to what stands is "not modified".
"""

from __future__ import annotations

from typing import Any

from tests.telegram import keyboards, objects
from tests.telegram.messages import Content, Message
from tests.telegram.people import PrivateChat
from tests.telegram.places import reachable
from tests.telegram.posting import caption, check_item, media_content, note_media, words
from tests.telegram.refusals import bad_request
from tests.telegram.world import World

Ask = dict[str, Any]

#: https://core.telegram.org/bots/api#deletemessage
DELETABLE = 48 * 3600

MOST_DELETED = 100  #: https://core.telegram.org/bots/api#deletemessages


async def edit_message_text(world: World, ask: Ask) -> Any:
    message = _editable(world, ask)
    if message.content.media:
        raise bad_request("there is no text in the message to edit")
    return _edit(world, ask, message, words(ask, "MESSAGE_TOO_LONG"))


async def edit_message_caption(world: World, ask: Ask) -> Any:
    message = _editable(world, ask)
    if not message.content.media:
        raise bad_request("there is no caption in the message to edit")
    content = caption(ask, "MEDIA_CAPTION_TOO_LONG", message.content.media)
    kept = {name: value for name, value in message.content.options.items() if name == "has_media_spoiler"}
    return _edit(world, ask, message, Content(content.text, content.entities, content.media, content.options | kept))


async def edit_message_media(world: World, ask: Ask) -> Any:
    """Also of a message that is text: it becomes a picture. An album keeps its kind."""
    message, item = _editable(world, ask), ask["media"]
    check_item(item)
    if message.album and (message.photo is not None) != (item["type"] == "photo"):
        raise bad_request("can't use the media of the specified type in the album")
    content = await media_content(world, item, "MEDIA_CAPTION_TOO_LONG")
    return _edit(world, ask, _editable(world, ask), content)


async def edit_message_reply_markup(world: World, ask: Ask) -> Any:
    message = _editable(world, ask)
    return _edit(world, ask, message, message.content)


async def delete_message(world: World, ask: Ask) -> Any:
    message = _standing(world, ask["chat_id"], ask["message_id"])
    if message is None:
        raise bad_request("message to delete not found")
    if not _deletable(world, message):
        raise bad_request("message can't be deleted for everyone")
    _delete(world, message)
    return True


async def delete_messages(world: World, ask: Ask) -> Any:
    """ "If some of the specified messages can't be found, they are skipped." """
    if not 1 <= len(ask["message_ids"]) <= MOST_DELETED:
        raise bad_request("too many message identifiers specified")
    found = [_standing(world, ask["chat_id"], number) for number in ask["message_ids"]]
    messages = [message for message in found if message]
    if not all(_deletable(world, message) for message in messages):
        raise bad_request("message can't be deleted for everyone")
    for message in messages:
        _delete(world, message)
    return True


def _editable(world: World, ask: Ask) -> Message:
    message = _standing(world, ask["chat_id"], ask["message_id"]) if {"chat_id", "message_id"} <= ask.keys() else None
    if message is None:
        raise bad_request("message to edit not found")
    if not message.by_bot:
        raise bad_request("message can't be edited")
    return message


def _edit(world: World, ask: Ask, message: Message, content: Content) -> Any:
    markup = keyboards.check(ask.get("reply_markup"))
    if content == message.content and markup == message.markup:
        same = (
            "specified new message content and reply markup are exactly the same as a current content and reply markup"
        )
        raise bad_request(f"message is not modified: {same} of the message")
    put = content.media is not message.content.media
    message.markup = markup
    world.rewrites(message, content)
    if put:
        note_media(world, message)
    return objects.message(message)


def _standing(world: World, chat_id: int | str, number: int) -> Message | None:
    message = reachable(world, chat_id).messages.get(number)
    return None if message is None or message.deleted else message


def _deletable(world: World, message: Message) -> bool:
    """The bot's own and, in private chats or as an administrator, everybody's; all only in their first two days."""
    ours = message.by_bot or isinstance(message.chat, PrivateChat) or message.chat.bot_status == "administrator"
    return ours and world.now() - message.date < DELETABLE


def _delete(world: World, message: Message) -> None:
    message.deleted = True
    world.changed()
