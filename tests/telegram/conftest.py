"""Fixtures of the Telegram door: a scene, and people of the cast in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.database import SqlDatabase
from tests.cast import agrees_and_is_banned, build_stage
from tests.databases import Store
from tests.telegram.actor import Scene, TelegramActor, at_telegram


@pytest.fixture
def database(sqlite_store: Store) -> SqlDatabase:
    """One product is enough here: what the door asks of a database is tested over both elsewhere."""
    return sqlite_store.open()


@pytest.fixture
async def scene(tmp_path: Path, database: SqlDatabase) -> AsyncIterator[Scene]:
    async with at_telegram(build_stage(tmp_path, database)) as scene:
        yield scene


@pytest.fixture
def ana(scene: Scene) -> TelegramActor:
    """New: has never said a word."""
    return scene.enter("Ana")


@pytest.fixture
async def ben(scene: Scene) -> TelegramActor:
    """Has agreed, and has 20 credits."""
    ben = scene.enter("Ben")
    await ben.agrees()
    return ben


@pytest.fixture
async def zoe(scene: Scene) -> TelegramActor:
    """Has agreed too, and reads along in groups."""
    zoe = scene.enter("Zoe")
    await zoe.agrees()
    return zoe


@pytest.fixture
async def zed(scene: Scene) -> TelegramActor:
    """Has agreed, and is banned since."""
    zed = scene.enter("Zed")
    await agrees_and_is_banned(zed)
    return zed
