"""The books of an erased account stay ten years after its last, and then go whole; nobody else's lose a line."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy.exc import DBAPIError

from core.datamap import Until
from core.periods import LONGEST
from core.rules import DAY
from tests.cast import Actor, Stage, enter
from tests.conversation.asking import one_picture
from tests.retention.keeping import comes_back_with, person_of, rows, write

BOOKS = ("ledger_account", "credit_lot", "hold", "hold_slice", "ledger_tx", "ledger_entry")


def books(stage: Stage) -> dict[str, list[dict[str, object]]]:
    return {table: rows(stage, table) for table in BOOKS}


async def left(stage: Stage, actor: Actor) -> str:
    """They spent and were erased: what is left is their account, and nothing joins it to them."""
    await one_picture(stage, actor)
    person = await person_of(stage, actor)
    account = next(row["account_id"] for row in rows(stage, "person_account") if row["person_id"] == person)
    for statement in (
        "DELETE FROM picture WHERE person_id = :person",
        "DELETE FROM delivery WHERE job_id IN (SELECT id FROM job WHERE person_id = :person)",
        "DELETE FROM wish WHERE job_id IN (SELECT id FROM job WHERE person_id = :person)",
        "DELETE FROM job WHERE person_id = :person",
        "DELETE FROM person_account WHERE person_id = :person",
    ):
        write(stage, statement, person=person)
    return str(account)


def year_after(moment: int) -> int:
    year = datetime.fromtimestamp(moment / 1000, UTC).year
    return int(datetime(year + 1, 1, 1, tzinfo=UTC).timestamp()) * 1000


async def test_they_go_whole_ten_years_after_the_year_they_were_last_booked_in(stage: Stage, ben: Actor) -> None:
    ana = enter(stage, "ana")
    await ana.agrees()
    await one_picture(stage, ana)
    hers = books(stage)
    account = await left(stage, ben)
    last = max(row["booked_at"] for row in rows(stage, "ledger_tx") if row["account_id"] == account)
    end = year_after(last) + LONGEST[Until.BOOKS_CLOSE]

    stage.clock.moment = end - 2
    await ana.says("/help")  # a millisecond passes
    assert (await stage.sweeps()).books == 0
    assert len(books(stage)["ledger_account"]) == 2
    stage.clock.moment = end
    assert (await stage.sweeps()).books == 1

    assert [row["id"] for row in rows(stage, "ledger_account")] == [
        row["id"] for row in hers["ledger_account"] if row["id"] != account
    ]
    assert all(account not in str(row) for table in books(stage).values() for row in table)
    assert stage.mistakes() == []


async def test_a_shorter_law_ends_them_sooner(stage: Stage, ben: Actor) -> None:
    await comes_back_with(stage, {Until.BOOKS_CLOSE: 6 * 366 * DAY})
    await left(stage, ben)
    stage.clock.moment = year_after(stage.clock.moment) + 6 * 366 * DAY

    assert (await stage.sweeps()).books == 1
    assert books(stage) == {table: [] for table in BOOKS}


async def test_somebodys_never_go(stage: Stage, ben: Actor) -> None:
    await one_picture(stage, ben)
    before = books(stage)
    stage.clock.passes(30 * 366 * DAY)
    await ben.says("/help")
    keeping = stage.app.keeping
    closed = await stage.app.database.run(lambda tx: tx.ledger.close_books(keeping.booked_by, keeping.now, "", 10))

    assert closed[0] == 0
    assert books(stage) == before


async def test_nobody_can_close_an_account_that_somebody_has(stage: Stage, ben: Actor) -> None:
    with pytest.raises(DBAPIError, match="somebody has this account"):
        write(stage, "UPDATE ledger_account SET closed_at = 1")


@pytest.mark.parametrize("table", ["ledger_entry", "ledger_tx"])
async def test_without_being_closed_nobodys_books_lose_no_line(stage: Stage, ben: Actor, table: str) -> None:
    await left(stage, ben)
    with pytest.raises(DBAPIError, match="append-only"):
        write(stage, f"DELETE FROM {table}")


async def test_half_an_account_is_a_mistake_in_the_books(stage: Stage, ben: Actor) -> None:
    account = await left(stage, ben)
    write(stage, "UPDATE ledger_account SET closed_at = 7")

    assert stage.mistakes() == [f"Account {account} was closed at 7 and is still here."]
