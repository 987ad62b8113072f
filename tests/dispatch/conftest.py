"""Fixtures of the dispatch: a Redis of each test's own, a bot at it, and the same behaviours over a pipe."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from storage.over_redis.dispatch import RedisDispatch
from tests import redis_server
from tests.dispatch.machines import Listener, leading
from tests.redis_server import RedisServer

Leading = tuple[RedisDispatch, Listener]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker in a thread of ours looks up more often, and so comes and goes at once."""
    monkeypatch.setattr("storage.over_redis.end.BLOCK", 100)
    monkeypatch.setattr("storage.over_redis.end.ASKED_AGAIN", 0.05)


@pytest.fixture
def installed() -> None:
    if not redis_server.is_installed():
        pytest.skip(redis_server.NOT_INSTALLED)


@pytest.fixture
def server(installed: None) -> Iterator[RedisServer]:
    with redis_server.redis_server() as server:
        yield server


@pytest.fixture
async def leader(server: RedisServer) -> AsyncIterator[Leading]:
    async with leading(server.url()) as made:
        yield made


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hearts beat faster, and patience is shorter, than in earnest."""
    monkeypatch.setattr("storage.over_redis.presence.BEAT", 300)
    monkeypatch.setattr("storage.over_redis.presence.LIFE", 1_500)
    monkeypatch.setattr("storage.over_redis.outstanding.GRACE", 1.0)
