"""One conversation at every door: the terminal over both databases, the page, Telegram and Discord over their real wires."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from tests.cast import Actor, Stage, agrees_and_is_banned, enter
from tests.databases import Store
from tests.discord_.actor import at_discord
from tests.page.actor import open_front
from tests.telegram.overheard import overheard_at_telegram

ENTRANCES = (
    "terminal",
    pytest.param("terminal on postgres", marks=pytest.mark.postgres),
    "page",
    "telegram",
    "discord",
)
Enter = Callable[[str], Awaitable[Actor]]


@pytest.fixture(params=ENTRANCES)
def entrance(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def store(entrance: str, request: pytest.FixtureRequest) -> Store:
    made: Store = request.getfixturevalue("postgres_store" if "postgres" in entrance else "sqlite_store")
    return made


@pytest.fixture
async def door(entrance: str, stage: Stage) -> AsyncIterator[Enter]:
    """How somebody new comes in. What each actor sees of a reply is compared with what went over the wire."""
    async with AsyncExitStack() as opened:
        if entrance == "page":
            front = await opened.enter_async_context(open_front(stage))
            yield front.enter
        elif entrance == "telegram":
            yield _at_once(await opened.enter_async_context(overheard_at_telegram(stage)))
        elif entrance == "discord":
            discord = await opened.enter_async_context(at_discord(stage))
            yield _at_once(discord.enter)
        else:
            yield _at_once(lambda name: enter(stage, name))


@pytest.fixture
async def ana(door: Enter) -> Actor:
    """New: has never said a word."""
    return await door("ana")


@pytest.fixture
async def ben(door: Enter) -> Actor:
    """Has agreed, and has 20 credits."""
    ben = await door("ben")
    await ben.agrees()
    return ben


@pytest.fixture
async def zed(door: Enter, stage: Stage) -> Actor:
    """Has agreed, and is banned since."""
    zed = await door("zed")
    await agrees_and_is_banned(zed)
    return zed


def _at_once(come: Callable[[str], object]) -> Enter:
    async def coming(name: str) -> Actor:
        return come(name)  # type: ignore[return-value]

    return coming
