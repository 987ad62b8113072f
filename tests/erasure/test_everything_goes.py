"""After an erasure nothing of the person is left but what the data map keeps, and nobody else lost anything."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from bots.wiring import datamap
from core.datamap import Datum, OnErase
from core.erasing import erasure
from core.ports import Place
from core.values.receipts import Status
from storage.keys import Unsealable
from tests.cast import Actor, Stage, enter
from tests.erasure.going import confirms, every_row, goes, id_of, passes, rows_of
from tests.rights.everything import everything


@pytest.fixture
async def ben(stage: Stage, ben: Actor) -> Actor:
    """With something in every store."""
    await everything(stage, ben)
    return ben


async def test_a_person_with_something_in_every_store_is_gone_from_every_store(stage: Stage, ben: Actor) -> None:
    person = await id_of(ben)
    before = await stage.stored()
    assert len(rows_of(stage, person, going=True)) > 15
    assert {name.split("/")[0] for name in before} == {"pictures", "references", "exports"}

    receipt = await goes(ben)

    assert rows_of(stage, person) == {}
    assert await stage.stored() == []
    assert str(person) not in repr(every_row(stage))
    with pytest.raises(Unsealable, match="destroyed"):
        await stage.app.keys.seal(person, Place("person", "x", "y"), b"x")
    assert receipt.status is Status.COMPLETE
    assert stage.mistakes() == []


async def test_what_stays_is_what_the_map_keeps_and_nothing_else(stage: Stage, ben: Actor) -> None:
    person, code = await id_of(ben), await confirms(ben)
    money = {table: len(found) for table, found in rows_of(stage, person, going=False).items() if table != "person_key"}
    money.pop("erasure")

    receipt = await passes(stage, code)

    after = every_row(stage)
    kept = {name for name, found in after.items() if found} - {"inbox", "period", "policy_version", "usage", "leader"}
    stays = {
        entry.cell.split(".")[0]
        for entry, datum in datamap().personal()
        if entry.store == "sql" and datum.on_erase in (OnErase.UNLINK, OnErase.RETAIN)
    }
    assert kept == stays
    assert {table: len(after[table]) for table in money} == money
    assert {one.cell for one in receipt.retained} == {
        f"{entry.store}:{entry.cell}"
        for entry in datamap().entries
        if isinstance(entry.meaning, Datum)
        and entry.meaning.on_erase in (OnErase.UNLINK, OnErase.RETAIN)
        and entry.store != "json"
    }
    assert all(one.until > receipt.closed_at and one.statute for one in receipt.retained)


async def test_somebody_else_keeps_every_byte(stage: Stage, ben: Actor) -> None:
    cleo = enter(stage, "cleo")
    await cleo.agrees()
    await everything(stage, cleo)
    bystander = await id_of(cleo)
    before = rows_of(stage, bystander)
    names = [name for name in await stage.stored() if any(row["id"] in name for row in before["job"])]
    blobs = {name: await stage.app.blobs.get(name) for name in names}
    assert len(blobs) >= 3

    await goes(ben)

    assert rows_of(stage, bystander) == before
    assert {name: await stage.app.blobs.get(name) for name in names} == blobs


async def test_a_second_run_changes_nothing(stage: Stage, ben: Actor) -> None:
    receipt = await goes(ben)
    before, stored = every_row(stage), await stage.stored()

    assert await erasure.proceed(stage.app) == 0
    assert await erasure.carry_on(stage.app, receipt.code)

    assert (every_row(stage), await stage.stored()) == (before, stored)


async def test_what_was_on_hold_comes_back_before_the_books_forget_whose_it_was(stage: Stage, ben: Actor) -> None:
    await goes(ben)

    with stage.database._engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM hold WHERE state = 'open'")).scalar() == 0
    assert stage.mistakes() == []
