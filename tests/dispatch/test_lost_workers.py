"""Workers die, come back and hang: what they had is lost or taken up again, and never waited for in vain."""

from __future__ import annotations

import asyncio
import signal
from contextlib import aclosing

import pytest

from core.rules import ATTEMPTS
from core.values import JobId
from core.values.wishes import Drawn, Finished, Lost, Progress, Ready, Started
from tests.dispatch.conftest import Leading
from tests.dispatch.machines import PATIENCE, empty, process, serving, until, wish, working
from tests.redis_server import RedisServer

pytestmark = pytest.mark.products


async def test_what_a_killed_worker_had_is_lost_and_what_waited_is_not(
    server: RedisServer, leader: Leading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.over_redis.outstanding.GRACE", 1_000.0)  # which is for a Redis that forgets
    dispatch, listener = leader
    with process(server.url(), delay=60) as worker:
        await listener.until(Ready)
        await dispatch.send([wish("a")])
        await dispatch.send([wish("b")])
        await listener.until(Started)
        worker.signal(signal.SIGKILL)
        heard = await listener.until(Lost)

    assert heard[-1] == Lost(((JobId("a"), 1),))
    assert dispatch.window == 0
    with working(server.url(), "two"):
        heard = await listener.until(Finished)
        await until(lambda: empty(server))
    assert [news.job for news in heard if isinstance(news, Drawn)] == ["b"]


async def test_while_no_worker_lives_nothing_is_out(server: RedisServer, leader: Leading) -> None:
    dispatch, listener = leader
    with process(server.url(), delay=60) as worker:
        await listener.until(Ready)
        await dispatch.send([wish("a")])
        await dispatch.send([wish("b")])
        await listener.until(Started)
        assert dispatch.out == {("a", 1), ("b", 1)}
        worker.signal(signal.SIGKILL)
        await listener.until(Lost)

    assert not dispatch.out


async def test_a_worker_that_comes_back_first_takes_up_what_it_left(server: RedisServer, leader: Leading) -> None:
    dispatch, listener = leader
    with process(server.url(), delay=60, life=6_000) as worker:
        await listener.until(Ready)
        await dispatch.send([wish("a")])
        await listener.until(Started)
        worker.signal(signal.SIGKILL)
    with process(server.url(), delay=0, life=6_000):
        heard = await listener.until(Finished)
        await until(lambda: empty(server))

    assert [type(news) for news in heard] == [Ready, Started, Drawn, Finished]
    assert not dispatch.out


async def test_a_job_that_ends_its_worker_every_time_is_handed_back(server: RedisServer, leader: Leading) -> None:
    """Each life of the worker begins it once; then it is told as over, and its attempts decide."""
    dispatch, listener = leader
    await dispatch.send([wish("a")])
    for _ in range(ATTEMPTS):
        with process(server.url(), delay=60, life=6_000) as worker:
            await listener.until(Started)
            worker.signal(signal.SIGKILL)
    with process(server.url(), delay=60, life=6_000):
        heard = await listener.until(Started, Finished)
        await until(lambda: empty(server))

    assert heard[-1] == Finished(JobId("a"), 1)
    assert not dispatch.out


async def test_a_worker_that_hangs_over_a_job_does_not_keep_it(
    server: RedisServer, leader: Leading, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its heart goes on beating. The lease of the job is no longer renewed, and so it is drawn elsewhere."""
    monkeypatch.setattr("storage.over_redis.outstanding.SILENCE", 1.0)
    dispatch, listener = leader
    with working(server.url(), delay=40) as worker:  # four seconds a step
        await listener.until(Ready)
        await dispatch.send([wish("a")])
        await dispatch.send([wish("b")])
        await until(lambda: dispatch.out == {("b", 1)})
        assert dispatch.window
        await listener.until_passing(Progress)
        assert ("a", 1) in dispatch.out, "a worker that speaks again did not hang"
        await dispatch.cancel(JobId("a"), 1)
        await dispatch.cancel(JobId("b"), 1)
        worker.end.drain()


async def test_a_paused_worker_that_goes_on_is_not_mistaken_for_another(server: RedisServer, leader: Leading) -> None:
    dispatch, listener = leader
    with process(server.url(), delay=2) as worker:
        await listener.until(Ready)
        await dispatch.send([wish("a")])
        await listener.until(Started)
        worker.signal(signal.SIGSTOP)
        await listener.until(Lost)
        await dispatch.send([wish("a", fence=2)])
        worker.signal(signal.SIGCONT)
        heard = await listener.until(Finished)
        while heard[-1] != Finished(JobId("a"), 2):
            heard += await listener.until(Finished)
        await until(lambda: dispatch.window)

    fences = {news.fence for news in heard if isinstance(news, Drawn)}
    assert 2 in fences, "what it drew under the old fence is for the database to refuse"


async def test_what_a_worker_said_before_it_died_is_heard_before_its_loss(server: RedisServer) -> None:
    """Otherwise its pictures would be drawn again, though they are there."""
    async with serving(server.url()) as dispatch:
        with process(server.url(), delay=1.5) as worker:
            await until(lambda: dispatch.window)
            await dispatch.send([wish("a", 0), wish("a", 1)])
            await until(lambda: dispatch.queues["results"] == 3)
            worker.signal(signal.SIGKILL)
        await until(lambda: not dispatch.workers)
        heard = []
        async with asyncio.timeout(PATIENCE), aclosing(dispatch.news()) as told:  # type: ignore[type-var]
            async for news in told:
                heard.append(type(news))
                if isinstance(news, Lost):
                    break
                await asyncio.sleep(1.2)  # a slow day: it has long been looked up who lives

    assert heard == [Ready, Started, Drawn, Lost]
