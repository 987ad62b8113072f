"""Turns are shared between servers, and within a server between its people, by weight and by what drawing costs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.queue.turns import Turns
from tests.scheduling.asking import asks, line, serve, served, shares


def test_fifty_people_behind_somebody_with_five_thousand_jobs_are_served_within_52_turns():
    turns = line()
    asks(turns, "flooder", times=5_000)
    for number in range(50):
        asks(turns, f"person {number}")

    first = served(turns, 52)

    assert {f"person {number}" for number in range(50)} <= set(first)


def test_fifty_people_who_come_while_somebody_has_all_turns_are_served_within_52_more():
    turns = line()
    asks(turns, "flooder", times=5_000)
    served(turns, 1_000)
    for number in range(50):
        asks(turns, f"person {number}")

    assert {f"person {number}" for number in range(50)} <= set(served(turns, 52))


def test_weights_hold_over_a_thousand_turns():
    weights = {"one": 1, "two": 2, "three": 3, "seven": 7}
    turns = line()
    for person, weight in weights.items():
        asks(turns, person, times=1_000, weight=weight)

    had = shares(turns, 1_000)

    for person, weight in weights.items():
        assert had[person] == pytest.approx(weight / sum(weights.values()), rel=0.05)


def test_weights_hold_across_servers_too():
    weights = {"one": 1, "four": 4}
    turns = line()
    for person, weight in weights.items():
        asks(turns, person, server=f"server of {person}", times=1_000, weight=weight)

    assert shares(turns, 1_000) == {"one": pytest.approx(0.2, rel=0.05), "four": pytest.approx(0.8, rel=0.05)}


def wait_of_a_newcomer(puppets: int) -> int:
    """How many turns somebody waits in a server of five, beside a server with so many people who all want everything."""
    turns = line()
    for number in range(puppets):
        asks(turns, f"puppet {number}", server="elsewhere", times=50)
    for number in range(5):
        asks(turns, f"neighbour {number}", times=50)
    served(turns, 97)
    asks(turns, "newcomer")
    return next(turn for turn in range(1, 100) if serve(turns).person == "newcomer")


def test_twenty_puppets_of_another_server_hardly_keep_a_newcomer_waiting():
    assert wait_of_a_newcomer(puppets=20) <= 1.5 * wait_of_a_newcomer(puppets=1)


def test_a_server_with_many_people_has_no_more_turns_than_one_with_few():
    turns = line()
    for number in range(20):
        asks(turns, f"puppet {number}", server="crowded", times=100)
    asks(turns, "alone", server="quiet", times=1_000)

    assert shares(turns, 1_000)["alone"] == pytest.approx(0.5, rel=0.01)


def test_a_job_of_fifty_steps_pays_for_itself():
    """Whoever asks for fifty times the work has a fiftieth of the turns."""
    turns = line()
    asks(turns, "patient", times=100, work=50)
    asks(turns, "quick", times=1_000, work=1)

    had = served(turns, 510)

    assert had.count("patient") in (10, 11)


def test_somebody_who_comes_back_has_not_saved_up_turns():
    turns = line()
    asks(turns, "first", times=1)
    asks(turns, "steady", times=300)
    served(turns, 101)
    asks(turns, "first", times=100)

    had = served(turns, 20)

    assert had.count("first") in (10, 11)


def test_somebody_who_comes_back_at_once_has_not_forgotten_what_they_had():
    """Else whoever asks for one thing at a time would be a newcomer every time."""
    turns = line()
    asks(turns, "other", times=100, work=10)
    asks(turns, "one by one", work=50)
    had = []
    for _ in range(60):
        had.append(serve(turns).person)
        if had[-1] == "one by one":
            asks(turns, "one by one", work=50)

    assert had.count("one by one") == pytest.approx(10, abs=1)


def test_newcomers_without_end_starve_nobody():
    """One of them is always there, and is served soon; whoever asked for more has a share all the same."""
    turns = line()
    asks(turns, "steady", times=300)
    had = ["nobody"]
    for number in range(300):
        if had[-1] != "steady":
            asks(turns, f"newcomer {number}")
        had.append(serve(turns).person)

    assert had.count("steady") >= 100


def test_an_expensive_turn_of_somebody_does_not_keep_a_newcomer_waiting_for_those_it_held_up():
    turns = line()
    asks(turns, "large", times=2, work=1_000)
    asks(turns, "small", times=1_000, work=1)
    had = served(turns, 3)
    asks(turns, "newcomer", work=1)

    assert had[0] == "large"
    assert "newcomer" in served(turns, 3)


people = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 30), st.integers(1, 100), st.integers(1, 5)), min_size=1)


@given(people)
def test_between_two_who_want_more_nobody_gets_ahead_by_more_than_a_job_each(them: list[tuple[int, int, int, int]]):
    """The bound of start-time fair queuing, for everybody in one server: by weight, no two differ by more than the largest
    job of each.
    """
    turns: Turns = line()
    largest = {}
    for number, (_, times, work, weight) in enumerate(them):
        asks(turns, str(number), times=times, work=work, weight=weight)
        largest[str(number)] = work / weight
    had = dict.fromkeys(largest, 0.0)
    left = {str(number): times for number, (_, times, _, _) in enumerate(them)}
    while min(left.values()) > 0:
        waiting = serve(turns)
        had[waiting.person] += waiting.work / waiting.weight
        left[waiting.person] -= 1
        for one in had:
            for other in had:
                assert abs(had[one] - had[other]) <= largest[one] + largest[other] + 0.01


@given(people)
def test_everything_that_was_added_is_served_once_and_in_its_persons_order(them: list[tuple[int, int, int, int]]):
    turns = line()
    wanted = [
        waiting
        for number, (server, times, work, weight) in enumerate(them)
        for waiting in asks(turns, str(number), f"server {server}", times=times, work=work, weight=weight)
    ]

    had = [serve(turns) for _ in wanted]

    assert sorted(had) == wanted
    assert len(turns) == 0
    assert turns.next(None, 0) is None
    for number in range(len(them)):
        theirs = [waiting for waiting in had if waiting.person == str(number)]
        assert theirs == sorted(theirs)
