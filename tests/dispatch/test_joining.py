"""Which workers may draw for a bot. One that may not says so in a sentence and ends; whatever time can heal is waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from core.values.wishes import Drawn, Finished, Ready
from storage.over_redis.end import RedisEnd
from storage.over_redis.house import House
from storage.over_redis.joining import NameTaken, Unwelcome
from storage.wire import WIRE_VERSION
from tests.dispatch.conftest import Leading
from tests.dispatch.machines import PATIENCE, VERSION, WIRE_KEY, ThreadWorker, process, serving, until, wish, working
from tests.redis_server import RedisServer, redis_server


def refused(url: str, *, name: str = "one", models: tuple[str, ...] = ("flat",)) -> str:
    """What a worker says that may not join."""
    worker = ThreadWorker(url, name, 0.0, models)
    worker.thread.start()
    worker.thread.join(PATIENCE)
    assert worker.refusal is not None
    return str(worker.refusal)


async def in_thread(ask: Callable[[], str]) -> str:
    return await asyncio.to_thread(ask)


async def test_a_worker_of_another_version_is_told_which_one_to_install(server: RedisServer) -> None:
    house = House("9.9.9", ("flat",), wire=WIRE_VERSION + 1)
    with server.client() as client:
        client.set(f"darkroom:{WIRE_VERSION + 1}:house", house.sealed(WIRE_KEY))

    said = await in_thread(lambda: refused(server.url()))
    assert said == (
        f"the bot is Darkroom 9.9.9 and speaks version {WIRE_VERSION + 1} of the wire, this worker version "
        f"{WIRE_VERSION}: install the same Darkroom on both."
    )


async def test_a_worker_that_lacks_a_model_is_told_which(server: RedisServer) -> None:
    async with serving(server.url(), models=("flat", "pony")):
        said = await in_thread(lambda: refused(server.url()))

    assert said.startswith("the bot draws with pony, and this worker does not: fetch it here with ")


async def test_a_worker_that_no_longer_has_every_model_finishes_and_ends(server: RedisServer, hasty: None) -> None:
    """The bot was started again with one more. Its requests would fail here."""
    async with serving(server.url()):
        worker = ThreadWorker(server.url(), "one", 0.0)
        worker.thread.start()
        await until(worker.thread.is_alive)
    async with serving(server.url(), models=("flat", "pony")):
        await until(lambda: not worker.thread.is_alive())

    assert "pony" in str(worker.refusal)


async def test_a_worker_with_another_wire_key_does_not_touch_the_wishes(server: RedisServer) -> None:
    async with serving(server.url(), wire_key=b"x" * 32):
        said = await in_thread(lambda: refused(server.url()))

    assert said == "this worker cannot read what the bot says: DARKROOM_WIRE_KEY must be the same on both sides."


async def test_a_second_worker_of_one_name_is_refused_and_the_first_goes_on(
    server: RedisServer, leader: Leading, hasty: None
) -> None:
    dispatch, listener = leader
    with working(server.url(), "atelier"):
        await listener.until(Ready)
        said = await in_thread(lambda: refused(server.url(), name="atelier"))
        await dispatch.send([wish("a")])
        heard = await listener.until(Finished)

    assert said == "another worker called atelier is at work: give each a name of its own with DARKROOM_WORKER_NAME."
    assert any(isinstance(news, Drawn) for news in heard)


async def test_a_worker_whose_name_was_taken_meanwhile_stops_in_mid_drawing(
    server: RedisServer, leader: Leading, hasty: None
) -> None:
    """It was thought dead, for it was paused, or cut off."""
    dispatch, listener = leader
    with working(server.url(), delay=10) as worker:
        await listener.until(Ready)
        await dispatch.send([wish("a")])
        await until(lambda: dispatch.workers[0].drawing)
        with server.client() as client:
            client.hset("darkroom:1:worker:one", "session", "another")
        await until(lambda: not worker.thread.is_alive())

        assert isinstance(worker.refusal, NameTaken)
        assert client.hget("darkroom:1:worker:one", "session") == b"another", "it gave back a name that is not its own"
        assert client.xlen("darkroom:1:wishes") == 1, "what it had belongs to whoever has its name"


async def test_a_worker_without_a_bot_waits_for_one(server: RedisServer) -> None:
    with working(server.url()) as worker:
        await until(lambda: worker.said)
        assert worker.said == ["No bot is at work at this Redis; this worker waits for one."]
        async with serving(server.url()) as dispatch:
            await until(lambda: dispatch.window)
    assert worker.refusal is None


async def test_a_worker_without_redis_waits_for_it(server: RedisServer) -> None:
    server.stop()
    with working(server.url()) as worker:
        await until(lambda: worker.said)
        assert worker.said == ["Redis cannot be reached (it does not answer); this worker keeps trying."]
        server.start()
        async with serving(server.url()) as dispatch:
            await until(lambda: dispatch.window)
    assert worker.refusal is None


async def test_a_wrong_password_is_not_waited_out(installed: None) -> None:
    with redis_server(acl="user default on >right ~* &* +@all\n") as server:
        async with serving(server.url("default", "right")) as dispatch, serving(server.url("default", "no")) as wrong:
            said = await in_thread(lambda: refused(server.url("default", "wrong")))
            await until(lambda: wrong.broken)

            assert said == "Redis refuses the user or the password in DARKROOM_REDIS_URL."
            assert await in_thread(lambda: refused(server.url())) == said
            assert not dispatch.broken


async def test_the_process_says_the_sentence_and_exits_with_2(server: RedisServer) -> None:
    async with serving(server.url(), models=("flat", "pony")):
        with process(server.url()) as worker:
            assert await worker.exit_status() == 2
            assert worker.errors().startswith("the bot draws with pony, and this worker does not: ")


@pytest.mark.parametrize("name", ["", "two words", "a:b", "é", "x" * 61])
def test_some_names_nobody_can_have(server: RedisServer, name: str) -> None:
    with pytest.raises(ValueError, match="a worker cannot be called"):
        RedisEnd(server.url(), WIRE_KEY, name, ("flat",), VERSION, print)


def test_an_address_that_is_none_is_no_matter_of_waiting() -> None:
    with pytest.raises(ValueError, match="Redis URL"):
        RedisEnd("http://localhost", WIRE_KEY, "one", ("flat",), VERSION, print)


def test_a_refusal_is_no_fault_of_the_program() -> None:
    assert issubclass(NameTaken, Unwelcome)
