"""Redis ends, comes back, stalls and is full: nothing ends with it, and nothing that was drawn is lost."""

from __future__ import annotations

import asyncio

import pytest

from core.errors import Unavailable
from core.values.wishes import Drawn, Finished, Ready, Started, Stirred
from tests.dispatch.conftest import Leading
from tests.dispatch.machines import leading, length, serving, until, wish, working
from tests.redis_server import RedisServer, redis_server

pytestmark = pytest.mark.products


async def test_without_redis_nothing_can_be_sent_and_everything_waits(server: RedisServer, leader: Leading) -> None:
    dispatch, listener = leader
    with working(server.url()):
        await listener.until(Ready)
        server.kill()
        await until(lambda: dispatch.window == 0)
        with pytest.raises(Unavailable) as away:
            await dispatch.send([wish("a")])
        await dispatch.cancel(wish("a").job, 1)
        await dispatch.stir()
        server.start()
        await until(lambda: dispatch.window)
        await dispatch.send([wish("b")])
        heard = await listener.until(Finished)

    assert away.value.key == "dispatch.unavailable"
    assert [news.job for news in heard if isinstance(news, Drawn)] == ["b"]
    assert not dispatch.broken


async def test_a_picture_drawn_meanwhile_comes_when_redis_is_back(installed: None) -> None:
    with redis_server(durable=True) as server:
        async with leading(server.url()) as (dispatch, listener):
            with working(server.url(), delay=1):
                await listener.until(Ready)
                await dispatch.send([wish("a")])
                await listener.until(Started)
                await until(lambda: not length(server, "results"))
                server.kill()
                await asyncio.sleep(2)  # until it has long been drawn
                server.start()
                heard = await listener.until(Finished)

    assert [type(news) for news in heard] == [Drawn, Finished], "it need not be drawn twice"


@pytest.fixture
def watchful(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer is waited for less long than in earnest."""
    monkeypatch.setattr("storage.over_redis.clients.PATIENCE", 2.0)
    monkeypatch.setattr("storage.over_redis.clients.QUIET", 0.5)


async def test_a_connection_that_stalls_is_given_up(server: RedisServer, watchful: None, leader: Leading) -> None:
    """Nobody closes it, and nobody answers: only time tells."""
    dispatch, listener = leader
    with working(server.url()):
        await listener.until(Ready)
        server.pause()
        await until(lambda: dispatch.window == 0)
        with pytest.raises(Unavailable):
            await dispatch.send([wish("a")])
        server.resume()
        await until(lambda: dispatch.window)
        await dispatch.send([wish("b")])
        heard = await listener.until(Finished)
        while heard[-1].job != "b":  # type: ignore[union-attr]
            heard += await listener.until(Finished)

    assert "b" in [news.job for news in heard if isinstance(news, Drawn)]


@pytest.mark.parametrize("stalls", [True, False])
async def test_who_listens_to_what_passes_notices_too(
    server: RedisServer, watchful: None, leader: Leading, stalls: bool
) -> None:
    """Whoever listens anew is stirred, for whatever was missed."""
    _, listener = leader
    await listener.until_passing(Stirred)
    if stalls:
        server.pause()
        await asyncio.sleep(4)  # longer than anybody waits for an answer
        server.resume()
    else:
        server.kill()
        server.start()
    await listener.until_passing(Stirred)
    async with serving(server.url()) as other:
        await other.stir()
        await listener.until_passing(Stirred)


async def test_a_full_redis_takes_no_wishes(server: RedisServer) -> None:
    async with serving(server.url()) as dispatch:
        with server.client() as client:
            client.config_set("maxmemory", "1")
            with pytest.raises(Unavailable):
                await dispatch.send([wish("a")])
            client.config_set("maxmemory", "0")
        await dispatch.send([wish("a")])
