"""The verbs of `core.records.Survivors`: reads the live schema, row by row and cell by cell, and believes nobody.

It knows no path and no model: whatever text column of whatever table holds the person's id, or a trace of theirs in a cell
that does not stay, has kept something.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from sqlalchemy import Column, Connection, MetaData, String, Text, func, or_, select

from core.values import PersonId
from core.values.receipts import Counted, Plan

_BATCH = 400  #: values in one question
_OWN = "erasure"  #: the erasure itself knows whom it is about until it is closed


class SqlSurvivors:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, person: PersonId, plan: Plan, kept: frozenset[str]) -> tuple[Counted, ...]:
        """Cells with the person's id anywhere in their text, and cells that are a trace; `kept` are `table.column`."""
        found: dict[str, int] = {}
        traces = [*plan.jobs, *plan.lookups, *plan.blobs]
        for column in self._texts():
            cell = f"{column.table.name}.{column.name}"
            holds_them = or_(column == person, column.like(f"%{person}%"))
            count = self._connection.execute(select(func.count()).select_from(column.table).where(holds_them)).scalar()
            found[cell] = count or 0
            if cell not in kept:
                found[cell] += sum(self._count(column, some) for some in _batches(traces))
        return tuple(Counted("sql", cell, count) for cell, count in sorted(found.items()) if count)

    def _count(self, column: Column[str], values: Sequence[str]) -> int:
        holding = select(func.count()).select_from(column.table).where(column.in_(values))
        return self._connection.execute(holding).scalar() or 0

    def _texts(self) -> Iterator[Column[str]]:
        """Every column that can hold text, as the database has it now."""
        live = MetaData()
        live.reflect(self._connection)
        for table in live.sorted_tables:
            if table.name != _OWN:
                yield from (column for column in table.columns if isinstance(column.type, String | Text))


def _batches(values: Sequence[str]) -> Iterator[list[str]]:
    each = iter(values)
    while some := list(islice(each, _BATCH)):
        yield some
