"""The rules of credits by themselves: what may be spent, in which order, what is captured of it, what a picture costs."""

from __future__ import annotations

import pytest

from core.credits import Lot, LotId, Milli, Slice, order_of_use, price_each, spendable, split, take

NOW = 1_000


def lot(
    id_: str, available: int = 100, *, priority: int = 5, expires_at: int | None = None, created_at: int = 0
) -> Lot:
    return Lot(LotId(id_), "sub", priority, Milli(available), expires_at, created_at)


def slices(**amounts: int) -> list[Slice]:
    return [Slice(LotId(name), Milli(amount)) for name, amount in amounts.items()]


@pytest.mark.parametrize(
    ("lots", "order"),
    [
        ([lot("b", priority=10), lot("a", priority=1)], "ab"),
        ([lot("b", priority=10, expires_at=NOW + 1), lot("a", priority=1)], "ab"),
        ([lot("b", expires_at=NOW + 2), lot("a", expires_at=NOW + 1)], "ab"),
        ([lot("b"), lot("a", expires_at=NOW + 9)], "ab"),
        ([lot("b", created_at=2), lot("a", created_at=1)], "ab"),
        ([lot("b", created_at=1, expires_at=NOW + 2), lot("a", created_at=2, expires_at=NOW + 1)], "ab"),
        ([lot("b"), lot("a")], "ab"),
        ([lot("a"), lot("over", expires_at=NOW), lot("empty", available=0)], "a"),
    ],
    ids=[
        "the lower priority number first",
        "priority before expiry",
        "then what expires first",
        "what never expires last",
        "then the oldest",
        "expiry before age",
        "alike in everything: always in the same order",
        "neither expired nor empty lots",
    ],
)
def test_credits_are_used_in_this_order(lots, order):
    assert [found.id for found in order_of_use(lots, NOW)] == list(order)


def test_a_lot_is_spendable_until_the_moment_it_expires():
    lots = [lot("a", 30), lot("b", 20, expires_at=NOW + 1), lot("c", 10, expires_at=NOW)]
    assert spendable(lots, NOW) == 50
    assert spendable(lots, NOW + 1) == 30


@pytest.mark.parametrize(
    ("amount", "taken"),
    [
        (0, []),
        (1, slices(a=1)),
        (100, slices(a=100)),
        (101, slices(a=100, b=1)),
        (150, slices(a=100, b=50)),
        (151, None),
    ],
)
def test_a_price_is_taken_from_as_few_lots_as_the_order_allows_or_not_at_all(amount, taken):
    assert take([lot("a", created_at=1), lot("b", 50, created_at=2)], Milli(amount), NOW) == taken


@pytest.mark.parametrize(
    ("captured", "spent", "returned"),
    [
        (0, {}, {"c": 30, "b": 20, "a": 10}),
        (5, {"a": 5}, {"c": 30, "b": 20, "a": 5}),
        (10, {"a": 10}, {"c": 30, "b": 20}),
        (25, {"a": 10, "b": 15}, {"c": 30, "b": 5}),
        (60, {"a": 10, "b": 20, "c": 30}, {}),
    ],
)
def test_what_was_taken_first_is_spent_first_and_what_was_taken_last_comes_back_first(captured, spent, returned):
    assert split(slices(a=10, b=20, c=30), Milli(captured)) == (slices(**spent), slices(**returned))


def test_no_more_than_was_held_can_be_captured():
    with pytest.raises(ValueError, match="cannot capture 61 of a hold of 60"):
        split(slices(a=10, b=20, c=30), Milli(61))


@pytest.mark.parametrize(
    ("price", "steps", "default_steps", "each"),
    [
        (1_000, 20, 20, 1_000),
        (1_000, 40, 20, 2_000),
        (1_000, 10, 20, 500),
        (1_000, 1, 20, 100),
        (1_000, 1, 30, 100),
        (1_000, 4, 30, 200),
        (1_000, 21, 20, 1_100),
        (1_050, 20, 20, 1_100),
        (0, 20, 20, 0),
    ],
)
def test_a_price_grows_with_the_steps_and_is_rounded_up_to_a_tenth_of_a_credit(price, steps, default_steps, each):
    assert price_each(Milli(price), steps, default_steps) == each
