"""Another process takes the lead: it goes on where the last one ended, whether that one is dead, paused or still busy."""

from __future__ import annotations

import asyncio

from core.values import JobId
from core.values.wishes import Drawn, Finished, Lost, Ready
from tests.dispatch.conftest import Leading
from tests.dispatch.machines import (
    PATIENCE,
    Listener,
    beside,
    bot,
    empty,
    leading,
    process,
    serving,
    until,
    wish,
    working,
)
from tests.redis_server import RedisServer


async def test_what_was_heard_and_not_handled_is_heard_by_the_next(server: RedisServer) -> None:
    """A leader handles what it was given before it asks for more; one that dies in between leaves it behind."""
    async with serving(server.url()) as first, serving(server.url()) as second:
        with working(server.url()):
            await until(lambda: first.window)
            await first.send([wish("a")])
            news = first.news()
            async with asyncio.timeout(PATIENCE):
                while not isinstance(await anext(news), Drawn):
                    pass
            await news.aclose()  # type: ignore[attr-defined]

            listener = Listener(second)
            async with beside(listener.run()):
                heard = await listener.until(Finished)
                await until(lambda: empty(server))

    assert [type(word) for word in heard] == [Drawn, Finished]


async def test_what_was_handled_is_not_heard_again(server: RedisServer) -> None:
    async with serving(server.url()) as first, serving(server.url()) as second:
        with working(server.url()):
            await until(lambda: first.window)
            await first.send([wish("a")])
            listener = Listener(first)
            async with beside(listener.run()):
                await listener.until(Finished)
                await until(lambda: empty(server))
            await first.send([wish("b")])
            listener = Listener(second)
            async with beside(listener.run()):
                heard = await listener.until(Finished)

    assert {word.job for word in heard if not isinstance(word, Ready | Lost)} == {"b"}


async def test_what_another_process_sent_is_out(server: RedisServer) -> None:
    """The new leader renews the leases of what the last one sent."""
    async with serving(server.url()) as first:
        with working(server.url(), delay=4):
            await until(lambda: first.window)
            await first.send([wish("a")])
            await first.send([wish("b")])
            async with leading(server.url()) as (second, listener):
                await until(lambda: second.out == {("a", 1), ("b", 1)})
                for job in "ab":
                    await second.cancel(JobId(job), 1)
                await listener.until(Finished)
                await listener.until(Finished)


async def test_a_worker_that_died_while_nobody_led_is_noticed(server: RedisServer) -> None:
    async with serving(server.url()) as first:
        with process(server.url(), delay=60):
            await until(lambda: first.window)
            await first.send([wish("a")])
            await until(lambda: first.workers[0].drawing)
    async with leading(server.url()) as (_, listener):
        heard = await listener.until(Lost)

    assert heard[-1] == Lost(((JobId("a"), 1),))


async def test_two_leaders_at_once_do_each_other_no_harm(server: RedisServer, leader: Leading, hasty: None) -> None:
    dispatch, listener = leader
    async with leading(server.url()) as (other, others):
        with working(server.url()):
            await listener.until(Ready)
            for number in range(10):
                await (other if number % 2 else dispatch).send([wish(f"job{number}")])
            finished: set[str] = set()
            while len(finished) < 10:
                await asyncio.sleep(0.05)
                for news in [*listener.unheard(), *others.unheard()]:
                    if isinstance(news, Finished):
                        finished.add(news.job)
            await until(lambda: empty(server) and not dispatch.out and not other.out)


async def test_a_leader_paused_for_long_forgets_what_became_of_its_jobs(server: RedisServer, hasty: None) -> None:
    """What others handled meanwhile is over. It says that it lost track of them, and the fences are above that."""
    paused = bot(server.url())
    async with beside(paused.run()):
        news = paused.news()
        with working(server.url()):
            await until(lambda: paused.window)
            await anext(news)
            await paused.send([wish("a")])
            async with leading(server.url()) as (_, listener):
                await listener.until(Finished)
                await until(lambda: empty(server))
            async with asyncio.timeout(PATIENCE):
                assert await anext(news) == Lost(((JobId("a"), 1),))
        await news.aclose()  # type: ignore[attr-defined]
    await paused.close()
