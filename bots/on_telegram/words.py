"""Texts and buttons as Telegram takes them: plain, tamed, in pieces that fit. Knows no network."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

from telegram import CopyTextButton, InlineKeyboardButton, InlineKeyboardMarkup, MessageEntity

from bots.replies import Button, Line, say
from bots.texts import render

TEXT: Final = 4096  #: letters of a message: https://core.telegram.org/bots/api#sendmessage, taken as UTF-16 units
CAPTION: Final = 1024  #: under a picture: https://core.telegram.org/bots/api#sendphoto
TOAST: Final = 200  #: https://core.telegram.org/bots/api#answercallbackquery
COPIED: Final = 256  #: https://core.telegram.org/bots/api#copytextbutton
ROW: Final = 28  #: letters of the labels in one row, so that a telephone shows them whole

#: Turn the direction of what follows, or are not seen at all: a name written with them looks like another.
_MISLEADING = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_MENTION = re.compile(r"@(?=\w)")
_BREAKS = (re.compile(r"\n(?=[^\n]*\Z)"), re.compile(r"\s(?=\S*\Z)"))


def written(lines: Iterable[Line], *, public: bool = False) -> str:
    """What is read: no control character, and where others read along nobody is called."""
    text = "\n".join(render(line) for line in lines)
    kept = "".join(c for c in _MISLEADING.sub("", text) if c == "\n" or unicodedata.category(c) not in ("Cc", "Cs"))
    return _MENTION.sub("@\u2060", kept) if public else kept


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def pieces(text: str, most: int = TEXT) -> list[str]:
    """A long text in parts that fit, cut between lines, else between words, else anywhere. Nothing for an empty one."""
    cut: list[str] = []
    rest = text.strip()
    while units(rest) > most:
        end = _cut(rest, most)
        cut.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return [*cut, rest] if rest else cut


def keyboard(buttons: Sequence[Button], tokens: Sequence[str]) -> InlineKeyboardMarkup | None:
    """Rows as full as a telephone shows them."""
    rows: list[list[InlineKeyboardButton]] = []
    room = 0
    for button, token in zip(buttons, tokens, strict=True):
        label = render(button.label)
        if not rows or len(label) > room:
            rows.append([])
            room = ROW
        rows[-1].append(InlineKeyboardButton(label, callback_data=token))
        room -= len(label)
    return InlineKeyboardMarkup(rows) if rows else None


def without(keyboard: InlineKeyboardMarkup | None, token: str) -> InlineKeyboardMarkup | None:
    """What is left when one button has done its work."""
    rows = [
        [button for button in row if button.callback_data != token]
        for row in (keyboard.inline_keyboard if keyboard else ())
    ]
    kept = [row for row in rows if row]
    return InlineKeyboardMarkup(kept) if kept else None


def leading(label: Line, url: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton(render(label), url=url)]])


def to_copy(text: str) -> tuple[list[MessageEntity], InlineKeyboardMarkup | None]:
    """A text that a touch copies, and a button for it where it is short enough for one."""
    entities = [MessageEntity(MessageEntity.PRE, 0, units(text))]
    if not 0 < units(text) <= COPIED:
        return entities, None
    button = InlineKeyboardButton(render(say("telegram.copy")), copy_text=CopyTextButton(text))
    return entities, InlineKeyboardMarkup([[button]])


def _cut(text: str, most: int) -> int:
    """Where a text that is too long is cut; not so early that a single long line costs a message."""
    end = most
    while units(text[:end]) > most:
        end -= (units(text[:end]) - most + 1) // 2
    for kind in _BREAKS:
        found = kind.search(text, end // 2, end)
        if found:
            return found.start()
    return end
