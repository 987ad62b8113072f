"""What can become of a call to Telegram, told apart by what may be done next. Knows no chat and no message."""

from __future__ import annotations

import os
from typing import Final

import httpx
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, RetryAfter, TelegramError

os.environ.setdefault("PTB_TIMEDELTA", "1")  # else the library's flood exception warns whenever it is read


class Snag(Exception):
    """A call that was not done as asked."""


class Flooded(Snag):
    """Too much was sent: nothing happened, and nothing will before so many `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Unreached(Snag):
    """The call did not get there: nothing happened."""


class Unsure(Snag):
    """The answer got lost or was none: it may have happened, or not."""


class Moved(Snag):
    """The group has another number now."""

    def __init__(self, chat: int) -> None:
        super().__init__(chat)
        self.chat = chat


class Closed(Snag):
    """Nothing can be said in this chat any more: blocked, kicked, deleted, or never opened."""


class Missing(Snag):
    """The message is not there any more, or no edit can reach it."""


class Wordless(Snag):
    """The message is a picture and has no text of its own."""


class Unfit(Snag):
    """Telegram does not take this file as a photo."""


class Stuck(Snag):
    """The message is too old to be deleted."""


class Unwanted(Snag):
    """Refused for a reason that nothing here answers."""


#: How refusals begin to be told apart. Sentences of tdlib/telegram-bot-api, compared without regard to case: the library
#: changes that of the first letter.
_SENTENCES: Final[tuple[tuple[str, type[Snag]], ...]] = (
    ("message to edit not found", Missing),
    ("message to delete not found", Missing),
    ("message_id_invalid", Missing),
    ("message can't be edited", Missing),
    ("there is no text in the message to edit", Wordless),
    ("there is no caption in the message to edit", Missing),
    ("message can't be deleted", Stuck),
    ("photo_invalid_dimensions", Unfit),
    ("image_process_failed", Unfit),
    ("photo_ext_invalid", Unfit),
    ("is too big for a photo", Unfit),
    ("wrong type of the file", Unfit),
    ("chat not found", Closed),
    ("user not found", Closed),
    ("group chat was deactivated", Closed),
    ("not enough rights", Closed),
    ("have no rights to send", Closed),
    ("need administrator rights", Closed),
    ("chat_write_forbidden", Closed),
    ("chat_restricted", Closed),
    ("user_is_blocked", Closed),
    ("input_user_deactivated", Closed),
    ("peer_id_invalid", Closed),
    ("topic_closed", Closed),
    ("topic_deleted", Closed),
    ("message thread not found", Closed),
)
_NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


def meaning(error: TelegramError) -> Snag | None:
    """What an exception of the library means; None where what was asked for is so already."""
    match error:
        case RetryAfter():
            wait = error.retry_after
            return Flooded(wait if isinstance(wait, int) else wait.total_seconds())
        case ChatMigrated():
            return Moved(error.new_chat_id)
        case Forbidden():
            return Closed()
        case BadRequest():
            return _refusal(error.message.casefold())
        case InvalidToken():
            return Unreached()
    if "request entity too large" in error.message.casefold():
        return Unwanted()
    return Unreached() if isinstance(error.__cause__, _NOT_SENT) else Unsure()


def _refusal(sentence: str) -> Snag | None:
    if "message is not modified" in sentence:
        return None
    return next((kind() for known, kind in _SENTENCES if known in sentence), Unwanted())
