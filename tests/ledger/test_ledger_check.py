"""The checker proves right books right, and says of spoiled ones which row is wrong and how."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product

import pytest
from sqlalchemy import Connection, Engine, text

from core.values import JobId
from storage.records.ledger_check import RULES, mistakes
from tests.databases import copied
from tests.ledger.desk import START, Desk

HOUR = 60 * 60 * 1_000
ALL_CHECKS = text(
    "SELECT 'ALTER TABLE \"' || relname || '\" DROP CONSTRAINT ' || conname FROM pg_constraint "
    "JOIN pg_class ON pg_class.oid = conrelid WHERE contype = 'c'"
)


Books = tuple[Engine, dict[str, str]]


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def books(request: pytest.FixtureRequest) -> Iterator[Books]:
    """Books that were lived with, and the names in them. Whoever changes something takes it back."""
    if request.param == "postgres":
        made = request.getfixturevalue("postgres").fresh()
    else:
        made = copied(request.getfixturevalue("sqlite_template"))
    with made as store:
        yield store.engine(), live_with(Desk(store.open()))


def live_with(desk: Desk) -> dict[str, str]:
    """A bit of everything: used, expired, restored, held, corrected and owed."""
    ana, ben = desk.enroll(welcome=1_000), desk.enroll()
    desk.grant(ana, "sub", 2_000, START + HOUR, "grant:sub", START)
    paid = desk.grant(ana, "paid", 5_000, None, "grant:paid", START)
    desk.accept(ana, 1_000, 3, START, job="drawn")
    desk.dispatch(START)
    for index in (0, 1):
        desk.draw(JobId("drawn"), index, START)
    desk.fail(JobId("drawn"), START)
    desk.accept(ana, 500, 1, START, job="late")
    desk.accept(ana, 100, 1, START, job="cancelled")
    desk.cancel(JobId("cancelled"), START)
    desk.book_expiries(START + HOUR)
    desk.fail(JobId("late"), START + HOUR)
    desk.accept(ana, 400, 2, START + HOUR, job="open")
    desk.dispatch(START + HOUR)
    desk.draw(JobId("open"), 0, START + HOUR)
    desk.adjust(ana, -200, "adjust:ana", START + HOUR)
    desk.adjust(ben, -300, "adjust:ben", START + HOUR)
    return {"ana": ana.account, "ben": ben.account, "ben_person": ben.person, "paid": paid}


@contextmanager
def unguarded(engine: Engine) -> Iterator[Connection]:
    """A transaction without triggers, foreign keys and CHECKs, taken back at the end."""
    with engine.connect() as connection, connection.begin() as transaction:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            for (statement,) in connection.execute(ALL_CHECKS).all():
                connection.execute(text(statement))
        else:
            connection.execute(text("PRAGMA ignore_check_constraints = 1"))
            connection.execute(text("PRAGMA defer_foreign_keys = 1"))
            for table, verb in product(("ledger_tx", "ledger_entry"), ("update", "delete")):
                connection.execute(text(f"DROP TRIGGER {table}_no_{verb}"))
            connection.execute(text("DROP TRIGGER ledger_account_no_close"))
        yield connection
        transaction.rollback()


def test_books_nobody_wrote_in_are_right(store):
    with store.engine().begin() as connection:
        assert mistakes(connection) == []


def test_books_that_were_lived_with_are_right(books: Books):
    with books[0].begin() as connection:
        assert mistakes(connection) == []


ENTRY = "INSERT INTO ledger_entry (id, tx_id, account, lot_id, delta) VALUES (999, {})"
TX = "INSERT INTO ledger_tx (id, account_id, kind, booked_at, reason_code, input_hash) VALUES ({}, 0, 'test', '')"
LOT = "UPDATE credit_lot SET {} WHERE id = '{{paid}}'"

SPOILED = [
    (ENTRY.format("'grant:paid', 'user:{ana}', '{paid}', 5"), "All entries together come to 5, not to 0."),
    (ENTRY.format("'grant:paid', 'user:{ana}', '{paid}', 5"), "Transaction grant:paid comes to 5, not to 0."),
    (TX.format("'grant:x', '{ana}', 'grant'"), "Transaction grant:x is a grant without entries."),
    (ENTRY.format("'grant:paid', 'revenue', '{paid}', 5"), "Entry 999 posts 5 to revenue, which no grant does."),
    (ENTRY.format("'grant:paid', 'user:{ana}', NULL, 5"), "Entry 999 posts 5 to user:{ana}, which no grant does."),
    (
        ENTRY.format("'grant:paid', 'user:{ana}', '{paid}', -5"),
        "Entry 999 posts -5 to user:{ana}, which no grant does.",
    ),
    (ENTRY.format("'grant:paid', 'user:{ben}', '{paid}', 5"), "Entry 999 posts 5 to user:{ben}, which no grant does."),
    (
        ENTRY.format("'adjust:ben', 'user:{ben}', '{paid}', -5"),
        "Entry 999 moves a lot of account {ana} for account {ben}.",
    ),
    (LOT.format(f"expires_at = {START}"), f"booked at {START + HOUR}, takes expiry wrongly: its lot ends at {START}."),
    (
        "UPDATE credit_lot SET expires_at = expires_at + 1 WHERE kind = 'sub'",
        f"booked at {START + HOUR}, takes expiry wrongly: its lot ends at {START + HOUR + 1}.",
    ),
    (LOT.format("amount = 5001"), "Lot {paid} has 5001 as amount, and its entries say 5000."),
    (LOT.format("source_key = 'adjust:ana'"), "Lot {paid} has 5000 as amount, and its entries say 200."),
    (LOT.format("available = 1"), "Lot {paid} has 1 as available, and its entries say 4500."),
    (LOT.format("held = 1"), "Lot {paid} has 1 as held, and its entries say 300."),
    (LOT.format("disputed = 1"), "Lot {paid} has 1 as disputed, and its entries say 0."),
    (LOT.format("spent = 1"), "Lot {paid} has 1 as spent, and its entries say 0."),
    (LOT.format("removed = 1"), "Lot {paid} has 1 as removed, and its entries say 200."),
    (LOT.format("held = 1"), "Lot {paid} has parts of 4701 in all, and its amount is 5000."),
    *(
        (LOT.format(f"{part} = -1"), f"Lot {{paid}} has -1 as {part}.")
        for part in ("amount", "available", "held", "disputed", "spent", "removed")
    ),
    (
        "UPDATE hold_slice SET amount = 301 WHERE amount = 300",
        "Lot {paid} has 300 held, and open holds took 301 from it.",
    ),
    ("UPDATE ledger_account SET debt = 0", "Account {ben} has a debt of 0, and its entries say 300."),
    ("UPDATE ledger_account SET closed_at = 7 WHERE id = '{ben}'", "Account {ben} was closed at 7 and is still here."),
    ("UPDATE hold SET state = 'captured' WHERE id = 'late'", "Hold late is captured with 0 captured."),
    ("UPDATE hold SET captured = 3001 WHERE id = 'drawn'", "Hold drawn is captured with 3001 captured."),
    ("DELETE FROM hold_slice WHERE hold_id = 'late'", "Hold late is of 500, and its slices come to 0."),
    (
        "UPDATE hold_slice SET seq = 2 WHERE hold_id = 'open' AND seq = 1",
        "Hold open took 300 as slice 2, which is nothing, out of line, or not its account's.",
    ),
    (
        "UPDATE hold_slice SET seq = -1 WHERE hold_id = 'open' AND seq = 1",
        "Hold open took from lot {paid} before lot restored-late, against the order of use.",
    ),
    (
        "UPDATE hold_slice SET amount = 301 WHERE amount = 300",
        "Hold open took 301 as a slice, and its entries say 300.",
    ),
    (
        "UPDATE hold SET captured = 1000 WHERE id = 'drawn'",
        "Hold drawn spends 0 of a slice when what was taken first is spent first, and its entries say 1000.",
    ),
    (
        TX.format("'resolve:open', '{ana}', 'resolve'"),
        "Hold open is open, and its account booked 2 of its taking and ending.",
    ),
    ("DELETE FROM hold WHERE id = 'late'", "Transaction resolve:late is a resolve, and there is no such hold."),
    ("DELETE FROM job WHERE id = 'open'", "Hold open is open without a request."),
    ("UPDATE job SET state = 'failed' WHERE id = 'open'", "Request open is failed, and its hold is open."),
    ("UPDATE job SET state = 'queued' WHERE id = 'late'", "Request late is queued, and its hold is released."),
    ("DELETE FROM hold WHERE id = 'late'", "Request late is failed, and its hold is missing."),
    ("UPDATE job SET price_each = 401 WHERE id = 'open'", "Request open costs 802, and 800 is held for it."),
    (
        "UPDATE wish SET state = 'failed' WHERE job_id = 'drawn'",
        "Request drawn was charged 2000 for pictures that cost 0.",
    ),
    (
        "UPDATE job SET person_id = '{ben_person}' WHERE id = 'open'",
        "Request open is paid by account {ana}, and its person has {ben}.",
    ),
    ("DELETE FROM wish WHERE job_id = 'late'", "Request late asked for 1 pictures, and there are 0 wishes."),
    (
        "UPDATE wish SET state = 'pending' WHERE job_id = 'drawn'",
        "Request drawn is done, and of its pictures 0 are drawn, 3 pending.",
    ),
    (
        "UPDATE wish SET state = 'drawn' WHERE job_id = 'open'",
        "Request open is drawing, and of its pictures 2 are drawn, 0 pending.",
    ),
    ("DELETE FROM delivery WHERE job_id = 'open'", "Wish open/0 is drawn, and its delivery is missing."),
    (
        "UPDATE delivery SET state = 'waiting' WHERE job_id = 'drawn'",
        "Wish drawn/1 is drawn, and its delivery is waiting.",
    ),
]


@pytest.mark.parametrize(("change", "sentence"), SPOILED, ids=[sentence for _, sentence in SPOILED])
def test_of_books_that_were_changed_by_hand_it_says(books: Books, change: str, sentence: str):
    engine, names = books
    with unguarded(engine) as connection:
        connection.execute(text(change.format(**names)))
        found = mistakes(connection)
    assert any(mistake.endswith(sentence.format(**names)) for mistake in found), found


def test_every_rule_has_such_a_test():
    patterns = [re.sub(r"\\{\w+\\}", ".*", re.escape(rule.sentence)) for rule in RULES]
    ends = [f"Entry 1, {end}" if end.startswith("booked") else end for _, end in SPOILED]
    assert [pattern for pattern in patterns if not any(re.fullmatch(pattern, end) for end in ends)] == []


def test_it_needs_no_requests_that_were_erased_with_their_person(books: Books):
    with unguarded(books[0]) as connection:
        for table, job in (("picture", "job_id"), ("delivery", "job_id"), ("wish", "job_id"), ("job", "id")):
            connection.execute(text(f"DELETE FROM {table} WHERE {job} <> 'open'"))
        connection.execute(text("DELETE FROM person_account"))
        assert mistakes(connection) == []
