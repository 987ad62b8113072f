"""Trying again where that may help. Knows how calls go wrong, not what they are for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Concatenate, Final, ParamSpec, TypeVar

import structlog

from bots.chatting import pause_after
from bots.on_telegram.places import Place
from bots.on_telegram.snags import Flooded, Moved, Snag, Unreached, Unsure

log = structlog.get_logger()

P = ParamSpec("P")
T = TypeVar("T")
Call = Callable[Concatenate[Place, P], Awaitable[T]]

UNREACHED_TRIES: Final = 8
LONGEST_PAUSE: Final = 8.0  #: seconds between two tries


async def insist(call: Call[P, T], place: Place, *args: P.args, **kwargs: P.kwargs) -> T:
    """Until it is done, or there is no hope. What may have got lost is done once more: twice is better than never."""
    try:
        return await insist_once(call, place, *args, **kwargs)
    except Unsure:
        return await insist_once(call, place, *args, **kwargs)


async def insist_once(call: Call[P, T], place: Place, *args: P.args, **kwargs: P.kwargs) -> T:
    """As `insist`, for what must not be there twice. Floods are waited out and count for nothing; a group is followed."""
    unreached = 0
    while True:
        try:
            return await call(place, *args, **kwargs)
        except Flooded:
            continue  # the next try waits for its turn
        except Moved as moved:
            place = replace(place, chat=moved.chat, message=0)
        except Unreached:
            unreached += 1
            if unreached >= UNREACHED_TRIES:
                raise
            await asyncio.sleep(pause_after(unreached, LONGEST_PAUSE))


async def shrug(work: Awaitable[object]) -> None:
    """For what is only nice to have: when it does not work, that is noted and nothing is wrong."""
    try:
        await work
    except Snag as snag:
        log.info("telegram.left", door="telegram", error=type(snag).__name__)
