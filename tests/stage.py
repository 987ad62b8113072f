"""Fixtures of the cast: a stage over each database, and Ana, Ben and Zed at it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp.web_app import _cached_build_middleware

from bots import logs
from storage.database import SqlDatabase
from tests.cast import Actor, Stage, agrees_and_is_banned, build_stage, enter


@pytest.fixture(autouse=True)
def log() -> io.StringIO:
    """What the program logs, at its most talkative."""
    written = io.StringIO()
    logs.set_up("debug", written)
    return written


@pytest.fixture(autouse=True)
def _let_go() -> Iterator[None]:
    """aiohttp remembers the handlers of servers that are closed, and with them every bot that a test made."""
    yield
    _cached_build_middleware.cache_clear()


@pytest.fixture
def stage(tmp_path: Path, database: SqlDatabase) -> Stage:
    return build_stage(tmp_path, database)


@pytest.fixture
def ana(stage: Stage) -> Actor:
    """New: has never said a word."""
    return enter(stage, "ana")


@pytest.fixture
async def ben(stage: Stage) -> Actor:
    """Has agreed, and has 20 credits."""
    ben = enter(stage, "ben")
    await ben.agrees()
    return ben


@pytest.fixture
async def zed(stage: Stage) -> Actor:
    """Has agreed, and is banned since."""
    zed = enter(stage, "zed")
    await agrees_and_is_banned(zed)
    return zed
