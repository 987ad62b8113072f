"""Wishes go out over Redis and pictures come back: the whole way, a leader and workers with connections of their own."""

from __future__ import annotations

from core.values import JobId
from core.values.wishes import Drawn, Finished, Progress, Ready, Started
from inference.flat import colour
from tests.dispatch.conftest import Leading
from tests.dispatch.machines import empty, length, serving, until, wish, working
from tests.redis_server import RedisServer


async def test_it_draws_what_it_is_sent_and_leaves_nothing_behind(server: RedisServer, leader: Leading) -> None:
    dispatch, listener = leader
    with working(server.url()):
        await listener.until(Ready)
        await dispatch.send([wish("a", 0, 7), wish("a", 1, 7)])
        heard = await listener.until(Finished)
        assert not length(server, "wishes"), "it goes in the moment its end is told"
        await until(lambda: empty(server))
        await dispatch.send([wish("b")])
        later = await listener.until(Finished)

    assert {news.job for news in later} == {"b"}, "what is over is spoken of no more"
    assert heard[0] == Started(JobId("a"), 1)
    assert [news.pixels.data[:3] for news in heard if isinstance(news, Drawn)] == [colour(7), colour(8)]
    assert heard[-1] == Finished(JobId("a"), 1)
    assert not dispatch.out


async def test_two_workers_share_what_there_is(server: RedisServer, leader: Leading) -> None:
    dispatch, listener = leader
    with working(server.url(), "one", delay=0.5), working(server.url(), "two", delay=0.5):
        await listener.until(Ready)
        await listener.until(Ready)
        for job in "abcd":
            await dispatch.send([wish(job)])
        await until(lambda: {worker.name for worker in dispatch.workers if worker.drawing} == {"one", "two"})
        heard = [news for _ in "abcd" for news in await listener.until(Finished)]

    assert sorted(news.job for news in heard if isinstance(news, Drawn)) == ["a", "b", "c", "d"]


async def test_a_worker_takes_one_dispatch_at_a_time(server: RedisServer, leader: Leading) -> None:
    dispatch, listener = leader
    with working(server.url(), delay=0.3):
        await listener.until(Ready)
        await dispatch.send([wish("a")])
        await dispatch.send([wish("b")])
        heard = await listener.until(Finished) + await listener.until(Finished)

    order = [(type(news), news.job) for news in heard if isinstance(news, Started | Finished)]
    assert order == [(Started, "a"), (Finished, "a"), (Started, "b"), (Finished, "b")]


async def test_the_bot_knows_its_workers_and_what_they_draw(server: RedisServer, leader: Leading) -> None:
    dispatch, listener = leader
    with working(server.url(), "atelier", delay=5) as worker:
        await listener.until(Ready)
        await dispatch.send([wish("a")])
        await until(lambda: dispatch.workers and dispatch.workers[0].drawing)
        (seen,) = dispatch.workers

        assert (seen.name, seen.models, seen.ready, seen.drawing) == ("atelier", ("flat",), True, ("a", 1))
        assert dispatch.queues["wishes"] == 1
        await dispatch.cancel(JobId("a"), 1)
        worker.end.drain()
        await until(lambda: not dispatch.workers)
    assert dispatch.window == 0


async def test_every_serving_process_hears_how_far_a_picture_is(server: RedisServer, leader: Leading) -> None:
    dispatch, listener = leader
    async with serving(server.url()) as other:
        passing = other.passing()
        with working(server.url(), delay=1):
            await listener.until(Ready)
            await dispatch.send([wish("a")])
            async for word in passing:
                if isinstance(word, Progress):
                    assert word.job == "a"
                    break
            await listener.until(Finished)
        await passing.aclose()  # type: ignore[attr-defined]
    assert any(isinstance(word, Progress) for word in listener.passing)
