"""The world of these tests: one per test, on each database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.crashes.world import AtOnce, World
from tests.databases import Store


@pytest.fixture
async def world(store: Store, tmp_path: Path) -> AsyncIterator[World]:
    made = _world(store, tmp_path)
    yield made
    made.close()


@pytest.fixture
async def sqlite_world(sqlite_store: Store, tmp_path: Path) -> AsyncIterator[World]:
    made = _world(sqlite_store, tmp_path)
    yield made
    made.close()


def _world(store: Store, folder: Path) -> World:
    asyncio.get_running_loop().set_default_executor(AtOnce())
    return World(store, folder)
