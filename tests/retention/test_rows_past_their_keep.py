"""Requests, messages, buttons and markers go when their time is up: not sooner, with all that belongs to them, and at once."""

from __future__ import annotations

import pytest

from bots import handles
from core import accounts
from core.datamap import Until
from core.periods import LONGEST, YEAR
from core.requests import delivery
from core.rights import restriction
from core.rules import BUTTON_LIFE, DAY, INBOX_LIFE, TOO_YOUNG_LIFE
from core.values import JobId
from tests.cast import Actor, Stage
from tests.conversation.asking import one_picture
from tests.pictures import picture_file
from tests.retention.keeping import comes_back_with, person_of, rows, write

REQUEST = ("job", "wish", "delivery", "post")
FORGOTTEN, CLOSED = LONGEST[Until.REQUEST_FORGOTTEN], LONGEST[Until.MESSAGE_CLOSED]


async def a_request_without_pictures(stage: Stage, ben: Actor) -> int:
    """Everything there is of one; when it ended."""
    picture = await one_picture(stage, ben)
    job = JobId(ben.inbox[-1].job or "")
    await delivery.posted(stage.app, await person_of(stage, ben), job, 0, "a chat, a message")
    await ben.says(f"/delete {picture.id}")
    return int(rows(stage, "job")[0]["ended_at"])


async def test_a_request_is_forgotten_a_year_after_it_ended_and_the_books_stay_right(stage: Stage, ben: Actor) -> None:
    stage.clock.moment = await a_request_without_pictures(stage, ben) + FORGOTTEN - 2
    await ben.says("/help")  # a millisecond passes
    await stage.sweeps()
    assert all(len(rows(stage, table)) == 1 for table in REQUEST)
    stage.clock.passes(1)
    await stage.sweeps()

    assert {table: rows(stage, table) for table in REQUEST} == {table: [] for table in REQUEST}
    assert len(rows(stage, "hold")) == 1
    assert stage.mistakes() == []


async def test_one_with_a_picture_is_kept_as_long_as_the_picture(stage: Stage, ben: Actor) -> None:
    await comes_back_with(stage, {Until.REQUEST_FORGOTTEN: DAY})
    await one_picture(stage, ben)
    stage.clock.passes(9 * DAY)
    await stage.sweeps()
    assert len(rows(stage, "job")) == 1

    await ben.says(f"/delete {ben.inbox[-1].pictures[0].id}")
    await stage.sweeps()
    assert rows(stage, "job") == []


async def test_one_that_is_open_is_not_forgotten(stage: Stage, ben: Actor) -> None:
    stage.painter.window = 0
    await ben.says("/imagine a star")
    write(stage, "UPDATE job SET created_at = 0")
    await stage.app.database.run(lambda tx: tx.expiry.forget("job", stage.app.keeping, 10))

    assert len(rows(stage, "job")) == 1


async def test_one_that_still_names_what_it_started_from_waits_for_that(stage: Stage, ben: Actor) -> None:
    await ben.sends("/imagine a fox", "fox.png", picture_file())
    await ben.says("/cancel")
    write(stage, "UPDATE job SET reference = 'references/0f', ended_at = 0")
    keeping = stage.app.keeping
    assert await stage.app.database.run(lambda tx: tx.expiry.forget("job", keeping, 10)) == 0

    await stage.sweeps()
    assert rows(stage, "job") == []


async def test_a_message_goes_half_a_year_after_it_was_answered(stage: Stage, ben: Actor) -> None:
    await ben.says("/support why so dark?")
    stage.clock.passes(2 * CLOSED)
    await ben.says("/help")
    await stage.sweeps()
    assert len(rows(stage, "ticket")) == 1, "what nobody answered stays"
    closed = stage.clock.now()
    write(stage, "UPDATE ticket SET state = 'closed', closed_at = :now", now=closed)
    stage.clock.moment = closed + CLOSED - 1
    await stage.sweeps()
    assert len(rows(stage, "ticket")) == 1

    stage.clock.passes(1)
    await stage.sweeps()
    assert rows(stage, "ticket") == []


@pytest.mark.parametrize(
    ("table", "life", "insert"),
    [
        ("inbox", INBOX_LIFE, "INSERT INTO inbox (\"update\", until) VALUES ('telegram:7', :until)"),
        ("too_young", TOO_YOUNG_LIFE, "INSERT INTO too_young (lookup, until) VALUES ('0f', :until)"),
        ("suppression", YEAR, "INSERT INTO suppression (lookup, kind, until) VALUES ('0f', 'welcome', :until)"),
    ],
)
async def test_what_carries_its_own_end_goes_then(stage: Stage, table: str, life: int, insert: str) -> None:
    write(stage, insert, until=stage.clock.now() + life)
    stage.clock.passes(life - 1)
    await stage.sweeps()
    assert len(rows(stage, table)) == 1
    stage.clock.passes(1)
    await stage.sweeps()

    assert rows(stage, table) == []


async def test_a_shorter_period_brings_such_an_end_nearer_and_never_further(stage: Stage, ben: Actor) -> None:
    await one_picture(stage, ben)
    await handles.issue(stage.app, ben.who, ben.inbox[-1].buttons)
    write(
        stage,
        "INSERT INTO inbox (\"update\", until) VALUES ('telegram:7', :until)",
        until=stage.clock.now() + INBOX_LIFE,
    )
    await comes_back_with(stage, {Until.EXPIRY: 3 * DAY})
    stage.clock.passes(INBOX_LIFE - 1)
    await stage.sweeps()
    assert len(rows(stage, "inbox")) == 1
    stage.clock.passes(DAY - 1)
    await stage.sweeps()
    assert (len(rows(stage, "inbox")), len(rows(stage, "button"))) == (0, 5)

    stage.clock.passes(2)
    await stage.sweeps()
    assert rows(stage, "button") == []
    assert BUTTON_LIFE > 3 * DAY


async def test_what_proves_an_erasure_goes_after_three_years_and_its_tombstone_after_one(stage: Stage) -> None:
    closed = stage.clock.now()
    write(
        stage,
        "INSERT INTO erasure (id, tombstone, ground, state, plan, receipt, confirmed_at, begins_at, closed_at) "
        "VALUES ('CODE', 'a hash', 'request', 'closed', '{}', '{}', :now, :now, :now)",
        now=closed,
    )
    stage.clock.moment = closed + YEAR - 1
    await stage.sweeps()
    assert rows(stage, "erasure")[0]["tombstone"] == "a hash"
    stage.clock.passes(1)
    await stage.sweeps()
    assert rows(stage, "erasure")[0]["tombstone"] == ""
    stage.clock.moment = closed + 3 * YEAR
    await stage.sweeps()

    assert rows(stage, "erasure") == []


async def test_a_tombstone_goes_once_no_backup_can_be_older(stage: Stage) -> None:
    await stage.app.tombstones.add("0f" * 32, stage.clock.now())
    stage.clock.passes(YEAR)
    await stage.sweeps()
    assert await stage.app.tombstones.holds("0f" * 32)
    stage.clock.passes(1)
    await stage.sweeps()

    assert not await stage.app.tombstones.holds("0f" * 32)


async def test_more_than_fits_into_one_transaction_goes_all_the_same(stage: Stage, ben: Actor) -> None:
    for number in range(230):
        write(stage, 'INSERT INTO inbox ("update", until) VALUES (:update, 0)', update=f"u{number}")

    assert (await stage.sweeps()).rows == 230
    assert (await stage.sweeps()).rows == 0


async def test_who_restricted_keeps_every_row_and_the_sweep_says_how_many(stage: Stage, ben: Actor) -> None:
    await a_request_without_pictures(stage, ben)
    await handles.issue(stage.app, ben.who, ben.inbox[-1].buttons)
    await restriction.restrict(stage.app, ben.who)
    person = await accounts.known(stage.app, ben.who)
    assert person.restricted
    stage.clock.passes(2 * FORGOTTEN)
    before = {table: rows(stage, table) for table in (*REQUEST, "button", "ticket")}
    swept = await stage.sweeps()

    assert {table: rows(stage, table) for table in (*REQUEST, "button", "ticket")} == before
    assert swept.spared == len(before["job"]) + len(before["button"]) + sum(
        1 for one in before["ticket"] if one["closed_at"]
    )
    await restriction.lift(stage.app, ben.who)
    assert (await stage.sweeps()).spared == 0
    assert rows(stage, "job") == rows(stage, "button") == []


def test_every_sweep_finds_its_rows_by_an_index(stage: Stage) -> None:
    """A sweep that reads a whole table holds up whoever writes meanwhile."""
    from sqlalchemy import inspect

    from storage.records.expiry import rules

    small = {
        "too_young",
        "suppression",
        "erasure",
        "proof_of_address",
        "export",
        "export_part",
    }  #: few rows, by what they are
    found = inspect(stage.database._engine)
    for rule in rules().values():
        indexed = {index["column_names"][0] for index in found.get_indexes(rule.table.name)}
        assert rule.moment.name in indexed or rule.table.name in small, rule.table.name
