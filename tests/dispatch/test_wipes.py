"""Everything in Redis may vanish at any moment. What was out is drawn all the same, or known to be lost."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from core.values import JobId
from core.values.wishes import Drawn, Finished, Lost, Ready, Started
from tests.dispatch.conftest import Leading
from tests.dispatch.machines import empty, until, wish, working
from tests.redis_server import RedisServer

pytestmark = pytest.mark.products


async def test_a_wish_nobody_had_taken_is_lost(server: RedisServer, leader: Leading, hasty: None) -> None:
    dispatch, listener = leader
    await dispatch.send([wish("a")])
    server.wipe()
    with working(server.url()):
        heard = await listener.until(Lost)

        assert heard[-1] == Lost(((JobId("a"), 1),))
        await dispatch.send([wish("a", fence=2)])
        heard = await listener.until(Finished)
    assert [news.fence for news in heard if isinstance(news, Drawn)] == [2]


async def test_a_picture_that_is_being_drawn_is_not_lost(server: RedisServer, leader: Leading, hasty: None) -> None:
    """Its worker says again what it is doing."""
    dispatch, listener = leader
    with working(server.url(), delay=4):
        await listener.until(Ready)
        await dispatch.send([wish("a")])
        await listener.until(Started)
        server.wipe()
        heard = await listener.until(Finished, Lost)

    assert [type(news) for news in heard] == [Drawn, Finished]


async def test_workers_go_on_taking(server: RedisServer, leader: Leading, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their group is missed, long before it is time to say again that the bot is there."""
    monkeypatch.setattr("storage.over_redis.dispatch.KEEP", 1_000.0)
    dispatch, listener = leader
    with working(server.url()):
        await listener.until(Ready)
        server.wipe()
        await dispatch.send([wish("a")])
        heard = await listener.until(Finished)

    assert [news.job for news in heard if isinstance(news, Drawn)] == ["a"]


async def test_wiped_again_and_again_every_job_ends_somehow(server: RedisServer, leader: Leading, hasty: None) -> None:
    """As the scheduler does it: what is lost is sent again under a higher fence."""
    dispatch, listener = leader
    missing = {JobId(f"job{number}"): 1 for number in range(12)}

    async def wipe() -> None:
        for _ in range(12):
            await asyncio.sleep(0.31)
            server.wipe()

    with working(server.url(), "one", delay=0.2), working(server.url(), "two", delay=0.2):
        await listener.until(Ready)
        wiping = asyncio.create_task(wipe())
        for job in missing:
            await dispatch.send([wish(job)])
        while missing:
            news = (await listener.until(Drawn, Lost))[-1]
            if isinstance(news, Drawn):
                missing.pop(news.job, None)
                continue
            assert isinstance(news, Lost)
            for job, fence in news.dispatches:
                if missing.get(job) == fence:
                    missing[job] = fence + 1
                    await dispatch.send([wish(job, fence=fence + 1)])
        await wiping
        with suppress(TimeoutError):
            await until(lambda: empty(server) and not dispatch.out)

    assert empty(server)
    assert not dispatch.out
