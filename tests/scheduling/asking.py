"""Words for lines in memory: who asks for what, and who is served. A unit of work costs one."""

from __future__ import annotations

from collections import Counter
from itertools import count
from typing import Any

from core.queue.turns import Turns, Waiting
from core.values import JobId, Moment, PersonId

NUMBERS = count(1)


def line(switch: int = 0) -> Turns:
    return Turns(lambda waiting: waiting.work, switch)


def asked(person: str, server: str = "here", work: int = 10, **more: Any) -> Waiting:
    """A request. Each is asked later than the one before."""
    number = next(NUMBERS)
    fields: dict[str, Any] = {
        "created_at": Moment(number),
        "job": JobId(f"job {number}"),
        "fence": 0,
        "server": server,
        "person": PersonId(person),
        "model": "starter",
        "work": work,
        "weight": 1,
        "queued_at": Moment(0),
    }
    return Waiting(**fields | more)


def asks(turns: Turns, person: str, server: str = "here", times: int = 1, **more: Any) -> list[Waiting]:
    wanted = [asked(person, server, **more) for _ in range(times)]
    for waiting in wanted:
        turns.add(waiting)
    return wanted


def serve(turns: Turns, now: int = 0, loaded: str | None = None) -> Waiting:
    waiting = turns.next(loaded, Moment(now))
    assert waiting is not None
    turns.take(waiting, Moment(now))
    return waiting


def served(turns: Turns, times: int, now: int = 0) -> list[str]:
    """Whose jobs are served, one after the other."""
    return [serve(turns, now).person for _ in range(times)]


def shares(turns: Turns, times: int) -> dict[str, float]:
    return {person: turns_had / times for person, turns_had in Counter(served(turns, times)).items()}
