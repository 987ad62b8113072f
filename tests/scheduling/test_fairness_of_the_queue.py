"""The figures of fairness again, through the real choice over real rows: what is promised is kept by what runs."""

from __future__ import annotations

from collections import Counter

import pytest

from core.requests.line import Line
from core.rules import OVERLAP
from tests.scheduling.hall import Hall


def test_fifty_people_behind_somebody_with_five_thousand_jobs_are_served_within_52_turns(sqlite_hall: Hall):
    sqlite_hall.asks("flooder", times=5_000)
    for number in range(50):
        sqlite_hall.asks(f"person {number}")

    first = sqlite_hall.serves(Line(), 52)

    assert {f"person {number}" for number in range(50)} <= set(first)


def test_weights_hold_over_a_thousand_turns(sqlite_hall: Hall):
    weights = {"one": 1, "two": 2, "seven": 7}
    for person, weight in weights.items():
        sqlite_hall.asks(person, times=105 * weight, weight=weight)
    sqlite_hall.now += OVERLAP
    line, had = Line(), Counter[str]()
    while had.total() < 1_000:
        sent = sqlite_hall.chooses(line, room=10)
        sqlite_hall.draws(*(job.id for job in sent))
        had.update(str(job.person) for job in sent)

    for person, weight in weights.items():
        assert had[person] == pytest.approx(1_000 * weight / 10, rel=0.05)


def wait_of_a_newcomer(hall: Hall, puppets: int) -> int:
    """How many turns somebody waits in a server of five, beside a server with so many people."""
    for number in range(puppets):
        hall.asks(f"puppet {number}", server="elsewhere", times=40)
    for number in range(5):
        hall.asks(f"neighbour {number}", server="here", times=20)
    line = Line()
    hall.serves(line, 45)
    hall.asks("newcomer", server="here")
    waited = hall.serves(line, 30).index("newcomer") + 1
    hall.cancels(*(job for job, _ in hall.database.transact(lambda tx: tx.jobs.queued_fences())))
    return waited


def test_twenty_puppets_of_another_server_hardly_keep_a_newcomer_waiting(sqlite_hall: Hall):
    assert wait_of_a_newcomer(sqlite_hall, puppets=20) <= 1.5 * wait_of_a_newcomer(sqlite_hall, puppets=1)
