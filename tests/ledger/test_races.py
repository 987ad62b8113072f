"""Twenty at once, from four processes with five threads each, over one database: every fact is booked once and rightly."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from core.credits import KeyReused
from core.errors import Refused
from core.values import JobId
from storage.database import SqlDatabase, open_engine
from tests.databases import Store
from tests.ledger.desk import START, Customer, Desk
from tests.ledger.planted import UNLOCKED, Bug, plant

PROCESSES, THREADS = 4, 5

Outcomes = list[str]


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    with crowd() as pool:
        yield pool


def crowd(bug: Bug | None = None) -> ProcessPoolExecutor:
    spawn = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(PROCESSES, spawn, arrive, (spawn.Barrier(PROCESSES * THREADS), bug))


def together(pool: ProcessPoolExecutor, store: Store, deed: Callable[..., str], *details: Any) -> Outcomes:
    """What came of twenty attempts at one deed; attempt n gets n as its last argument."""
    attempts = [pool.submit(attempt, store.url, deed, details, first * THREADS) for first in range(PROCESSES)]
    return sorted(outcome for done in attempts for outcome in done.result(timeout=60))


# In the other processes


def arrive(start: Barrier, bug: Bug | None) -> None:
    global everybody
    everybody = start
    if bug is not None:
        plant(bug, pytest.MonkeyPatch())


def attempt(url: str, deed: Callable[..., str], details: tuple[Any, ...], first: int) -> Outcomes:
    database = SqlDatabase(open_engine(url))

    def one(number: int) -> str:
        everybody.wait(timeout=30)
        try:
            return deed(Desk(database), *details, number)
        except (Refused, KeyReused, RuntimeError) as trouble:
            return str(trouble)

    with ThreadPoolExecutor(THREADS) as threads:
        outcomes = list(threads.map(one, range(first, first + THREADS)))
    database.close()
    return outcomes


def ask(desk: Desk, who: Customer, price: int, number: int) -> str:
    desk.accept(who, price, 1, START, job=f"{who.account}-{number}")
    return "accepted"


def pay(desk: Desk, who: Customer, number: int) -> str:
    desk.grant(who, "paid", 1_000, None, "grant:payment", START)
    return "booked"


def end(desk: Desk, job: JobId, number: int) -> str:
    """A last picture, a failure and a cancellation meet."""
    if number % 3 == 0:
        return "drawn" if desk.draw(job, 1, START, fence=1) else "stale"
    if number % 3 == 1:
        return "failed" if desk.fail(job, START, fence=1) else "stale"
    desk.cancel(job, START)
    return "cancelled"


# The races


def test_of_twenty_requests_with_credits_for_one_exactly_one_is_accepted(processes, store, desk, ana):
    desk.grant(ana, "promo", 600, None, "grant:a", START)
    desk.grant(ana, "paid", 1_300, None, "grant:b", START)
    assert together(processes, store, ask, ana, 1_000) == ["accepted", *["credits.short"] * 19]
    assert desk.balance(ana, START).spendable == 900


def test_all_credits_are_spent_and_none_twice(processes, store, desk, ana):
    desk.grant(ana, "paid", 1_300, None, "grant:a", START)
    assert together(processes, store, ask, ana, 100) == [*["accepted"] * 13, *["credits.short"] * 7]
    assert (desk.balance(ana, START).spendable, desk.balance(ana, START).held) == (0, 1_300)


def test_a_payment_that_is_reported_twenty_times_at_once_is_booked_once(processes, store, desk, ana):
    assert together(processes, store, pay, ana) == ["booked"] * 20
    assert desk.balance(ana, START).spendable == 1_000


def test_a_request_that_ends_in_three_ways_at_once_ends_in_one(processes, store, desk, ana):
    desk.grant(ana, "paid", 1_000, None, "grant:a", START)
    job = desk.accept(ana, 100, 2, START).job
    desk.dispatch(START)
    desk.draw(job, 0, START)
    outcomes = together(processes, store, end, job)
    assert len([outcome for outcome in outcomes if outcome not in ("stale", "cancel.over")]) == 1
    assert desk.balance(ana, START).spendable == (800 if "drawn" in outcomes else 900)


@pytest.mark.postgres
def test_a_ledger_that_does_not_lock_is_noticed(postgres_store):
    """Only on PostgreSQL: SQLite has one writer at a time anyway. Such a race may end well by chance, but not ten times."""
    desk = Desk(postgres_store.open())
    outcomes: Outcomes = []
    with crowd(UNLOCKED) as pool:
        for number in range(10):
            ana = desk.enroll()
            desk.grant(ana, "paid", 1_000, None, f"grant:{number}", START)
            outcomes += together(pool, postgres_store, ask, ana, 1_000)
            if any("lacks what hold:" in outcome for outcome in outcomes):
                return
    pytest.fail(f"not noticed: {set(outcomes)}")
