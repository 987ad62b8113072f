"""Whoever got nothing for a long time goes first, and leaves every other turn to the others."""

from __future__ import annotations

from core.queue.turns import Turns
from core.rules import AGED, SECOND
from tests.scheduling.asking import asked, asks, line, serve, served


def test_a_low_weight_waits_no_longer_than_the_age_and_one_turn():
    turns = line()
    asks(turns, "heavy", times=5_000, weight=100)
    asks(turns, "light", work=10_000, times=2)
    now, had = 0, []
    while had.count("light") < 2:
        had.append(serve(turns, now).person)
        now += 10 * SECOND

    assert had[:2].count("light") == 1
    assert (len(had) - 2) * 10 * SECOND <= AGED + 20 * SECOND


def with_old_ones(*people: str) -> Turns:
    """A line where these had so much, one millisecond after the other, that it is not their turn again for long."""
    turns = line()
    asks(turns, "usual", times=1_000, work=1)
    for now, person in enumerate(people):
        asks(turns, person, work=10_000)
        while serve(turns, now).person != person:
            continue
        asks(turns, person)
    serve(turns, len(people))
    return turns


def test_the_oldest_goes_first():
    turns = with_old_ones("first", "second", "third")

    assert served(turns, 6, now=AGED + 2) == ["first", "usual", "second", "usual", "third", "usual"]


def test_those_who_waited_long_have_every_other_turn_at_most():
    turns = with_old_ones(*(f"old {number}" for number in range(20)))

    assert served(turns, 20, now=AGED + 19).count("usual") == 10


def test_whoever_has_thousands_in_line_is_not_old_again_after_a_turn():
    """It counts how long somebody got nothing, not how long each of their jobs stands there."""
    turns = line()
    asks(turns, "flooder", times=1_000)
    for number in range(50):
        asks(turns, f"person {number}", times=2)

    assert served(turns, 52, now=AGED).count("flooder") <= 2


def test_old_puppets_of_one_server_take_nothing_from_another():
    turns = line()
    for number in range(50):
        asks(turns, f"puppet {number}", server="crowded")
    turns.add(asked("ana", "quiet", queued_at=AGED))

    assert "ana" in served(turns, 3, now=AGED)


def test_a_server_that_got_nothing_goes_first():
    turns = line()
    asks(turns, "light", server="free", work=10_000, times=2)
    asks(turns, "heavy", server="paid for", times=5_000, weight=100)
    served(turns, 2, now=0)
    served(turns, 2, now=1)

    assert served(turns, 2, now=AGED) == ["light", "heavy"]
