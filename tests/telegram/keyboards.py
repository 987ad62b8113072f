"""The buttons under a message, and which of them Telegram takes."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from tests.telegram.refusals import bad_request

#: https://core.telegram.org/bots/api#inlinekeyboardbutton: 1-64 bytes
LONGEST_DATA = 64

#: Found by trying, and kept in python-telegram-bot's `InlineKeyboardMarkupLimit`
MOST_BUTTONS = 100

DECORATIONS = {"text", "style", "icon_custom_emoji_id"}


def check(markup: dict[str, Any] | None) -> dict[str, Any] | None:
    """A keyboard that may stand under a message; an empty one is none."""
    rows = (markup or {}).get("inline_keyboard")
    if rows is None:
        return markup
    buttons = [button for row in rows for button in row]
    if len(buttons) > MOST_BUTTONS:
        raise bad_request("reply markup is too long")
    for button in buttons:
        _check_button(button)
    kept = [row for row in rows if row]
    return {"inline_keyboard": kept} if kept else None


def _check_button(button: dict[str, Any]) -> None:
    """ "Exactly one of the fields other than text, icon_custom_emoji_id, and style must be used" """
    if len(button.keys() - DECORATIONS) != 1:
        raise bad_request("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    data = button.get("callback_data")
    if data is not None and not 1 <= len(data.encode()) <= LONGEST_DATA:
        raise bad_request("BUTTON_DATA_INVALID")
    if "url" in button and not _leads_somewhere(button["url"]):
        raise bad_request(f"inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL")


def _leads_somewhere(url: str) -> bool:
    """Hosts need a dot, so `localhost` is refused and 127.0.0.1 is not."""
    parts = urlsplit(url if "://" in url else f"http://{url}")
    if parts.scheme == "tg":
        return True
    return parts.scheme in ("http", "https") and bool(re.fullmatch(r"[^.]+(\.[^.]+)+", parts.hostname or ""))
