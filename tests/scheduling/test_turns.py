"""What comes into line and leaves it: in a person's own order, cancelled, put back, and forgotten in the end."""

from __future__ import annotations

import gc

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from core.queue.flows import Flow
from core.queue.turns import Turns, Waiting
from core.rules import AGED
from tests.scheduling.asking import asked, asks, line, serve, served


def test_a_persons_own_requests_go_in_the_order_they_were_asked():
    turns = line()
    first, second, third = (asked("ana") for _ in range(3))
    for waiting in (second, third, first):
        turns.add(waiting)

    assert [serve(turns) for _ in range(3)] == [first, second, third]


def test_what_is_next_stays_in_line_until_it_is_taken():
    turns = line()
    (waiting,) = asks(turns, "ana")

    assert turns.next(None, 0) is turns.next(None, 0) is waiting
    assert waiting.job in turns
    turns.take(waiting, 0)
    assert waiting.job not in turns


def test_what_is_cancelled_is_never_served_and_costs_nothing():
    turns = line()
    first, second, third = asks(turns, "ana", times=3)
    asks(turns, "ben", times=3)
    for waiting in (first, second):
        turns.discard(waiting.job)

    assert served(turns, 2) == ["ana", "ben"]
    assert len(turns) == 2
    assert third.job not in turns


def test_cancelling_what_is_not_in_line_changes_nothing():
    turns = line()
    asks(turns, "ana")
    turns.discard(asked("ben").job)

    assert served(turns, 1) == ["ana"]


def test_the_next_one_is_chosen_when_what_was_next_is_cancelled():
    turns = line()
    (of_ana,) = asks(turns, "ana")
    (of_ben,) = asks(turns, "ben")
    turns.next(None, 0)
    turns.discard(of_ana.job)

    assert serve(turns) is of_ben


def test_a_job_that_comes_back_is_the_first_of_its_person_and_is_not_paid_for_again():
    turns = line()
    asks(turns, "ana", times=3)
    asks(turns, "ben", times=3)
    back = serve(turns)
    serve(turns)
    for _ in range(3):
        back = back._replace(fence=back.fence + 2, queued_at=1)
        turns.add(back)
        assert serve(turns) is back

    assert sorted(served(turns, 2)) == ["ana", "ben"]


def test_the_same_job_stands_in_line_once_under_its_newest_fence():
    turns = line()
    (waiting,) = asks(turns, "ana")
    newer = waiting._replace(fence=2)
    for again in (waiting, newer, waiting):
        turns.add(again)

    assert len(turns) == 1
    assert turns.fences() == {(waiting.job, 2)}
    assert serve(turns) is newer


def test_a_job_that_comes_back_alone_goes_before_what_was_cancelled_with_it():
    turns = line()
    first, second = asks(turns, "ana", times=2)
    turns.discard(second.job)
    turns.discard(first.job)
    turns.add(second)

    assert serve(turns) == second
    assert len(turns) == 0


def flows() -> int:
    gc.collect()
    return sum(issubclass(type(thing), Flow) for thing in gc.get_objects())


def test_nobody_is_remembered_when_nobody_is_in_line():
    before = flows()
    turns = line()
    for number in range(1_000):
        asks(turns, f"person {number}", server=f"server {number % 7}")
    served(turns, 500)
    for job, _ in turns.fences():
        turns.discard(job)

    assert flows() == before + 1  # those who share all turns are a flow of nobody


def test_people_who_came_once_are_forgotten_while_others_keep_waiting():
    """They are remembered until the others have had as much, and no longer; even when the time stands still."""
    turns = line()
    for number in range(10):
        asks(turns, f"steady {number}", times=10_000)
    before = flows()
    for number in range(3_000):
        asks(turns, f"passing {number}", server=("here", f"server {number}")[number % 2])
        served(turns, 12)

    assert flows() - before < 100


def test_cancelled_jobs_are_forgotten_when_their_persons_turn_comes():
    turns = line()
    wanted = asks(turns, "ana", times=1_000)
    for waiting in wanted[:-1]:
        turns.discard(waiting.job)

    assert serve(turns) is wanted[-1]
    assert not turns._gone


class AnyHistory(RuleBasedStateMachine):
    """A line beside a plain list of what should stand in it."""

    people = st.integers(0, 5)
    chosen = st.randoms(use_true_random=False)

    def __init__(self) -> None:
        super().__init__()
        self.turns: Turns = line(switch=30)
        self.standing: dict[str, Waiting] = {}
        self.out: list[Waiting] = []
        self.now = 0
        self.loaded: str | None = None

    @rule(
        person=people,
        server=st.integers(0, 2),
        work=st.integers(1, 100_000),
        weight=st.integers(1, 3),
        model=st.sampled_from(["one", "two"]),
    )
    def ask(self, person: int, server: int, work: int, weight: int, model: str) -> None:
        waiting = asked(str(person), f"server {server}", work, weight=weight, model=model, queued_at=self.now)
        self.turns.add(waiting)
        self.standing[waiting.job] = waiting

    @rule(chosen=chosen)
    def cancel(self, chosen) -> None:
        if self.standing:
            job = chosen.choice(sorted(self.standing))
            self.turns.discard(job)
            del self.standing[job]

    @rule()
    def send(self) -> None:
        waiting = self.turns.next(self.loaded, self.now)
        assert (waiting is None) == (not self.standing)
        if waiting is not None:
            assert self.standing.pop(waiting.job) is waiting
            theirs = [w for w in self.standing.values() if (w.person, w.server) == (waiting.person, waiting.server)]
            assert all(waiting < other for other in theirs)
            self.turns.take(waiting, self.now)
            self.loaded = waiting.model
            self.out.append(waiting)

    @rule(chosen=chosen)
    def come_back(self, chosen) -> None:
        if self.out:
            waiting = self.out.pop(chosen.randrange(len(self.out)))
            back = waiting._replace(fence=waiting.fence + 2, queued_at=self.now)
            self.turns.add(back)
            self.standing[back.job] = back

    @rule(milliseconds=st.sampled_from([1, 1_000, AGED]))
    def wait(self, milliseconds: int) -> None:
        self.now += milliseconds

    @invariant()
    def they_are_the_same(self) -> None:
        assert self.turns.fences() == {(waiting.job, waiting.fence) for waiting in self.standing.values()}

    def teardown(self) -> None:
        for _ in range(len(self.standing)):
            self.send()
        assert self.turns.next(None, self.now) is None


def test_any_history_keeps_everything_once():
    run_state_machine_as_test(AnyHistory, settings=settings(stateful_step_count=80))
