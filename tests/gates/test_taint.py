"""Gate G10: a wrong word in the map is found by what lies there: what people type lies nowhere in clear."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlmodel import SQLModel

from bots.wiring import datamap
from core.datamap import DataMap, Datum, NotPersonal
from core.values import Origin
from storage.database import SqlDatabase
from tests.cast import Actor, Stage, enter
from tests.databases import Store
from tests.markers import forms
from tests.pictures import picture_file

MARKER = "zweiundvierzig-kormorane"
#: What people type everywhere it is listened to; most of it is no valid answer.
LINES = (
    f"/imagine {MARKER}", f'/imagine a cat --negative "{MARKER}" --private', f"/imagine --shape {MARKER} a cat", MARKER,
    f"/{MARKER}", f"/delete {MARKER}", f"/show {MARKER}", f"/again {MARKER}", f"/support {MARKER}", f"/feedback {MARKER}",
    f"/contact {MARKER}", f"/correct {MARKER}", f"/appeal {MARKER}", f"/profile set display_name {MARKER}",
    f"/profile set language {MARKER}", f"/profile set country {MARKER}", f"/email {MARKER}@mailbox.example",
    f"/settings --model {MARKER}", f"/settings --style {MARKER}", f"/consent {MARKER}", f"/object {MARKER}", f"/age {MARKER}",
    f"/requests {MARKER}", f"/report {MARKER} --reason {MARKER}", f"/showcase {MARKER} on", f"/cancel {MARKER}",
)  # fmt: skip


@pytest.fixture
def database(sqlite_store: Store) -> SqlDatabase:
    return sqlite_store.open()


async def tainted(stage: Stage) -> None:
    """Somebody called so, in a place called so, says it everywhere."""
    somebody = enter(stage, f"{MARKER}-name")
    somebody.who = replace(somebody.who, origin=Origin(f"{MARKER}-chat", server=f"{MARKER}-server"))
    await somebody.says(f"/start {MARKER}")
    await somebody.agrees()
    for line in LINES:
        await somebody.says(line)
        await stage.works()
    pictures = [picture.id for told in somebody.inbox for picture in told.pictures]
    await somebody.says(f"/report {pictures[0]} --reason {MARKER}")
    await somebody.sends(f"/imagine {MARKER}", f"{MARKER}.png", picture_file())


def found(stage: Stage) -> Iterator[tuple[str, Any]]:
    with stage.database._engine.connect() as connection:
        for table in SQLModel.metadata.sorted_tables:
            for row in connection.execute(select(table)).mappings():
                for column, value in row.items():
                    written = value if isinstance(value, bytes) else str(value).encode()
                    if any(form in written for form in forms(MARKER)):
                        yield f"{table.name}.{column}", value


def complaints(stage: Stage, map_: DataMap) -> list[str]:
    meanings = {entry.cell: entry.meaning for entry in map_.entries if entry.store == "sql"}
    wrong = set()
    for cell, _value in found(stage):
        match meanings[cell]:
            case NotPersonal():
                wrong.add(f"sql: {cell} is declared NotPersonal and holds what somebody typed: give it a Datum, sealed")
            case Datum(sealed=sealed):
                how = (
                    "sealed, and lies there in clear: seal it"
                    if sealed
                    else "in clear, and holds what somebody typed: seal it"
                )
                wrong.add(f"sql: {cell} is declared {how} under its person's key (a Datum with sealed=True, Keys.seal)")
    return sorted(wrong)


async def test_what_people_type_is_in_no_cell_in_clear_whatever_it_is_declared_to_be(stage: Stage) -> None:
    await tainted(stage)
    with stage.database._engine.connect() as connection:
        sealed = connection.execute(text("SELECT count(*) FROM job WHERE sealed_words IS NOT NULL")).scalar_one()
    assert sealed >= 3, "nothing was typed"

    assert complaints(stage, datamap()) == []


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (f"UPDATE server SET id = '{MARKER}'", "sql: server.id is declared NotPersonal and holds what somebody typed"),
        (f"UPDATE job SET model = '{MARKER}'", "sql: job.model is declared in clear, and holds what somebody typed"),
        (
            f"UPDATE job SET sealed_words = '{MARKER}'",
            "sql: job.sealed_words is declared sealed, and lies there in clear",
        ),
    ],
)
async def test_a_cell_that_holds_it_is_found_and_says_what_to_write(
    stage: Stage, ben: Actor, change: str, complaint: str
) -> None:
    await ben.says("/imagine a cat")
    with stage.database._engine.begin() as connection:
        connection.execute(text("INSERT INTO server (id, keep_days, created_at) VALUES ('0f', 0, 0)"))
        connection.execute(text(change))

    assert [one.startswith(complaint) for one in complaints(stage, datamap())] == [True]
