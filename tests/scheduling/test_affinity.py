"""What the loaded model can draw goes before others whose turn is near, so that models are loaded less often; not for long."""

from __future__ import annotations

from itertools import groupby

from core.rules import SKIPS
from tests.scheduling.asking import asks, line, serve


def models_of(turns, times: int) -> list[str]:
    had = [serve(turns).model]
    while len(had) < times:
        had.append(serve(turns, loaded=had[-1]).model)
    return had


def two_models(switch: int = 20):
    turns = line(switch)
    for number in range(20):
        asks(turns, f"person {number}", times=10, model=("one", "other")[number % 2])
    return turns


def test_jobs_of_one_model_go_together():
    as_people_do = [serve(turns).model for turns in [two_models()] for _ in range(100)]

    assert len(list(groupby(as_people_do))) == 100
    assert len(list(groupby(models_of(two_models(), 100)))) <= 100 / SKIPS


def test_nobody_is_passed_over_more_than_so_many_times_in_a_row():
    turns = line(switch=1_000)
    asks(turns, "rare", model="other")
    for number in range(50):
        asks(turns, f"person {number}", model="one")
    had = []
    while "rare" not in had:
        had.append(serve(turns, loaded="one").person)

    assert len(had) == SKIPS + 1


def test_nobody_goes_before_others_whose_turn_is_further_off_than_loading_the_model_takes():
    turns = line(switch=49)
    asks(turns, "had much", times=2, work=50, model="one")
    serve(turns)
    asks(turns, "had little", work=50, model="other")

    assert serve(turns, loaded="one").person == "had little"


def test_it_looks_across_servers():
    turns = line(switch=100)
    asks(turns, "ana", server="first", model="other")
    asks(turns, "ben", server="second", model="one")

    assert serve(turns, loaded="one").person == "ben"


def test_weights_hold_with_it():
    turns = line(switch=20)
    asks(turns, "light", times=1_000, model="one")
    asks(turns, "heavy", times=1_000, model="other", weight=4)

    assert 190 <= models_of(turns, 1_000).count("one") <= 210


def test_whoever_uses_a_model_nobody_else_does_has_their_share():
    turns = line(switch=1_000)
    asks(turns, "rare", times=1_000, model="other")
    for number in range(4):
        asks(turns, f"person {number}", times=1_000, model="one")

    assert 190 <= models_of(turns, 1_000).count("other") <= 210
