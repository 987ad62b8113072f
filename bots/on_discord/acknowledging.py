"""The first answer to an interaction, which Discord wants within three seconds: before it is accepted nothing is done."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, Final

import discord

from bots.on_discord.snags import Limited, Snag, Taken, Unsure, meaning

DEADLINE: Final = 2.7  #: seconds
PAUSE: Final = 0.1
LIBRARY_PAUSE: Final = 0.9  #: seconds; after so long the library itself may have tried before
REMEMBERED: Final = 10_000

Interaction = discord.Interaction[Any]


class Seen:
    """What came before: an event may come twice."""

    def __init__(self) -> None:
        self._known: OrderedDict[int, None] = OrderedDict()

    def first_time(self, id_: int) -> bool:
        if id_ in self._known:
            return False
        self._known[id_] = None
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return True


async def defer(interaction: Interaction, *, quiet: bool) -> int | None:
    """Say that the bot is thinking, `quiet` to the asker alone. The number of that message, 0 when nobody learnt it; None when
    Discord did not accept it, or somebody else answered.
    """

    async def thinking() -> int:
        response = await interaction.response.defer(ephemeral=quiet, thinking=True)
        return (response and response.message_id) or 0

    return await _accepted(thinking)


async def defer_update(interaction: Interaction) -> bool:
    """Say that the message whose button was pressed will change. False when Discord did not accept it."""

    async def updating() -> int:
        await interaction.response.defer()
        return 0

    return await _accepted(updating) is not None


async def open_window(interaction: Interaction, window: discord.ui.Modal) -> bool:
    async def opening() -> int:
        await interaction.response.send_modal(window)
        return 0

    return await _accepted(opening) is not None


async def _accepted(answer: Callable[[], Awaitable[int]]) -> int | None:
    """What the answer gave; 0 when it was accepted and the number got lost."""
    began, tried = time.monotonic(), False
    while (left := DEADLINE - (time.monotonic() - began)) > 0:
        try:
            async with asyncio.timeout(left):
                return await answer()
        except Exception as error:
            snag = meaning(error)
            if snag is None:
                raise
        if isinstance(snag, Taken):
            ours = tried or time.monotonic() - began >= LIBRARY_PAUSE
            return 0 if ours else None
        if not isinstance(snag, Unsure | Limited):
            return None
        tried = tried or isinstance(snag, Unsure)
        await asyncio.sleep(min(_pause(snag), left))
    return None


def _pause(snag: Snag) -> float:
    return snag.seconds if isinstance(snag, Limited) else PAUSE
