"""A worker is trusted with what it was given and with nothing else: what it may not say is refused and logged."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest

from core.values import JobId
from core.values.wishes import Drawn, Finished, Pixels, Progress, Ready, Started
from storage.keys import seal
from storage.over_redis.tickets import ticket
from storage.wire import FROM_WORKER, TO_WORKER, Envelope, wrap
from tests.dispatch.conftest import Leading
from tests.dispatch.machines import TICKET_KEY, WIRE_KEY, Clock, empty, until, wish
from tests.redis_server import RedisServer

A = JobId("a")
DRAWN = Drawn(A, 0, 1, Pixels(1, 1, b"red"), Clock().now() + 60_000)
RIGHT = ticket(TICKET_KEY, A, 1)


def said(envelope: Envelope, key: bytes = WIRE_KEY, direction: bytes = FROM_WORKER) -> bytes:
    return wrap(key, direction, envelope)


def _head(text: str) -> bytes:
    return len(text).to_bytes(4, "big") + text.encode()


def _nonsense(text: str) -> bytes:
    """Sealed as it should be, with something else inside."""
    return seal(WIRE_KEY, FROM_WORKER, _head('{"ticket": "", "worker": ""}') + _head(text))


FORGED = {
    "no ticket": said(Envelope(DRAWN)),
    "another job's ticket": said(Envelope(DRAWN, ticket(TICKET_KEY, JobId("b"), 1))),
    "another fence's ticket": said(Envelope(DRAWN, ticket(TICKET_KEY, A, 2))),
    "a ticket of its own making": said(Envelope(DRAWN, ticket(WIRE_KEY, A, 1))),
    "a ticket that is no text of ours": said(Envelope(DRAWN, "é")),
    "no ticket for the end": said(Envelope(Finished(A, 1))),
    "another wire key": said(Envelope(DRAWN, RIGHT), key=b"x" * 32),
    "said in the other direction": said(Envelope(DRAWN, RIGHT), direction=TO_WORKER),
    "wishes": said(Envelope((wish("a"),), RIGHT)),
    "progress where results belong": said(Envelope(Progress(A, 0, 1, 1, 2), RIGHT)),
    "not sealed": b"nonsense",
    "empty": b"",
    "sealed and empty": seal(WIRE_KEY, FROM_WORKER, b""),
    "no known kind": _nonsense('{"kind": "Bomb"}'),
    "no object": _nonsense("[]"),
    "deeper than anybody reads": _nonsense("[" * 100_000),
    "a job that is a list": _nonsense('{"kind": "Finished", "job": ["a"], "fence": 1}'),
    "a fence that is a word": _nonsense('{"kind": "Finished", "job": "a", "fence": "1"}'),
}


def events(log: io.StringIO) -> list[str]:
    return [line["event"] for line in map(json.loads, log.getvalue().splitlines()) if line["level"] == "error"]


@pytest.mark.parametrize("body", FORGED.values(), ids=FORGED.keys())
async def test_what_it_may_not_say_is_refused(
    server: RedisServer, leader: Leading, log: io.StringIO, body: bytes
) -> None:
    dispatch, listener = leader
    await dispatch.send([wish("a")])
    with server.client() as client:
        client.xadd("darkroom:1:results", {"b": body})
        client.xadd("darkroom:1:results", {"b": said(Envelope(Started(A, 1), RIGHT))})
    heard = await listener.until(Started)

    assert heard == [Started(A, 1)]
    assert set(events(log)) <= {"result.rejected", "result.garbled"}
    assert events(log)
    await until(lambda: not client.xlen("darkroom:1:results"))


async def test_progress_without_a_ticket_is_not_shown(server: RedisServer, leader: Leading, log: io.StringIO) -> None:
    _, listener = leader
    progress = Progress(A, 0, 1, 1, 2)
    with server.client() as client:
        await until(lambda: client.publish("darkroom:1:passing", said(Envelope(progress))))
        client.publish("darkroom:1:passing", b"nonsense")
        client.publish("darkroom:1:cancelled", b"nonsense")
        client.publish("darkroom:1:passing", said(Envelope(replace(progress, step=2), RIGHT)))
    heard = await listener.until_passing(Progress)

    assert heard == replace(progress, step=2)
    assert "result.rejected" in events(log)


async def test_strange_entries_do_not_stop_anything(server: RedisServer, leader: Leading) -> None:
    _, listener = leader
    with server.client() as client:
        client.xadd("darkroom:1:results", {"other": "field"})
        client.xadd("darkroom:1:wishes", {"other": "field"})
        client.xadd("darkroom:1:wishes", {"j": "a", "f": "one", "b": ""})
        client.sadd("darkroom:1:workers", "no name at all!")
        client.sadd("darkroom:1:workers", "strange")
        client.hset("darkroom:1:worker:strange", mapping={"job": "a", "fence": "²", "models": b"\xff"})
        client.xadd("darkroom:1:results", {"b": said(Envelope(Ready()))})
    await listener.until(Ready)
    await until(lambda: empty(server))
