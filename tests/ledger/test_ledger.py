"""What the ledger promises, one behaviour a test, on SQLite and on PostgreSQL."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core.credits import Balance, KeyReused, LedgerAccountId, Milli
from core.errors import Refused
from core.rules import HOLD_LIFE, RESTORED_LIFE
from core.values import JobId, JobState, Moment
from tests.ledger.desk import START, Customer, Desk

LATER, LATE = START + 1_000, START + 2_000


def balance(spendable: int = 0, held: int = 0, debt: int = 0) -> Balance:
    return Balance(Milli(spendable), Milli(held), Milli(debt))


# Credits come in


def test_a_new_account_has_nothing(desk: Desk, ana: Customer):
    assert desk.balance(ana, START) == balance()


def test_a_grant_can_be_spent_at_once(desk: Desk, ana: Customer):
    desk.grant(ana, "paid", 5_000, None, "grant:a", START)
    assert desk.balance(ana, START) == balance(5_000)


def test_a_grant_that_comes_twice_counts_once(desk: Desk, ana: Customer):
    for now in (START, LATER):
        desk.grant(ana, "paid", 5_000, None, "grant:a", now)
    assert desk.balance(ana, LATER) == balance(5_000)


@pytest.mark.parametrize(
    ("kind", "amount", "until"), [("promo", 5_000, None), ("paid", 5_001, None), ("paid", 5_000, LATE)]
)
def test_another_grant_under_a_used_key_is_a_bug_and_changes_nothing(desk, ana, kind, amount, until):
    desk.grant(ana, "paid", 5_000, None, "grant:a", START)
    with pytest.raises(KeyReused):
        desk.grant(ana, kind, amount, until, "grant:a", START)
    assert desk.balance(ana, START) == balance(5_000)


def test_a_used_key_does_not_serve_another_account_either(desk: Desk, ana: Customer, ben: Customer):
    desk.grant(ana, "paid", 5_000, None, "grant:a", START)
    with pytest.raises(KeyReused):
        desk.grant(ben, "paid", 5_000, None, "grant:a", START)
    assert desk.balance(ben, START) == balance()


@pytest.mark.parametrize("amount", [0, -1])
def test_a_grant_brings_something(desk: Desk, ana: Customer, amount: int):
    with pytest.raises(ValueError, match="brings something"):
        desk.grant(ana, "paid", amount, None, "grant:a", START)


def test_nothing_is_booked_on_an_account_that_does_not_exist(desk: Desk, ana: Customer):
    with pytest.raises(RuntimeError, match="no ledger account nobody"):
        desk.grant(Customer(ana.person, LedgerAccountId("nobody")), "paid", 1, None, "grant:a", START)


# The operator's hand


def test_an_operator_may_give(desk: Desk, ana: Customer):
    desk.adjust(ana, 700, "adjust:a", START)
    assert desk.balance(ana, START) == balance(700)


def test_an_operator_may_take_in_the_order_of_use(desk: Desk, ana: Customer):
    bought = desk.grant(ana, "paid", 1_000, None, "grant:a", START)
    given = desk.grant(ana, "promo", 1_000, None, "grant:b", START)
    desk.adjust(ana, -1_300, "adjust:a", START)
    assert desk.lot(given) == {"removed": 1_000}
    assert desk.lot(bought) == {"available": 700, "removed": 300}


def test_what_an_operator_takes_beyond_the_balance_is_owed(desk: Desk, ana: Customer):
    desk.grant(ana, "paid", 1_000, None, "grant:a", START)
    desk.grant(ana, "sub", 1_000, LATER, "grant:b", START)
    desk.adjust(ana, -1_200, "adjust:a", LATER)
    assert desk.balance(ana, LATER) == balance(debt=200)


def test_an_adjustment_that_comes_twice_counts_once(desk: Desk, ana: Customer):
    for now in (START, LATER):
        desk.adjust(ana, 700, "adjust:a", now)
    with pytest.raises(KeyReused):
        desk.adjust(ana, 700, "adjust:a", LATER, reason="another")
    assert desk.balance(ana, LATER) == balance(700)


@pytest.mark.parametrize("kind", ["paid", "comp"])
def test_bought_credits_and_compensation_repay_a_debt_first(desk: Desk, ana: Customer, kind: str):
    desk.adjust(ana, -300, "adjust:a", START)
    desk.grant(ana, kind, 200, None, "grant:a", START)
    assert desk.balance(ana, START) == balance(debt=100)
    desk.grant(ana, kind, 200, None, "grant:b", START)
    assert desk.balance(ana, START) == balance(100)


@pytest.mark.parametrize("kind", ["promo", "sub"])
def test_free_and_subscription_credits_never_repay_a_debt(desk: Desk, ana: Customer, kind: str):
    desk.adjust(ana, -300, "adjust:a", START)
    desk.grant(ana, kind, 200, None, "grant:a", START)
    assert desk.balance(ana, START) == balance(200, debt=300)


# Requests


def test_a_request_holds_its_price(desk: Desk, ana: Customer):
    desk.grant(ana, "paid", 5_000, None, "grant:a", START)
    accepted = desk.accept(ana, 500, 4, START)
    assert accepted.balance == balance(3_000, held=2_000)


def test_the_last_credit_can_be_spent_and_not_one_more(desk: Desk, ana: Customer):
    desk.grant(ana, "paid", 1_000, None, "grant:a", START)
    with pytest.raises(Refused) as refused:
        desk.accept(ana, 1_100, 1, START)
    assert (refused.value.key, refused.value.values) == ("credits.short", {"price": 1_100, "spendable": 1_000})
    assert desk.accept(ana, 1_000, 1, START).balance == balance(held=1_000)


def test_a_refused_request_leaves_no_trace(desk: Desk, ana: Customer):
    with pytest.raises(Refused):
        desk.accept(ana, 100, 1, START)
    for table in ("job", "wish", "delivery", "hold", "hold_slice", "ledger_tx", "ledger_entry"):
        assert desk.rows(text(f"SELECT * FROM {table}")) == []


def test_who_owes_cannot_ask_for_more(desk: Desk, ana: Customer):
    desk.adjust(ana, -100, "adjust:a", START)
    desk.grant(ana, "promo", 5_000, None, "grant:a", START)
    with pytest.raises(Refused) as refused:
        desk.accept(ana, 100, 1, START)
    assert (refused.value.key, refused.value.values) == ("credits.debt", {"debt": 100})


def test_a_frozen_account_cannot_ask_for_more(desk: Desk, ana: Customer):
    desk.grant(ana, "paid", 5_000, None, "grant:a", START)
    desk.rows(text("UPDATE ledger_account SET frozen_reason = 'dispute' RETURNING id"))
    with pytest.raises(Refused) as refused:
        desk.accept(ana, 100, 1, START)
    assert refused.value.key == "credits.frozen"


def test_expired_credits_are_not_spent_even_when_the_sweep_is_late(desk: Desk, ana: Customer):
    desk.grant(ana, "sub", 1_000, LATER, "grant:a", START)
    assert desk.balance(ana, LATER - 1) == balance(1_000)
    assert desk.balance(ana, LATER) == balance()
    with pytest.raises(Refused):
        desk.accept(ana, 100, 1, LATER)


def test_the_same_hold_twice_holds_once(desk: Desk, ana: Customer):
    desk.grant(ana, "paid", 1_000, None, "grant:a", START)
    job = desk.accept(ana, 100, 1, START).job
    desk.hold(job, ana.account, 100, LATER)
    with pytest.raises(KeyReused):
        desk.hold(job, ana.account, 200, LATER)
    assert desk.balance(ana, LATER) == balance(900, held=100)


# Endings


def test_a_picture_that_is_drawn_is_paid_for(desk: Desk, ana: Customer):
    lot = desk.grant(ana, "paid", 1_000, None, "grant:a", START)
    job = desk.accept(ana, 100, 1, START).job
    desk.dispatch(START)
    assert desk.draw(job, 0, LATER)
    assert desk.lot(lot) == {"available": 900, "spent": 100}
    assert desk.find(job).state is JobState.DONE


def test_a_failed_request_costs_nothing(desk: Desk, ana: Customer):
    desk.grant(ana, "paid", 1_000, None, "grant:a", START)
    job = desk.accept(ana, 100, 4, START).job
    assert desk.fail(job, LATER)
    assert desk.balance(ana, LATER) == balance(1_000)


@pytest.mark.parametrize("end", [Desk.fail, Desk.cancel])
def test_of_a_request_that_ends_early_only_finished_pictures_are_paid(desk: Desk, ana: Customer, end):
    lot = desk.grant(ana, "paid", 1_000, None, "grant:a", START)
    job = desk.accept(ana, 100, 4, START).job
    desk.dispatch(START)
    assert all(desk.draw(job, index, LATER) for index in (0, 2, 3))
    assert end(desk, job, LATER)
    assert desk.lot(lot) == {"available": 700, "spent": 300}


def test_what_comes_back_goes_where_it_came_from_last_taken_first(desk: Desk, ana: Customer):
    first = desk.grant(ana, "promo", 100, None, "grant:a", START)
    second = desk.grant(ana, "sub", 100, LATE, "grant:b", START)
    third = desk.grant(ana, "paid", 500, None, "grant:c", START)
    job = desk.accept(ana, 150, 2, START).job
    assert [desk.lot(lot)["held"] for lot in (first, second, third)] == [100, 100, 100]
    desk.dispatch(START)
    desk.draw(job, 1, LATER)
    desk.fail(job, LATER)
    assert desk.lot(first) == {"spent": 100}
    assert desk.lot(second) == {"available": 50, "spent": 50}
    assert desk.lot(third) == {"available": 500}


def test_a_request_ends_once(desk: Desk, ana: Customer):
    desk.grant(ana, "paid", 1_000, None, "grant:a", START)
    job = desk.accept(ana, 100, 1, START).job
    assert desk.fail(job, LATER)
    assert not desk.fail(job, LATER)
    desk.resolve(job, 0, LATER)
    with pytest.raises(KeyReused):
        desk.resolve(job, 100, LATER)
    assert desk.balance(ana, LATER) == balance(1_000)


def test_no_more_than_was_held_can_be_charged(desk: Desk, ana: Customer):
    desk.grant(ana, "paid", 1_000, None, "grant:a", START)
    job = desk.accept(ana, 100, 1, START).job
    with pytest.raises(ValueError, match="cannot capture 200"):
        desk.resolve(job, 200, LATER)
    assert desk.balance(ana, LATER) == balance(900, held=100)


def test_a_hold_that_somebody_closed_behind_the_ledger_is_noticed(desk: Desk, ana: Customer):
    desk.grant(ana, "paid", 1_000, None, "grant:a", START)
    job = desk.accept(ana, 100, 1, START).job
    desk.spoiled = True
    desk.rows(text("UPDATE hold SET state = 'released' RETURNING id"))
    with pytest.raises(RuntimeError, match="was resolved without its key"):
        desk.fail(job, LATER)


def test_a_lot_that_lacks_what_is_held_from_it_is_noticed(desk: Desk, ana: Customer):
    desk.grant(ana, "paid", 1_000, None, "grant:a", START)
    job = desk.accept(ana, 100, 1, START).job
    desk.spoiled = True
    desk.rows(text("UPDATE credit_lot SET held = 0, available = 1000 RETURNING id"))
    with pytest.raises(RuntimeError, match="lacks what resolve:"):
        desk.fail(job, LATER)


# Time


def test_a_hold_outlives_the_expiry_of_its_credits(desk: Desk, ana: Customer):
    lot = desk.grant(ana, "sub", 1_000, LATER, "grant:a", START)
    job = desk.accept(ana, 400, 1, START).job
    assert desk.book_expiries(LATER) == 1
    assert desk.lot(lot) == {"held": 400, "removed": 600}
    desk.dispatch(LATER)
    desk.draw(job, 0, LATER)
    assert desk.lot(lot) == {"spent": 400, "removed": 600}


def test_credits_that_come_back_after_their_expiry_can_be_used_for_another_day(desk: Desk, ana: Customer):
    desk.grant(ana, "sub", 1_000, LATER, "grant:a", START)
    job = desk.accept(ana, 400, 1, START).job
    desk.fail(job, LATE)
    assert desk.balance(ana, LATE + RESTORED_LIFE - 1) == balance(400)
    assert desk.balance(ana, LATE + RESTORED_LIFE) == balance()


def test_restored_credits_are_used_first(desk: Desk, ana: Customer):
    desk.grant(ana, "sub", 400, LATER, "grant:a", START)
    first = desk.accept(ana, 400, 1, START).job
    desk.fail(first, LATE)
    desk.grant(ana, "promo", 400, LATE + 1, "grant:b", LATE)
    desk.accept(ana, 300, 1, LATE)
    assert desk.lot(f"restored-{first}") == {"available": 100, "held": 300}


def test_what_expired_unused_is_booked_once(desk: Desk, ana: Customer, ben: Customer):
    over = desk.grant(ana, "sub", 1_000, LATER, "grant:a", START)
    living = desk.grant(ana, "sub", 1_000, LATE, "grant:b", START)
    desk.grant(ben, "promo", 1_000, LATER, "grant:c", START)
    assert desk.book_expiries(LATER - 1) == 0
    assert desk.book_expiries(LATER) == 2
    assert desk.book_expiries(LATER) == 0
    assert desk.lot(over) == {"removed": 1_000}
    assert desk.lot(living) == {"available": 1_000}


def test_what_comes_back_a_little_late_to_a_lot_that_was_swept_expires_again(desk: Desk, ana: Customer):
    """A release may read the clock, and then wait for a sweep that read it later."""
    lot = desk.grant(ana, "sub", 1_000, LATER, "grant:a", START)
    job = desk.accept(ana, 400, 1, START).job
    desk.book_expiries(LATER)
    desk.fail(job, LATER - 1)
    assert desk.book_expiries(LATE) == 1
    assert desk.lot(lot) == {"removed": 1_000}


def test_a_hold_that_outlived_everything_is_released(desk: Desk, ana: Customer):
    desk.grant(ana, "paid", 1_000, None, "grant:a", START)
    job = desk.accept(ana, 100, 1, START).job
    desk.dispatch(START)
    desk.give_up_attempt(job, LATER)
    assert desk.reclaim(START + HOLD_LIFE - 1) == 0
    assert desk.reclaim(START + HOLD_LIFE) == 1
    assert desk.find(job).state is JobState.FAILED
    assert desk.balance(ana, START + HOLD_LIFE) == balance(1_000)


def test_a_hold_is_known_to_be_past_its_life_to_the_millisecond(desk: Desk, ana: Customer):
    desk.grant(ana, "paid", 1_000, None, "grant:a", START)
    job = desk.accept(ana, 100, 1, START).job
    found = [
        desk.database.transact(lambda tx, now: tx.ledger.expired_holds(Moment(now)), START + HOLD_LIFE + by)
        for by in (-1, 0)
    ]
    assert found == [[], [JobId(job)]]


# The books cannot be rewritten


@pytest.mark.parametrize("table", ["ledger_tx", "ledger_entry"])
@pytest.mark.parametrize("change", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_the_books_are_append_only_whoever_asks(desk: Desk, ana: Customer, table: str, change: str):
    desk.grant(ana, "paid", 1_000, None, "grant:a", START)
    before = desk.rows(text(f"SELECT * FROM {table}"))
    with pytest.raises(DBAPIError, match=f"{table} is append-only"):
        desk.rows(text(change.format(table) + " RETURNING id"))
    assert desk.rows(text(f"SELECT * FROM {table}")) == before


@pytest.mark.parametrize(
    "part", ["available = -1", "held = -1", "spent = -1", "removed = -1", "amount = amount + 1", "available = 0"]
)
def test_the_database_itself_refuses_a_lot_that_does_not_add_up(desk: Desk, ana: Customer, part: str):
    desk.grant(ana, "paid", 1_000, None, "grant:a", START)
    with pytest.raises(DBAPIError, match="credit_lot_"):
        desk.rows(text(f"UPDATE credit_lot SET {part} RETURNING id"))


def test_the_database_itself_refuses_a_charge_above_the_hold(desk: Desk, ana: Customer):
    desk.grant(ana, "paid", 1_000, None, "grant:a", START)
    desk.accept(ana, 100, 1, START)
    with pytest.raises(DBAPIError, match="hold_captured"):
        desk.rows(text("UPDATE hold SET captured = 101 RETURNING id"))
