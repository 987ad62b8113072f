"""What people are told of their place in line is about the place they have."""

from __future__ import annotations

from itertools import count

import pytest

from core.requests.line import Line
from core.values import JobId
from tests.scheduling.hall import Hall


def place_in_the_end(hall: Hall, job: JobId) -> int:
    """The place it turns out to have, when everything that is queued is drawn one after the other."""
    line = Line()
    for place in count(1):
        (sent,) = hall.chooses(line)
        hall.draws(sent.id)
        if sent.id == job:
            return place
    raise AssertionError("it never came")


def test_ones_own_requests_stand_one_behind_the_other(hall: Hall):
    jobs = hall.asks("ana", times=3)

    assert [hall.place(job) for job in jobs] == [1, 2, 3]


def test_a_newcomer_beside_somebody_with_thousands_is_second(sqlite_hall: Hall):
    sqlite_hall.asks("flooder", times=5_000)
    (job,) = sqlite_hall.asks("newcomer")

    assert sqlite_hall.place(job) == 2
    assert place_in_the_end(sqlite_hall, job) == 2


def test_everybody_else_goes_first_once(hall: Hall):
    for number in range(7):
        hall.asks(f"person {number}", times=number + 1)
    (job,) = hall.asks("newcomer")

    assert hall.place(job) == 8


def test_a_second_request_waits_for_as_much_of_others_as_the_first_took(hall: Hall):
    hall.asks("other", times=10)
    jobs = hall.asks("ana", times=3)

    assert [hall.place(job) for job in jobs] == [2, 4, 6]


def test_whoever_asks_for_more_waits_longer_for_the_rest(hall: Hall):
    hall.asks("quick", times=100, steps=12)
    first, second = hall.asks("ana", times=2, steps=120)

    assert (hall.place(first), hall.place(second)) == (2, 13)


def test_those_of_more_weight_go_first_more_often(hall: Hall):
    hall.asks("heavy", times=100, weight=4)
    first, second = hall.asks("light", times=2)

    assert (hall.place(first), hall.place(second)) == (2, 7)


def test_a_crowd_in_another_server_counts_as_one(hall: Hall):
    for number in range(20):
        hall.asks(f"puppet {number}", server="crowded", times=3)
    (job,) = hall.asks("newcomer", server="quiet")

    assert hall.place(job) == 2


def test_a_crowd_in_ones_own_server_lets_another_go_first_as_often(hall: Hall):
    hall.asks("alone", server="quiet", times=100)
    for number in range(9):
        hall.asks(f"neighbour {number}", server="crowded")
    (job,) = hall.asks("newcomer", server="crowded")

    assert hall.place(job) == 20
    assert place_in_the_end(hall, job) == pytest.approx(20, abs=1)


def test_what_is_at_a_worker_is_before_everybody(hall: Hall):
    hall.asks("ana", times=3)
    hall.chooses(Line(), room=2)
    (job,) = hall.asks("newcomer")

    assert hall.place(job) == 3


def test_what_is_at_a_worker_stands_behind_what_was_asked_before_it_there(hall: Hall):
    first, second, third = hall.asks("ana", times=3)
    hall.chooses(Line(), room=2)

    assert [hall.place(job) for job in (first, second, third)] == [1, 2, 3]


def test_what_is_over_stands_before_nobody(hall: Hall):
    over, taken_back, _ = hall.asks("ana", times=3)
    hall.draws(over)
    hall.cancels(taken_back)
    (job,) = hall.asks("newcomer")

    assert hall.place(job) == 2


def test_the_work_before_it_is_what_goes_before_it(hall: Hall):
    hall.asks("flooder", times=50, steps=10)
    (job,) = hall.asks("newcomer")
    queued = hall.queued(job)

    assert queued.work == 128 * 128 * 10


def test_places_of_a_mixed_queue_are_about_right(sqlite_hall: Hall):
    """Half of those who are there are told the truth by a fifth, everybody by half."""
    for server in range(3):
        for number in range(4 + 3 * server):
            sqlite_hall.asks(
                f"person {number} of {server}", f"server {server}", times=1 + number % 4, steps=(8, 16)[number % 2]
            )
    told = {job: sqlite_hall.place(job) for job, _ in sqlite_hall.database.transact(lambda tx: tx.jobs.queued_fences())}
    line = Line()
    came = {}
    for place in range(1, len(told) + 1):
        (sent,) = sqlite_hall.chooses(line)
        sqlite_hall.draws(sent.id)
        came[sent.id] = place

    off = sorted(abs(told[job] - came[job]) / came[job] for job in told)
    assert off[len(off) // 2] <= 1 / 5
    assert off[-1] <= 1 / 2
