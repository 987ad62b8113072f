"""What the bot may rely on whichever way its wishes go: the same tests over a pipe to a child and over Redis."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from core.ports import Dispatch
from core.rules import JOBS_PER_WORKER
from core.values import JobId
from core.values.wishes import Drawn, Finished, Progress, Ready, Started
from inference.flat import colour
from storage.over_pipe.dispatch import PipeDispatch
from tests.dispatch.machines import Clock, Listener, beside, leading, until, wish, working
from tests.redis_server import RedisServer

Run = Callable[[float], AbstractAsyncContextManager[tuple[Dispatch, Listener]]]


@asynccontextmanager
async def over_pipe(delay: float) -> AsyncIterator[tuple[Dispatch, Listener]]:
    dispatch = PipeDispatch((sys.executable, "-m", "bots.worker", "flat", str(delay), "error"), Clock())
    listener = Listener(dispatch)
    async with beside(dispatch.run(), listener.run()):
        yield dispatch, listener


@pytest.fixture(params=["pipe", "redis"])
def running(request: pytest.FixtureRequest) -> Run:
    """A dispatch with one worker, which takes `delay` seconds for a picture."""
    if request.param == "pipe":
        return over_pipe
    server: RedisServer = request.getfixturevalue("server")

    @asynccontextmanager
    async def over_redis(delay: float) -> AsyncIterator[tuple[Dispatch, Listener]]:
        async with leading(server.url()) as made:
            with working(server.url(), delay=delay):
                yield made

    return over_redis


async def test_it_takes_nothing_before_a_worker_is_ready_and_then_a_small_window(running: Run) -> None:
    async with running(0) as (dispatch, listener):
        assert dispatch.window == 0
        await listener.until(Ready)
        assert dispatch.window == JOBS_PER_WORKER


async def test_it_draws_the_wishes_of_a_job_in_order_and_says_when_it_is_through(running: Run) -> None:
    async with running(0) as (dispatch, listener):
        await listener.until(Ready)
        await dispatch.send([wish("a", 0, 7), wish("a", 1, 7)])
        assert dispatch.out == {("a", 1)}
        heard = await listener.until(Finished)
        assert not dispatch.out

    assert [type(news) for news in heard] == [Started, Drawn, Drawn, Finished]
    drawn = [news for news in heard if isinstance(news, Drawn)]
    assert [(news.index, news.pixels.data[:3]) for news in drawn] == [(0, colour(7)), (1, colour(8))]


async def test_it_tells_its_progress(running: Run) -> None:
    async with running(1.5) as (dispatch, listener):
        await listener.until(Ready)
        await dispatch.send([wish("a")])
        await listener.until(Finished)

    steps = [word.step for word in listener.passing if isinstance(word, Progress)]
    assert steps == sorted(steps)
    assert len(steps) >= 3


async def test_a_cancelled_job_stops_within_a_step_and_is_not_drawn(running: Run) -> None:
    async with running(5) as (dispatch, listener):
        await listener.until(Ready)
        await dispatch.send([wish("a", 0), wish("a", 1)])
        await listener.until_passing(Progress)
        await dispatch.cancel(JobId("a"), 1)
        heard = await listener.until(Finished)

    assert not [news for news in heard if isinstance(news, Drawn)]


async def test_a_job_cancelled_before_its_turn_is_not_drawn(running: Run) -> None:
    async with running(1) as (dispatch, listener):
        await listener.until(Ready)
        await dispatch.send([wish("a")])
        await listener.until(Started)
        await dispatch.send([wish("b")])
        await dispatch.cancel(JobId("b"), 1)
        heard = [*await listener.until(Finished), *await listener.until(Finished)]
        await until(lambda: not dispatch.out)

    assert [news.job for news in heard if isinstance(news, Drawn)] == ["a"]
    assert {news.job for news in heard if isinstance(news, Finished)} == {"a", "b"}


async def test_an_expired_wish_is_left_alone(running: Run) -> None:
    async with running(0) as (dispatch, listener):
        await listener.until(Ready)
        await dispatch.send([wish("a", lasts=-1)])
        heard = await listener.until(Finished)

    assert not [news for news in heard if isinstance(news, Drawn)]
