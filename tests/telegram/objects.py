"""People, chats, messages and files as the objects of the Bot API. Decides nothing; the schema checks what is built here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.telegram.files import Document, Media, Photo, PhotoSize

if TYPE_CHECKING:
    from tests.telegram.messages import Content, Message
    from tests.telegram.people import Bot, Chat, User

Object = dict[str, Any]

#: Rights that every administrator here has, but to promote others.
RIGHTS = (
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_send_welcome_messages",
)

GIFTS = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")


def user(who: User | Bot) -> Object:
    shown: Object = {"id": who.id, "is_bot": who.is_bot, "first_name": who.first_name}
    if who.username:
        shown["username"] = who.username
    if who.language:
        shown["language_code"] = who.language
    return shown


def me(bot: Bot, *, reads_everything: bool) -> Object:
    return user(bot) | {
        "can_join_groups": True,
        "can_read_all_group_messages": reads_everything,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


def chat(place: Chat) -> Object:
    shown: Object = {"id": place.id, "type": place.kind}
    if place.title:
        shown["title"] = place.title
    if place.user:
        shown["first_name"] = place.user.first_name
    if place.user and place.user.username:
        shown["username"] = place.user.username
    return shown


def full_chat(place: Chat) -> Object:
    taken = {"accepted_gift_types": dict.fromkeys(GIFTS, False)}
    return chat(place) | {"accent_color_id": place.id % 7, "max_reaction_count": 11} | taken


def member(who: User | Bot, status: str) -> Object:
    shown: Object = {"status": status, "user": user(who)}
    if status == "creator":
        shown["is_anonymous"] = False
    if status == "administrator":
        shown |= {"can_be_edited": False, "is_anonymous": False, "can_promote_members": False}
        shown |= dict.fromkeys(RIGHTS, True)
    if status == "kicked":
        shown["until_date"] = 0
    return shown


def message(one: Message, *, replies: bool = True) -> Object:
    shown: Object = {
        "message_id": one.id,
        "from": user(one.sender),
        "date": one.date,
        "chat": chat(one.chat),
    }
    shown |= content(one.content)
    if one.edited:
        shown["edit_date"] = one.edited
    if one.album:
        shown["media_group_id"] = one.album
    if one.protected:
        shown["has_protected_content"] = True
    if one.markup and "inline_keyboard" in one.markup:
        shown["reply_markup"] = one.markup
    if replies and one.reply_to and not one.reply_to.deleted:
        # "will not contain further reply_to_message fields": https://core.telegram.org/bots/api#message
        shown["reply_to_message"] = message(one.reply_to, replies=False)
    return shown


def content(shows: Content) -> Object:
    text, entities = ("caption", "caption_entities") if shows.media else ("text", "entities")
    shown: Object = {text: shows.text} if shows.text else {}
    if shows.entities:
        shown[entities] = shows.entities
    return shown | media(shows.media) | shows.options | shows.service


def media(one: Media | None) -> Object:
    match one:
        case Photo(sizes):
            return {"photo": [photo_size(size) for size in sizes]}
        case Document():
            return {"document": file(one) | {"file_name": one.name, "mime_type": one.mime}}
        case None:
            return {}


def photo_size(size: PhotoSize) -> Object:
    return {"file_id": size.id, "file_unique_id": size.unique_id, "width": size.width, "height": size.height}


def file(one: PhotoSize | Document) -> Object:
    return {"file_id": one.id, "file_unique_id": one.unique_id, "file_size": len(one.data)}


def callback_query(number: str, who: User, pressed: Message, data: str) -> Object:
    """A message that is gone comes without its content: https://core.telegram.org/bots/api#inaccessiblemessage"""
    gone = {"chat": chat(pressed.chat), "message_id": pressed.id, "date": 0}
    shown = gone if pressed.deleted else message(pressed)
    instance = str(pressed.chat.id * 1_000_003)
    return {"id": number, "from": user(who), "message": shown, "chat_instance": instance, "data": data}
