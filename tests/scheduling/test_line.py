"""The line in the leader's memory keeps in step with the queue in the database, whoever else changes that."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from core.records import Records
from core.requests import scheduling
from core.requests.line import Line
from core.rules import MINUTE, OVERLAP, RESYNC, SECOND
from core.values import JobId, Moment
from tests.databases import Store
from tests.scheduling.hall import Hall


def ids(jobs) -> list[JobId]:
    return [job.id for job in jobs]


def standing(line: Line) -> set[JobId]:
    return {job for job, _ in line._turns.fences()}


def test_a_process_that_begins_to_lead_knows_the_whole_queue(hall: Hall):
    wanted = hall.asks("ana", times=3)
    hall.now += 20 * MINUTE

    assert ids(hall.chooses(Line(), room=5)) == wanted


def test_what_another_process_queues_is_seen_at_once(hall: Hall):
    line = Line()
    hall.chooses(line)
    wanted = hall.asks("ana")

    assert ids(hall.chooses(line)) == wanted


def test_what_was_cancelled_is_not_sent_and_the_next_is_sent_in_its_place(hall: Hall):
    line = Line()
    of_ana, of_ben = hall.asks("ana"), hall.asks("ben")
    hall.chooses(line, room=0)
    hall.cancels(*of_ana)

    assert ids(hall.chooses(line)) == of_ben


def test_what_was_cancelled_costs_its_person_no_turn(hall: Hall):
    line = Line()
    first, second = hall.asks("ana", times=2)
    hall.asks("ben")
    hall.chooses(line, room=0)
    hall.cancels(first)

    assert ids(hall.chooses(line)) == [second]


def test_what_was_cancelled_leaves_the_line_at_the_next_comparison(hall: Hall):
    line = Line()
    first, *others = hall.asks("ana", times=100)
    hall.chooses(line, room=0)
    hall.cancels(*others)
    hall.now += RESYNC
    hall.chooses(line, room=0)

    assert standing(line) == {first}


def test_a_job_whose_worker_died_goes_first_of_its_person_and_is_not_paid_for_twice(hall: Hall):
    line = Line()
    hall.asks("ana", times=3)
    hall.asks("ben", times=3)
    (sent,) = hall.chooses(line)
    hall.serves(line)
    hall.now += SECOND
    hall.breaks(sent)

    assert ids(hall.chooses(line)) == [sent.id]
    assert sorted(hall.serves(line, 2)) == ["ana", "ben"]


def test_a_job_that_another_process_sent_and_took_back_is_sent_under_its_new_fence(hall: Hall):
    line, other = Line(), Line()
    wanted = hall.asks("ana")
    hall.chooses(line, room=0)
    (sent,) = hall.chooses(other)
    hall.breaks(sent)
    (again,) = hall.chooses(line)

    assert ids([again]) == wanted
    assert again.fence > sent.fence


@pytest.mark.parametrize("behind", [OVERLAP - SECOND, 1], ids=["seconds", "a millisecond"])
def test_a_process_whose_clock_is_behind_is_not_overlooked(hall: Hall, behind: int):
    line = Line()
    hall.asks("ana")
    hall.chooses(line)
    wanted = hall.asks("ben", at=hall.now - behind)

    assert ids(hall.chooses(line)) == wanted


def test_a_process_whose_clock_is_wrong_by_minutes_is_seen_at_the_next_comparison(hall: Hall):
    line = Line()
    hall.asks("ana")
    hall.chooses(line)
    wanted = hall.asks("ben", at=hall.now - 5 * MINUTE)

    assert ids(hall.chooses(line)) == []
    hall.now += RESYNC
    assert ids(hall.chooses(line)) == wanted


def test_a_process_whose_clock_is_ahead_hides_nobody_elses(hall: Hall):
    line = Line()
    hall.asks("ana", at=hall.now + 5 * MINUTE)
    hall.chooses(line)
    wanted = hall.asks("ben")

    assert ids(hall.chooses(line)) == wanted


def test_a_leader_whose_clock_is_ahead_sees_what_is_queued(hall: Hall):
    line = Line()
    hall.asks("ana")
    hall.now += 5 * MINUTE
    hall.chooses(line)
    hall.now += 1
    wanted = hall.asks("ben", at=hall.now - 5 * MINUTE)

    assert ids(hall.chooses(line)) == wanted


def test_two_who_lead_for_a_moment_send_everything_once(hall: Hall):
    lines = Line(), Line()
    wanted = [job for person in range(5) for job in hall.asks(f"person {person}", times=4)]
    sent = [job for turn in range(len(wanted)) for job in ids(hall.chooses(lines[turn % 2]))]

    assert sorted(sent) == wanted


def test_two_who_lead_at_the_very_same_time_send_everything_once(hall: Hall, store: Store):
    other = Hall(store.open())
    wanted = [job for person in range(10) for job in hall.asks(f"person {person}", times=4)]
    other.now = hall.now

    def some(one: Hall) -> list[JobId]:
        line = Line()
        return [job for _ in range(20) for job in ids(one.chooses(line))]

    with ThreadPoolExecutor(2) as threads:
        sent = [job for some_of_them in threads.map(some, (hall, other)) for job in some_of_them]
    sent += ids(hall.chooses(Line(), room=len(wanted)))

    assert sorted(sent) == wanted


def test_what_was_chosen_in_a_transaction_that_was_lost_is_chosen_again(hall: Hall):
    line = Line()
    wanted = hall.asks("ana", times=2)
    hall.serves(line)
    hall.now += 2 * OVERLAP
    hall.asks("ben")
    hall.serves(line)

    def is_lost(tx: Records) -> None:
        assert scheduling.choose(tx, 1, Moment(hall.now), line)
        raise TimeoutError

    with pytest.raises(TimeoutError):
        hall.database.transact(is_lost)

    assert ids(hall.chooses(line)) == wanted[1:]


def test_no_more_are_sent_than_there_is_room_for(hall: Hall):
    line = Line()
    hall.asks("ana", times=5)
    sent = hall.chooses(line, room=3)
    more = hall.database.transact(scheduling.choose, 3, Moment(hall.now), line)

    assert len(sent) == 3
    assert more == []
