"""What can become of a call to Discord, told apart by what may be done next. Knows no channel and no message.

Numbers are those of https://discord.com/developers/docs/topics/opcodes-and-status-codes#json.
"""

from __future__ import annotations

from typing import Final

import aiohttp
import discord

ANSWERED_ALREADY: Final = 40060
BANNED_PAUSE: Final = 60.0  #: seconds after a refusal that does not come from Discord's own servers


class Snag(Exception):
    """A call that was not done as asked."""


class Limited(Snag):
    """Too much was sent: nothing happened, and nothing will before so many `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Unsure(Snag):
    """The answer got lost or was none: it may have happened, or not."""


class Dead(Snag):
    """The interaction can be answered no more."""


class Taken(Snag):
    """The interaction was answered already."""


class Missing(Snag):
    """The message is not there any more."""


class Shut(Snag):
    """Nothing can be said in this channel: kicked, forbidden, deleted, or their private messages are closed."""


class Blocked(Snag):
    """Discord or the server's own moderation does not want this text or picture."""


class TooLarge(Snag):
    """A file is larger than this place takes."""


class Unwanted(Snag):
    """Refused for a reason that nothing here answers."""


_BY_CODE: Final[dict[int, type[Snag]]] = {
    **dict.fromkeys((50027, 10015, 10062), Dead),
    ANSWERED_ALREADY: Taken,
    10008: Missing,
    **dict.fromkeys((50001, 50013, 10003, 10004, 50007, 50278), Shut),
    **dict.fromkeys((200000, 200001, 20009), Blocked),
    40005: TooLarge,
    130000: Unsure,
}


def meaning(error: Exception) -> Snag | None:
    """What an exception of the libraries means; None for one that is a bug of ours."""
    match error:
        case discord.RateLimited():
            return Limited(error.retry_after)
        case discord.HTTPException():
            return _refusal(error)
        case aiohttp.ClientError() | OSError():  # a time-out is one too
            return Unsure()
        case RuntimeError() if "session is closed" in str(error).lower():  # we hung up meanwhile
            return Unsure()
    return None


def _refusal(error: discord.HTTPException) -> Snag:
    if (known := _BY_CODE.get(error.code)) is not None:
        return known()
    if error.status == 429:
        return Limited(BANNED_PAUSE)
    if error.status == 413:
        return TooLarge()
    if error.status >= 500:
        return Unsure()
    if error.status == 403:
        return Shut()
    return Unwanted()
