"""Gate G3: nothing gets into Redis that was not declared, everything there ends by itself, and nothing there can be read."""

from __future__ import annotations

import ast
import base64
from pathlib import Path

import pytest

from core.datamap import DataMap, Datum, NotPersonal
from core.values import JobId
from core.values.wishes import Finished, Ready, Started
from storage.over_redis import keyspace as keys
from storage.over_redis.clients import AsyncRedis, Redis
from storage.over_redis.keyspace import Command, check
from tests.dispatch.machines import WIRE_KEY, leading, until, wish, working
from tests.markers import forms
from tests.redis_server import RedisServer, redis_server

MARKER = "zweiundvierzig-kormorane"
PEXPIRE: Command = ("PEXPIRE", "darkroom:1:wishes", keys.WISH_LIFE)

REFUSED: dict[str, tuple[tuple[Command, ...], str]] = {
    "a key nobody declared": ((("SET", "darkroom:1:prompt", "x", "PX", 1),), "no key may be called darkroom:1:prompt"),
    "a key of somebody else": ((("HSET", "session:1", "a", "b"),), "declare a Key"),
    "a worker nobody can be": ((("HSET", "darkroom:1:worker:a b", "session", "x"),), "no key may be called"),
    "a field nobody declared": (
        (("XADD", "darkroom:1:wishes", "*", "j", "x", "prompt", "x"), PEXPIRE),
        "wishes has no field prompt: give it a Datum",
    ),
    "a field of another key": (
        (("HSET", "darkroom:1:worker:a", "session", "x", "b", "x"), ("PEXPIRE", "darkroom:1:worker:a", 10)),
        "has no field b",
    ),
    "a stream without an end": ((("XADD", "darkroom:1:wishes", "*", "j", "x"),), "would outlive its time"),
    "a hash without an end": ((("HSET", "darkroom:1:worker:a", "session", "x"),), "would outlive its time"),
    "a set without an end": ((("SADD", "darkroom:1:workers", "a"),), "would outlive its time"),
    "a string without an end": ((("SET", "darkroom:1:house", b"x"),), "or PX with SET"),
    "a group without an end": ((("XGROUP", "CREATE", "darkroom:1:wishes", "g", "0", "MKSTREAM"),), "outlive"),
    "the end of another key": ((("SADD", "darkroom:1:workers", "a"), PEXPIRE), "would outlive its time"),
    "an end that is too late": (
        (("XADD", "darkroom:1:wishes", "*", "j", "x"), ("PEXPIRE", "darkroom:1:wishes", keys.WISH_LIFE + 1)),
        "would outlive its time",
    ),
    "a channel nobody declared": ((("PUBLISH", "darkroom:1:prompts", "x"),), "no channel may be called"),
    "a command nobody declared": ((("EVAL", "return 1", 0),), "no command this keyspace knows"),
    "a read of a key nobody declared": ((("GET", "darkroom:1:prompt"),), "no key may be called"),
}


@pytest.mark.parametrize(("commands", "sentence"), REFUSED.values(), ids=REFUSED.keys())
def test_it_is_refused_before_it_is_sent_and_says_what_to_write(commands: tuple[Command, ...], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        check(commands)


async def test_no_connection_goes_around_that(server: RedisServer) -> None:
    asynchronous, synchronous = AsyncRedis(server.url()), Redis(server.url())
    undeclared: Command = ("SET", "darkroom:1:prompt", "a fox", "PX", 1_000)
    endless: Command = ("SET", "darkroom:1:house", "a fox")
    for command in (undeclared, endless):
        with pytest.raises(ValueError, match=r"darkroom:1:\w+"):
            await asynchronous.ask(*command)
        with pytest.raises(ValueError, match=r"darkroom:1:\w+"):
            await asynchronous.together(command)
        with pytest.raises(ValueError, match=r"darkroom:1:\w+"):
            synchronous.ask(*command)
        with pytest.raises(ValueError, match=r"darkroom:1:\w+"):
            synchronous.together(command)
    for client in (asynchronous, synchronous):
        with pytest.raises(ValueError, match="no channel may be called"):
            client.subscription(keys.Channel("prompts", NotPersonal("a test")))

    with server.client() as client:
        assert not client.dbsize()
    await asynchronous.close()
    synchronous.close()


def test_only_one_module_opens_connections() -> None:
    root = Path(__file__).parents[2]
    importing = {
        str(path.relative_to(root))
        for folder in ("bots", "core", "inference", "payments", "storage")
        for path in (root / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.Import) and any(name.name.split(".")[0] == "redis" for name in node.names))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "redis")
    }
    assert importing == {"storage/over_redis/clients.py"}


async def test_what_is_there_is_declared_ends_and_says_nothing(installed: None) -> None:
    """In the middle of a busy day: workers, wishes taken and waiting, results nobody has handled."""
    with redis_server(durable=True) as server:
        async with leading(server.url()) as (dispatch, listener):
            with working(server.url(), delay=2):
                await listener.until(Ready)
                for job in "ab":
                    await dispatch.send([wish(job, prompt=MARKER)])
                await listener.until(Started)
                await until(lambda: dispatch.workers[0].drawing)
                with server.client() as client:
                    client.bgsave()
                    seen = _look(server)
                for job in "ab":
                    await dispatch.cancel(JobId(job), 1)
                await listener.until(Finished)
                await listener.until(Finished)
        written = b"".join(path.read_bytes() for path in server.files())

    assert seen == {"wishes", "results", "worker:NAME", "workers", "house"}
    assert b"XADD" in written, "an empty file proves nothing"
    for form in (*forms(MARKER), WIRE_KEY, base64.b64encode(WIRE_KEY)):
        assert form not in written
    assert b'"seed"' not in written


def _look(server: RedisServer) -> set[str]:
    """The kinds of keys there are, each looked at in full."""
    seen = set()
    with server.client() as client:
        for name in client.scan_iter():
            key = keys.declared(name.decode())
            assert key is not None, f"{name!r} is not declared"
            assert 0 < client.pttl(name) <= key.life, f"{name!r} has no end"
            fields: set[bytes] = set()
            if client.type(name) == b"stream":
                fields = {field for _, entry in client.xrange(name) for field in entry}
            elif client.type(name) == b"hash":
                fields = set(client.hkeys(name))
            assert {field.decode() for field in fields} <= key.fields.keys()
            seen.add(key.name)
    return seen


def test_every_field_is_in_the_data_map() -> None:
    datamap = DataMap(keys.entries())

    assert datamap.cells("redis") == {
        "wishes.j", "wishes.f", "wishes.b", "results.b", "workers", "house", "passing", "cancelled", "stirred",
        *(f"worker:NAME.{name}" for name in ("session", "version", "models", "ready", "job", "fence")),
    }  # fmt: skip
    assert all(datum.sealed for entry, datum in datamap.personal() if entry.cell.endswith(".b"))
    assert all(isinstance(entry.meaning, Datum | NotPersonal) for entry in datamap.entries)
