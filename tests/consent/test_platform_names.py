"""What a platform calls somebody is kept only where they ask for it, and then follows what they change there."""

from __future__ import annotations

import pytest

from storage.database import SqlDatabase
from tests.cast import Stage, keys_of, read
from tests.consent.offering import rows
from tests.databases import Store
from tests.discord_.actor import at_discord
from tests.telegram.overheard import overheard_at_telegram


@pytest.fixture
def database(sqlite_store: Store) -> SqlDatabase:
    return sqlite_store.open()


async def test_at_telegram(stage: Stage) -> None:
    async with overheard_at_telegram(stage) as come:
        ben = come("Benedikt")
        await ben.agrees()
        await ben.says("/balance")
        assert rows(stage, "profile") == []

        assert "Benedikt" in read(await ben.says("/profile set display_name"))
        ben.user.first_name = "Wilhelmina"
        await ben.says("/balance")
        assert "Wilhelmina" in read(await ben.says("/profile"))


async def test_at_discord(stage: Stage) -> None:
    async with at_discord(stage) as scene:
        ben = scene.enter("Benedikt")
        await ben.agrees()
        await ben.says("/balance")
        assert rows(stage, "profile") == []

        assert keys_of(await ben.says("/profile set display_name")) == ["profile.follows"]
        before = rows(stage, "profile")[0]["sealed_value"]
        ben.user.name = "Wilhelmina"
        await ben.says("/balance")
        assert "Wilhelmina".casefold() in read(await ben.says("/profile")).casefold()
        assert rows(stage, "profile")[0]["sealed_value"] != before
