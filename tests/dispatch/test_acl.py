"""The users of deploy/redis.acl: with them the bot and its workers do all they do, and a worker can do nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis.exceptions import NoPermissionError, RedisError

from core.values import JobId
from core.values.wishes import Drawn, Finished, Progress, Ready, Started
from tests.dispatch.conftest import Leading
from tests.dispatch.machines import leading, until, wish, working
from tests.redis_server import RedisServer, redis_server

ACL = (Path(__file__).parents[2] / "deploy" / "redis.acl").read_text()

REFUSED = {
    "the results": ("XREAD", "STREAMS", "darkroom:1:results", "0"),
    "the results, otherwise": ("XRANGE", "darkroom:1:results", "-", "+"),
    "deleting results": ("XDEL", "darkroom:1:results", "1-1"),
    "all wishes": ("XRANGE", "darkroom:1:wishes", "-", "+"),
    "wishes without taking them": ("XREAD", "STREAMS", "darkroom:1:wishes", "0"),
    "making wishes": ("XADD", "darkroom:1:wishes", "*", "j", "x"),
    "taking others' wishes over": ("XAUTOCLAIM", "darkroom:1:wishes", "workers", "w", "0", "0"),
    "making groups": ("XGROUP", "CREATE", "darkroom:1:wishes", "other", "0"),
    "reading results as if they were wishes": (
        "XREADGROUP", "GROUP", "workers", "w", "STREAMS", "darkroom:1:results", ">",
    ),
    "deleting the wishes": ("DEL", "darkroom:1:wishes"),
    "ending the wishes early": ("PEXPIRE", "darkroom:1:wishes", "1"),
    "who the bot is": ("SET", "darkroom:1:house", "x"),
    "who the workers are": ("SMEMBERS", "darkroom:1:workers"),
    "another key": ("GET", "darkroom:1:prompt"),
    "another program's key": ("GET", "session"),
    "listing keys": ("KEYS", "*"),
    "scanning keys": ("SCAN", "0"),
    "the configuration": ("CONFIG", "GET", "*"),
    "deleting everything": ("FLUSHALL",),
    "everything in this database": ("FLUSHDB",),
    "watching others": ("MONITOR",),
    "others' connections": ("CLIENT", "LIST"),
    "scripts": ("EVAL", "return 1", "0"),
    "the users": ("ACL", "LIST"),
    "ending the server": ("SHUTDOWN", "NOSAVE"),
    "another database": ("SELECT", "1"),
    "copying": ("COPY", "darkroom:1:results", "darkroom:1:worker:w"),
    "forging cancellations": ("PUBLISH", "darkroom:1:cancelled", "x"),
    "stirring": ("PUBLISH", "darkroom:1:stirred", ""),
    "hearing others' progress": ("SUBSCRIBE", "darkroom:1:passing"),
    "hearing everything": ("PSUBSCRIBE", "*"),
}  # fmt: skip


def _digest(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()


@pytest.fixture
def guarded(installed: None) -> Iterator[RedisServer]:
    text = ACL.replace("HOUSE_PASSWORD_SHA256", _digest("house")).replace("WORKER_PASSWORD_SHA256", _digest("worker"))
    with redis_server(acl=text) as server:
        yield server


@pytest.fixture
async def leader(guarded: RedisServer) -> AsyncIterator[Leading]:
    async with leading(guarded.url("house", "house")) as made:
        yield made


async def test_the_bot_and_a_worker_do_all_they_do(guarded: RedisServer, leader: Leading) -> None:
    dispatch, listener = leader
    url = guarded.url("worker", "worker")
    with working(url, delay=1.5) as worker:
        await listener.until(Ready)
        await dispatch.send([wish("a", 0), wish("a", 1)])
        drawn = await listener.until(Finished)
        await dispatch.send([wish("b")])
        await listener.until(Started)
        await dispatch.stir()
        await dispatch.cancel(JobId("b"), 1)
        cancelled = await listener.until(Finished)
        with guarded.client("house", "house") as house:
            entry = house.xadd("darkroom:1:wishes", {"j": "x", "f": 1, "b": b"no wish"})
            await until(lambda: not house.xrange("darkroom:1:wishes", entry, entry))
    await until(lambda: not dispatch.workers)
    await dispatch.send([wish("c")])
    await dispatch.cancel(JobId("c"), 1)
    withdrawn = await listener.until(Finished)
    await until(lambda: not dispatch.queues["wishes"])

    assert len([news for news in drawn if isinstance(news, Drawn)]) == 2
    assert any(isinstance(word, Progress) for word in listener.passing)
    assert not [news for news in cancelled + withdrawn if isinstance(news, Drawn)]
    assert (worker.refusal, dispatch.broken) == (None, False)


@pytest.mark.parametrize("command", REFUSED.values(), ids=REFUSED.keys())
def test_a_worker_is_refused(guarded: RedisServer, command: tuple[str, ...]) -> None:
    with guarded.client("house", "house") as house:
        house.xadd("darkroom:1:wishes", {"j": "x"})
        house.xadd("darkroom:1:results", {"b": "x"})
        house.xgroup_create("darkroom:1:wishes", "workers", "0")
    with guarded.client("worker", "worker") as worker, pytest.raises(NoPermissionError):
        worker.execute_command(*command)


def test_nobody_comes_in_without_a_password(guarded: RedisServer) -> None:
    for user, password in ((None, None), ("worker", "house"), ("default", "")):
        with guarded.client(user, password) as client, pytest.raises(RedisError):
            client.ping()


def test_a_server_does_not_start_before_its_passwords_are_set(installed: None) -> None:
    with pytest.raises(RuntimeError, match="password hash"), redis_server(acl=ACL):
        pass
