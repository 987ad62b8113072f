"""Every method of the Bot API that this server speaks: who does it, what it answers with, and which parameters count.

A parameter that the schema knows and this table does not is refused as not covered, never ignored.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from tests.telegram import editing, places, posting, profile, receiving
from tests.telegram.world import World


@dataclass(frozen=True)
class Method:
    do: Callable[[World, dict[str, Any]], Awaitable[Any]]
    answers: str  #: a type of the schema
    covers: tuple[str, ...] = ()


_POST = ("chat_id", "disable_notification", "protect_content", "reply_parameters")
_KEYBOARD = ("reply_markup",)
_TEXT = ("text", "parse_mode", "entities", "link_preview_options")
_CAPTION = ("caption", "parse_mode", "caption_entities")
_EDIT = ("chat_id", "message_id", "reply_markup")
_SCOPE = ("scope", "language_code")
_HOOK = ("url", "max_connections", "allowed_updates", "drop_pending_updates", "secret_token")

METHODS = {
    "getMe": Method(profile.get_me, "User"),
    "getUpdates": Method(receiving.get_updates, "Array of Update", ("offset", "limit", "timeout", "allowed_updates")),
    "setWebhook": Method(receiving.set_webhook, "True", _HOOK),
    "deleteWebhook": Method(receiving.delete_webhook, "True", ("drop_pending_updates",)),
    "getWebhookInfo": Method(receiving.get_webhook_info, "WebhookInfo"),
    "setMyCommands": Method(profile.set_my_commands, "True", ("commands", *_SCOPE)),
    "getMyCommands": Method(profile.get_my_commands, "Array of BotCommand", _SCOPE),
    "deleteMyCommands": Method(profile.delete_my_commands, "True", _SCOPE),
    "setMyDescription": Method(profile.set_my_description, "True", ("description", "language_code")),
    "setMyShortDescription": Method(profile.set_my_short_description, "True", ("short_description", "language_code")),
    "sendMessage": Method(posting.send_message, "Message", _POST + _KEYBOARD + _TEXT),
    "sendPhoto": Method(
        posting.send_photo,
        "Message",
        (*_POST, *_KEYBOARD, *_CAPTION, "photo", "has_spoiler", "show_caption_above_media"),
    ),
    "sendDocument": Method(
        posting.send_document, "Message", (*_POST, *_KEYBOARD, *_CAPTION, "document", "disable_content_type_detection")
    ),
    "sendMediaGroup": Method(posting.send_media_group, "Array of Message", (*_POST, "media")),
    "sendChatAction": Method(posting.send_chat_action, "True", ("chat_id", "action")),
    "editMessageText": Method(editing.edit_message_text, "Message", _EDIT + _TEXT),
    "editMessageCaption": Method(
        editing.edit_message_caption, "Message", (*_EDIT, *_CAPTION, "show_caption_above_media")
    ),
    "editMessageMedia": Method(editing.edit_message_media, "Message", (*_EDIT, "media")),
    "editMessageReplyMarkup": Method(editing.edit_message_reply_markup, "Message", _EDIT),
    "deleteMessage": Method(editing.delete_message, "True", ("chat_id", "message_id")),
    "deleteMessages": Method(editing.delete_messages, "True", ("chat_id", "message_ids")),
    "answerCallbackQuery": Method(
        profile.answer_callback_query, "True", ("callback_query_id", "text", "show_alert", "url", "cache_time")
    ),
    "getFile": Method(profile.get_file, "File", ("file_id",)),
    "getChat": Method(places.get_chat, "ChatFullInfo", ("chat_id",)),
    "getChatMember": Method(places.get_chat_member, "ChatMember", ("chat_id", "user_id")),
    "leaveChat": Method(places.leave_chat, "True", ("chat_id",)),
}
