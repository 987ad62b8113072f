"""A worker that is asked to end takes nothing new, finishes what it draws and leaves; asked twice, it just ends."""

from __future__ import annotations

import signal

import pytest

from core.values import JobId
from core.values.wishes import Drawn, Finished, Lost, Ready, Started
from tests.dispatch.conftest import Leading
from tests.dispatch.machines import process, until, wish, working
from tests.redis_server import RedisServer


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
async def test_it_finishes_what_it_draws_and_leaves_the_rest(
    server: RedisServer, leader: Leading, how: signal.Signals
) -> None:
    dispatch, listener = leader
    with process(server.url(), delay=1.5) as worker:
        await listener.until(Ready)
        await dispatch.send([wish("a")])
        await dispatch.send([wish("b")])
        await listener.until(Started)
        worker.signal(how)
        heard = await listener.until(Finished)
        status = await worker.exit_status()
        await until(lambda: dispatch.window == 0)

    assert [news.job for news in heard if isinstance(news, Drawn)] == ["a"]
    assert status == 0
    assert not listener.unheard()
    assert dispatch.queues["wishes"] == 1


async def test_what_it_is_given_too_late_it_gives_back(
    server: RedisServer, leader: Leading, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It had asked for something when it was told to end, and cannot take the question back."""
    monkeypatch.setattr("storage.over_redis.end.BLOCK", 4_000)
    dispatch, listener = leader
    with working(server.url()) as worker:
        await listener.until(Ready)
        await until(lambda: _waits(server))
        worker.end.drain()
        await dispatch.send([wish("a")])
        heard = await listener.until(Finished)

    assert heard == [Finished(JobId("a"), 1)]


def _waits(server: RedisServer) -> bool:
    with server.client() as client:
        return any(
            connection["cmd"] == "xreadgroup" and "b" in connection["flags"] for connection in client.client_list()
        )


async def test_an_idle_worker_ends_at_once(server: RedisServer, leader: Leading) -> None:
    dispatch, listener = leader
    with process(server.url(), life=10_000) as worker:
        await listener.until(Ready)
        worker.signal(signal.SIGTERM)
        assert await worker.exit_status() == 0
        with server.client() as client:
            assert not client.exists("darkroom:1:worker:one"), "nobody need wait until it counts as dead"
        await until(lambda: not dispatch.workers)


async def test_a_worker_that_still_waits_for_redis_ends_too(server: RedisServer) -> None:
    server.stop()
    with process(server.url()) as worker:
        assert worker.first_words().startswith("Redis cannot be reached")
        worker.signal(signal.SIGTERM)
        assert await worker.exit_status() == 0


async def test_asked_twice_it_ends_and_what_it_drew_is_lost(server: RedisServer, leader: Leading) -> None:
    dispatch, listener = leader
    with process(server.url(), delay=60) as worker:
        await listener.until(Ready)
        await dispatch.send([wish("a")])
        await listener.until(Started)
        worker.signal(signal.SIGTERM)
        await until(lambda: not worker.is_over())
        worker.signal(signal.SIGTERM)
        while not worker.is_over():  # two signals at once are one
            worker.signal(signal.SIGTERM)
            await until(lambda: True)
        assert await worker.exit_status() == 1
        await listener.until(Lost)


async def test_after_a_while_it_is_waited_for_no_longer(server: RedisServer, leader: Leading) -> None:
    dispatch, listener = leader
    with process(server.url(), delay=60, grace=0.5) as worker:
        await listener.until(Ready)
        await dispatch.send([wish("a")])
        await listener.until(Started)
        worker.signal(signal.SIGTERM)
        assert await worker.exit_status() == 1
        await listener.until(Lost)
