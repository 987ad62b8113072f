"""The verbs of `core.records.Holdings`: what is held about one person, read batch by batch, and which tables there are."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Float,
    Integer,
    LargeBinary,
    and_,
    false,
    func,
    or_,
    select,
)
from sqlalchemy import Table as SqlTable
from sqlmodel import SQLModel

from core.datamap import DataMap, Datum, OnExport
from core.periods import Keeping
from core.values import PersonId
from core.values.holdings import Booked, Cell, Kind, Row, Table, shown_paths
from storage.records.expiry import rules
from storage.records.overkept import seen
from storage.records.subjects import is_of
from storage.records.tables import HoldRow, JobRow, LedgerEntryRow, LedgerTxRow, PersonAccountRow, PictureRow, table

entries, bookings, links = table(LedgerEntryRow), table(LedgerTxRow), table(PersonAccountRow)
holds, jobs, pictures = table(HoldRow), table(JobRow), table(PictureRow)


class SqlHoldings:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def rows(
        self, table: Table, person: PersonId, keeping: Keeping, after: Sequence[Any] | None, most: int
    ) -> list[Row]:
        found = SQLModel.metadata.tables[table.name]
        keys = [found.c[name] for name in table.key]
        mine = select(found).where(_of(found, table, person, keeping)).order_by(*keys).limit(most)
        if after is not None:
            mine = mine.where(_after(keys, after))
        read = self._connection.execute(mine).mappings()
        return [Row(tuple(row[name] for name in table.key), dict(row)) for row in read]

    def count(self, table: Table, person: PersonId, keeping: Keeping) -> int:
        found = SQLModel.metadata.tables[table.name]
        mine = select(func.count()).select_from(found).where(_of(found, table, person, keeping))
        return self._connection.execute(mine).scalar_one()

    def drawn(self, person: PersonId) -> int:
        """By the books: what was taken for each request, in prices of its pictures."""
        taken = (
            select(func.coalesce(func.sum(holds.c.captured // jobs.c.price_each), 0))
            .join_from(holds, jobs, holds.c.id == jobs.c.id)
            .where(jobs.c.person_id == person, jobs.c.price_each > 0)
        )
        return int(self._connection.execute(taken).scalar_one())

    def statement(self, person: PersonId, after: int, most: int) -> list[Booked]:
        lines = (
            select(
                entries.c.id,
                bookings.c.booked_at,
                bookings.c.kind,
                bookings.c.reason_code,
                entries.c.account,
                entries.c.delta,
            )
            .join_from(entries, bookings, entries.c.tx_id == bookings.c.id)
            .join(links, links.c.account_id == bookings.c.account_id)
            .where(links.c.person_id == person, entries.c.id > after)
        )
        return [Booked(*row) for row in self._connection.execute(lines.order_by(entries.c.id).limit(most))]


def _of(found: SqlTable, table: Table, person: PersonId, keeping: Keeping) -> ColumnElement[bool]:
    """Theirs, and not past its keep: what is, no read sees, swept or not."""
    theirs = is_of(found, table.subject, person)
    if found is pictures:
        return and_(theirs, seen(keeping))
    rule = rules().get(found.name)
    return theirs if rule is None else and_(theirs, ~func.coalesce(rule.due(keeping), false()))


@cache
def tables(datamap: DataMap) -> tuple[Table, ...]:
    """Every table with something personal in it that an export may show, those that others refer to first."""
    every = (_table(one, datamap) for one in SQLModel.metadata.sorted_tables)
    return tuple(one for one in every if one is not None)


def _table(found: SqlTable, datamap: DataMap) -> Table | None:
    declared = {entry.cell: entry for entry in datamap.entries if entry.store == "sql"}
    subject, values, summaries = "", [], []
    for column in found.columns:
        entry = declared[f"{found.name}.{column.name}"]
        if not isinstance(entry.meaning, Datum):
            continue
        subject = entry.subject
        if entry.meaning.on_export is OnExport.VALUE:
            values.append(_cell(column, datamap))
        elif entry.meaning.on_export is OnExport.SUMMARY:
            summaries.append(_cell(column, datamap))
    if not values and not summaries:
        return None
    refers = {column.name: key.column.table.name for column in found.columns for key in column.foreign_keys}
    return Table(
        found.name,
        subject,
        tuple(column.name for column in found.primary_key.columns),
        tuple(values),
        tuple(summaries),
        refers,
        _blobs(found.name, datamap),
    )


def _cell(column: Column[Any], datamap: DataMap) -> Cell:
    names_rows = column.primary_key or bool(column.foreign_keys) or bool(column.unique)
    inside = shown_paths(datamap, f"{column.table.name}.{column.name}")
    return Cell(column.name, _kind(column), bool(column.nullable), inside, names_rows)


def _kind(column: Column[Any]) -> Kind:
    kinds: list[tuple[Any, Kind]] = [
        (Boolean, "boolean"),
        (LargeBinary, "sealed"),
        ((BigInteger, Integer), "integer"),
        (Float, "number"),
    ]
    return next((kind for type_, kind in kinds if isinstance(column.type, type_)), "string")


def _blobs(table: str, datamap: DataMap) -> dict[str, str]:
    """Columns that name a blob which is shown, each with its prefix."""
    found = {}
    for entry in datamap.entries:
        if entry.store == "blob" and isinstance(entry.meaning, Datum) and entry.meaning.on_export is OnExport.VALUE:
            named, column = entry.subject.split(">")[0].split(".")
            if named == table:
                found[column] = entry.cell
    return found


def _after(keys: Sequence[Column[Any]], after: Sequence[Any]) -> Any:
    """Rows behind a key, in the order of their keys, spelt so that an index can be used by any database."""
    ways = []
    for nth, key in enumerate(keys):
        same = [earlier == value for earlier, value in zip(keys[:nth], after, strict=False)]
        ways.append(and_(*same, key > after[nth]))
    return or_(*ways)
