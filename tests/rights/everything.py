"""A person about whom there is something in every store: a row in every personal table, a blob under every prefix.

What a command leaves comes from the command; where none left anything, a row is written as the map describes it, sealed with
the person's own key. Tables and prefixes come from the data map, so that a new one is filled in by itself.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, Column, Connection, Float, LargeBinary, Table, insert, select, update
from sqlmodel import SQLModel

from bots import handles
from bots.wiring import datamap
from core import accounts
from core.datamap import Datum, Entry
from core.ports import Place
from core.requests import delivery
from core.rules import DAY
from core.values import JobId, PersonId
from storage.records.subjects import is_of, rows_of
from tests.cast import Actor, Stage
from tests.pictures import picture_file

#: Rows of people who have no account, or are on their way out: nobody else has any.
WITHOUT_ACCOUNT: Final = frozenset({"too_young", "suppression", "erasure"})
#: Words that code reads, where any other word would mean nothing.
SPELT: Final[dict[str, Any]] = {
    "consent.purpose": "market",
    "consent.given": False,
    "objection.purpose": "measure",
    "profile.field": "name",
    "profile.source": "you",
    "ticket.kind": "support",
    "ticket.state": "closed",
    "ticket.about": "",
    "ticket.outcome": "",
    "ticket.door": "terminal",
    "notice.category": "service",
    "notice.state": "told",
    "look.command": "credits show",
}


async def everything(stage: Stage, actor: Actor) -> None:
    """Afterwards this person has at least one row in every personal table, and one blob under every prefix.

    They agree first, if they are new; one request that starts from a picture is being drawn at the end. Whatever was left by
    no command is history: nothing of it is open, owed, allowed or forbidden.
    """
    if await accounts.find(stage.app, actor.who) is None:
        await actor.agrees()
    await _lives(stage, actor)
    person = (await accounts.known(stage.app, actor.who)).id
    await fills_in(stage, person)
    assert missing(stage, person) == [], (
        "write in `_lives` how a person comes to have it, or in `SPELT` what it may say"
    )


def personal_tables() -> dict[str, Entry]:
    """Every table that holds rows of people with an account, with an entry that says how to find theirs."""
    found: dict[str, Entry] = {}
    for entry, _datum in datamap().personal():
        table = entry.cell.split(".")[0]
        if entry.store == "sql" and table not in WITHOUT_ACCOUNT:
            found.setdefault(table, entry)
    return found


def missing(stage: Stage, person: PersonId) -> list[str]:
    """Tables in which this person has no row, and prefixes under which they have no blob."""
    with stage.database._engine.connect() as connection:
        tables = [
            name
            for name, entry in personal_tables().items()
            if connection.execute(rows_of(entry, person)).first() is None
        ]
        prefixes = [entry.cell for entry in _blob_entries() if not _blobs(connection, entry, person)]
    return tables + prefixes


async def _lives(stage: Stage, actor: Actor) -> None:
    """What commands leave behind today."""
    await actor.says("/settings --shape portrait")
    told = len(actor.inbox)
    await actor.says("/imagine a heron at dusk --count 2 --negative boats")
    await stage.works()
    pictures = [picture.id for said in actor.inbox[told:] for picture in said.pictures]
    await actor.says(f"/report {pictures[0]} --reason dull")
    await handles.issue(stage.app, actor.who, actor.inbox[-1].buttons)
    person = await accounts.known(stage.app, actor.who)
    job = actor.inbox[-1].job
    assert job is not None
    if (await delivery.whereabouts(stage.app, person.id, JobId(job), 0)).post is None:
        await delivery.posted(stage.app, person.id, JobId(job), 0, "a chat, a message")
    await actor.says("/export")
    await actor.sends("/imagine a fox --strength 0.4", "fox.png", picture_file())
    await stage.dispatches()


async def fills_in(stage: Stage, person: PersonId) -> None:
    """A row of their own in each table where they have none yet, parents first, and what lies where it says."""
    entries = personal_tables()
    for table in SQLModel.metadata.sorted_tables:
        entry = entries.get(table.name)
        if entry is None:
            continue
        with stage.database._engine.connect() as connection:
            if connection.execute(rows_of(entry, person)).first() is not None:
                continue
            row = {column.name: _cell(stage, connection, column, entry, person) for column in table.columns}
        row = {name: value for name, value in row.items() if value is not _BY_ITSELF}
        with stage.database._engine.begin() as connection:
            key = connection.execute(insert(table).values(row)).inserted_primary_key
            assert key is not None
        await _seal(stage, table, tuple(key), person)


_BY_ITSELF: Final = object()  #: a value that the database gives


def _cell(stage: Stage, connection: Connection, column: Column[Any], entry: Entry, person: PersonId) -> Any:
    cell, now = f"{column.table.name}.{column.name}", stage.clock.now()
    if cell in SPELT:
        return SPELT[cell]
    if column.name == "person_id":
        return person
    if column.foreign_keys:
        return _theirs(connection, next(iter(column.foreign_keys)).column, person)
    if _lies_in_blobs(cell):
        return f"{_lies_in_blobs(cell)}{stage.app.ids.opaque()}/0"
    if column.name == "id" and isinstance(column.type, BigInteger):
        return _BY_ITSELF
    if isinstance(column.type, LargeBinary):
        return b"to be sealed"
    if isinstance(column.type, Boolean):
        return False
    if isinstance(column.type, BigInteger):
        return now + 3 * DAY if column.name == "until" else now if column.name.endswith("at") else 1
    if isinstance(column.type, Float):
        return 1.0
    return stage.app.ids.short() if column.primary_key or column.unique else column.name


def _theirs(connection: Connection, refers_to: Column[Any], person: PersonId) -> Any:
    """The key of some row of this person's that a row may refer to."""
    entry = personal_tables()[refers_to.table.name]
    found = select(refers_to).where(is_of(refers_to.table, entry.subject, person)).limit(1)  # type: ignore[arg-type]
    return connection.execute(found).scalar_one()


async def _seal(stage: Stage, table: Table, key: tuple[Any, ...], person: PersonId) -> None:
    """Put what is sealed into its place, now that the row has its key."""
    row = "/".join(map(str, key))
    here = [column == value for column, value in zip(table.primary_key.columns, key, strict=True)]
    for column in table.columns:
        if isinstance(column.type, LargeBinary):
            place = Place(table.name, column.name, row)
            sealed = await stage.app.keys.seal(person, place, f"what {column.name} says of a heron".encode())
            with stage.database._engine.begin() as connection:
                connection.execute(update(table).where(*here).values({column.name: sealed}))
        elif _lies_in_blobs(f"{table.name}.{column.name}"):
            with stage.database._engine.connect() as connection:
                name = connection.execute(select(column).where(*here)).scalar_one()
            place = Place(table.name, column.name, name)
            await stage.app.blobs.put(name, await stage.app.keys.seal(person, place, b"a piece of an export"))


def _blob_entries() -> list[Entry]:
    return [entry for entry in datamap().entries if entry.store == "blob" and isinstance(entry.meaning, Datum)]


def _lies_in_blobs(cell: str) -> str:
    """The prefix under which lies what this cell names; empty for any other cell."""
    return next((entry.cell for entry in _blob_entries() if entry.subject.split(">")[0] == cell), "")


def _blobs(connection: Connection, entry: Entry, person: PersonId) -> list[str]:
    """The names of this person's blobs under a prefix, from the column that names them."""
    table, column = entry.subject.split(">")[0].split(".")
    found, path = SQLModel.metadata.tables[table], personal_tables()[table].subject
    named = select(found.c[column]).where(is_of(found, path, person), found.c[column].is_not(None))
    return [str(name) for name in connection.execute(named).scalars()]
