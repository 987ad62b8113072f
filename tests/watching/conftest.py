"""Fixtures of what is watched: a stage over each database, and an operator who looks at it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bots.watching import health, standing
from tests.cast import Actor, Stage, enter
from tests.watching.looking import Operator, Watching, watching


@pytest.fixture(autouse=True)
def no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every question is looked into: what a test breaks must show at once."""
    monkeypatch.setattr(health, "FRESH", 0.0)
    monkeypatch.setattr(standing, "BOOKS_AT_MOST", 0.0)
    monkeypatch.setattr(standing, "BOOKS_SHARE", 0)


@pytest.fixture
async def seen(stage: Stage) -> AsyncIterator[Watching]:
    async with watching(stage) as opened:
        await opened.audit()
        yield opened


@pytest.fixture
def operator(seen: Watching) -> Operator:
    return seen.operator


@pytest.fixture
async def ben(stage: Stage, seen: Watching) -> Actor:
    """Has agreed, and has 20 credits."""
    ben = enter(stage, "ben")
    await ben.agrees()
    return ben
