"""What nobody takes or hears does not lie in Redis for ever, not even in a stream that others keep alive."""

from __future__ import annotations

import io

import pytest

from core.values import JobId
from core.values.wishes import Drawn, Lost, Pixels, Started
from storage.over_redis.tickets import ticket
from storage.wire import FROM_WORKER, Envelope, wrap
from tests.dispatch.conftest import Leading
from tests.dispatch.machines import TICKET_KEY, WIRE_KEY, Clock, empty, leading, serving, until, wish, working
from tests.redis_server import RedisServer

A = JobId("a")


def said(news: Started | Drawn) -> bytes:
    return wrap(WIRE_KEY, FROM_WORKER, Envelope(news, ticket(TICKET_KEY, A, 1)))


async def test_a_wish_nobody_took_is_lost_in_the_end(server: RedisServer, leader: Leading) -> None:
    _, listener = leader
    with server.client() as client:
        client.xadd("darkroom:1:wishes", {"j": "a", "f": 1, "b": b"sealed"}, id="1-1")
    heard = await listener.until(Lost)
    await until(lambda: empty(server))

    assert heard == [Lost(((A, 1),))]


async def test_a_result_nobody_heard_in_time_is_not_heard(server: RedisServer) -> None:
    with server.client() as client:
        client.xadd("darkroom:1:results", {"b": said(Started(A, 1))}, id="1-1")
        client.xadd("darkroom:1:results", {"b": said(Started(A, 1))})
    async with leading(server.url()) as (_, listener):
        await listener.until(Started)
        await until(lambda: empty(server))

        assert not listener.unheard()


async def test_a_picture_that_comes_too_late_is_dropped(server: RedisServer, leader: Leading, log: io.StringIO) -> None:
    _, listener = leader
    with server.client() as client:
        client.xadd("darkroom:1:results", {"b": said(Drawn(A, 0, 1, Pixels(1, 1, b"red"), Clock().now() - 1))})
        client.xadd("darkroom:1:results", {"b": said(Started(A, 1))})

    assert await listener.until(Started) == [Started(A, 1)]
    assert "worker.late" in log.getvalue()


async def test_without_a_bot_everything_ends_by_itself(server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for life in ("WISH_LIFE", "RESULT_LIFE", "HOUSE_LIFE"):
        monkeypatch.setattr(f"storage.over_redis.keyspace.{life}", 2_000)
    async with serving(server.url()) as dispatch:
        with working(server.url()):
            await until(lambda: dispatch.window)
            await dispatch.send([wish("a")])
            await until(lambda: dispatch.queues["results"])
        await dispatch.send([wish("b")])
    with server.client() as client:
        assert client.exists("darkroom:1:wishes")
        await until(lambda: not client.dbsize())
