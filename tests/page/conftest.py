"""Fixtures of the page's door: a running server over a bot, and people with the page open."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from storage.database import SqlDatabase
from tests.cast import Stage
from tests.databases import Store
from tests.page.actor import Front, PageActor, open_front
from tests.page.browser import NOT_INSTALLED, chromium, program


@pytest.fixture
def database(sqlite_store: Store) -> SqlDatabase:
    """One product is enough here: what a door knows of storage is tested elsewhere."""
    return sqlite_store.open()


@pytest.fixture
async def front(stage: Stage) -> AsyncIterator[Front]:
    async with open_front(stage, patience=0.5) as opened:
        yield opened


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    path = program()
    if path is None:
        pytest.skip(NOT_INSTALLED)
    async with chromium(path) as opened:
        yield opened


@pytest.fixture
async def ana(front: Front) -> PageActor:
    """New: has the page open and never said a word."""
    return await front.enter("ana")


@pytest.fixture
async def ben(front: Front) -> PageActor:
    """Has agreed, and has 20 credits."""
    ben = await front.enter("ben")
    await ben.agrees()
    return ben
