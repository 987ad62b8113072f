"""How people leave in these tests, and what is left of them then: rows as the database has them, blobs, keys."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import select
from sqlmodel import SQLModel

from bots.taking_back import TakesBack
from bots.wiring import datamap
from core import accounts
from core.disposal import disposals
from core.erasing import erasure
from core.values import PersonId
from core.values.receipts import Erasure, Receipt, Taken
from storage.keys import keys
from storage.records.subjects import is_of
from tests.cast import Actor, Stage, read

CODE = re.compile(r"number: (?P<code>[0-9A-Z]{8})")
Rows = dict[str, list[dict[str, Any]]]


async def id_of(actor: Actor) -> PersonId:
    return (await accounts.known(actor.stage.app, actor.who)).id


async def confirms(actor: Actor) -> str:
    """The code of the receipt."""
    found = CODE.search(read(await actor.says("/deleteme DELETE")))
    assert found is not None, actor.answer
    return found["code"]


async def goes(actor: Actor) -> Receipt:
    """From the word to the receipt, with nobody who thinks better of it."""
    return await passes(actor.stage, await confirms(actor))


async def passes(stage: Stage, code: str) -> Receipt:
    """The window, and whatever follows."""
    stage.clock.passes(stage.app.limits.undo_window)
    await finish(stage)
    erased = await found(stage, code)
    assert erased.receipt is not None
    return erased.receipt


async def finish(stage: Stage) -> None:
    """Let every erasure go on that is due, with a worker and doors that do as they are told, and pass the pauses they need."""
    for _ in range(20):
        stage.painter.waiting = [
            wishes
            for wishes in stage.painter.waiting
            if (wishes[0].job, wishes[0].fence) not in stage.painter.cancelled
        ]
        await erasure.proceed(stage.app)
        await _copies_go(stage)
        if not any(one.begins_at <= stage.clock.now() + 60_000 for one in still_open(stage)):
            return
        stage.clock.passes(erasure.LAST_WORDS)
    raise AssertionError(f"does not come to an end: {still_open(stage)}")


async def _copies_go(stage: Stage) -> None:
    """A real door does it itself; where none is open, somebody does as if."""
    for actor in stage.people:
        if hasattr(door := getattr(getattr(actor, "scene", None), "door", None), "take_back"):
            await TakesBack(stage.app, door).round()
        for copy in [] if door else await erasure.copies(stage.app, actor.who.door):
            await erasure.took_back(stage.app, copy, Taken.GONE)


async def found(stage: Stage, code: str) -> Erasure:
    erased = await erasure.find(stage.app, code)
    assert erased is not None
    return erased


def still_open(stage: Stage) -> list[Erasure]:
    return stage.database.transact(lambda tx: tx.erasures.open())


def rows_of(stage: Stage, person: PersonId, *, going: bool | None = None) -> Rows:
    """What leads to this person, by table; only of tables whose rows go, or stay."""
    rows: Rows = {}
    with stage.database._engine.connect() as connection:
        for one in disposals(datamap()):
            if going is None or one.goes == going:
                table = SQLModel.metadata.tables[one.table]
                mine = select(table).where(is_of(table, one.subject, person))
                rows[one.table] = [dict(row) for row in connection.execute(mine).mappings()]
    with stage.app.keys._engine.connect() as connection:  # type: ignore[attr-defined]
        mine = select(keys).where(keys.c.person_id == person)
        rows["person_key"] = [dict(row) for row in connection.execute(mine).mappings()]
    return {table: sorted(found, key=repr) for table, found in rows.items() if found}


def every_row(stage: Stage) -> Rows:
    with stage.database._engine.connect() as connection:
        return {
            table.name: sorted((dict(row) for row in connection.execute(select(table)).mappings()), key=repr)
            for table in SQLModel.metadata.sorted_tables
        }
