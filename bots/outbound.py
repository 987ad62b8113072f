"""What goes out, to whom, field by field: an allow-list. Knows no platform's library; a gate holds what is sent against it.

A field that carries something of a person names the categories of the data map; any other says why it carries nothing.
`[]` is any place in a list. What is sent inside a file or a text is what its person asked for, to where they asked for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from core.datamap import Category

Carried = tuple[Category, ...] | str

#: Sentences to a person: they may quote anything of their own.
_ANSWER: Final = (
    Category.ACCOUNT,
    Category.CONSENT,
    Category.CREDITS,
    Category.WORDS,
    Category.PICTURES,
    Category.REQUESTS,
    Category.CHOICES,
    Category.PROFILE,
    Category.RIGHTS,
    Category.MESSAGES,
    Category.NOTICES,
    Category.LOOKS,
)
_FILE: Final = (Category.PICTURES, Category.RIGHTS)
_HANDLE: Final = (Category.DELIVERY,)  #: an opaque name of what a button does
_PLACE: Final = (Category.DELIVERY,)  #: the platform's own number of a chat or message, back to the platform
_MENU: Final = "what commands there are, the same for everybody"
_LOOKS: Final = "how a message looks"
_PROTOCOL: Final = "what the platform's protocol asks for"

_TELEGRAM_BUTTONS: Final[Mapping[str, Carried]] = {
    "reply_markup.inline_keyboard[][].text": _ANSWER,
    "reply_markup.inline_keyboard[][].callback_data": _HANDLE,
    "reply_markup.inline_keyboard[][].copy_text.text": _ANSWER,
    "reply_markup.inline_keyboard[][].url": "a page of this bot's own",
}
TELEGRAM: Final[Mapping[str, Carried]] = MappingProxyType(
    {
        **dict.fromkeys(("commands[].command", "commands[].description", "scope.type"), _MENU),
        **dict.fromkeys(("allowed_updates[]", "limit", "offset", "timeout", "callback_query_id", "file_id"), _PROTOCOL),
        **dict.fromkeys(("media[].type", "media.type", "link_preview_options.is_disabled", "entities"), _LOOKS),
        **dict.fromkeys(("entities[].type", "entities[].offset", "entities[].length", "action"), _LOOKS),
        **dict.fromkeys(("caption_entities", "reply_markup", "disable_notification", "show_alert"), _LOOKS),
        **dict.fromkeys(("chat_id", "message_id", "message_thread_id", "reply_parameters.message_id"), _PLACE),
        **dict.fromkeys(("text", "caption", "media.caption", "media[].caption"), _ANSWER),
        **dict.fromkeys(("photo", "document", "media.media", "media[].media"), _FILE),
        **_TELEGRAM_BUTTONS,
    }
)

_COMMAND: Final = ("name", "description", "type", "contexts[]", "integration_types[]", "options")
_OPTION: Final = (
    "name", "description", "type", "required", "autocomplete", "min_value", "max_value", "min_length", "max_length",
    "choices[].name", "choices[].value",
)  # fmt: skip
DISCORD: Final[Mapping[str, Carried]] = MappingProxyType(
    {
        **dict.fromkeys((f"[].{name}" for name in _COMMAND), _MENU),
        **dict.fromkeys((f"[].options[].{name}" for name in _OPTION), _MENU),
        **dict.fromkeys(
            ("?with_response", "?with_components", "?wait", "?limit", "type", "tts", "flags", "nonce"), _PROTOCOL
        ),
        **dict.fromkeys(("enforce_nonce", "data.flags", "recipient_id"), _PROTOCOL),
        **dict.fromkeys(("allowed_mentions.parse", "attachments", "components", "embeds"), _LOOKS),
        **dict.fromkeys((f"attachments[].{name}" for name in ("content_type", "id", "size", "spoiler")), _LOOKS),
        **dict.fromkeys(("components[].type", "components[].components[].type"), _LOOKS),
        **dict.fromkeys((f"components[].components[].{name}" for name in ("disabled", "style")), _LOOKS),
        **dict.fromkeys((f"attachments[].{name}" for name in ("filename", "url", "proxy_url")), _FILE),
        "files": _FILE,
        "content": _ANSWER,
        "components[].components[].label": _ANSWER,
        "components[].components[].custom_id": _HANDLE,
    }
)

MAIL: Final[Mapping[str, Carried]] = MappingProxyType(
    {
        "To": (Category.PROFILE,),
        "From": "the operator's own address",
        "Subject": "a sentence that is the same for everybody",
        "text": (Category.NOTICES, Category.PROFILE),
        **dict.fromkeys(("Date", "Message-ID", "Auto-Submitted"), _PROTOCOL),
        **dict.fromkeys(("MIME-Version", "Content-Type", "Content-Transfer-Encoding"), _PROTOCOL),
    }
)

SENT: Final[Mapping[str, Mapping[str, Carried]]] = MappingProxyType(
    {"telegram": TELEGRAM, "discord": DISCORD, "mail": MAIL}
)
