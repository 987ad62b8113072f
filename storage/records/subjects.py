"""Whose row is whose: the subject paths of the data map as SQL. Knows paths, and no table by name.

`person_id` names a column that holds the person. `job_id>job.person_id` goes on: a column that refers to the next table leads
to what it refers to, any other is looked for in the column of that name there. An empty path leads to nobody.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, Table, false, select
from sqlmodel import SQLModel

from core.datamap import Entry
from core.values import PersonId


def is_of(table: Table, path: str, person: PersonId) -> ColumnElement[bool]:
    """Whether a row of `table` is this person's. Raises KeyError for a path that leads through what does not exist."""
    if not path:
        return false()
    first, *steps = path.split(">")
    return _leads_to(table, first, steps, person)


def rows_of(entry: Entry, person: PersonId) -> Select[tuple[object, ...]]:
    """Every row of the table that this entry of the store `sql` is a column of, where it is this person's."""
    table = SQLModel.metadata.tables[entry.cell.split(".")[0]]
    return select(table).where(is_of(table, entry.subject, person))


def _leads_to(table: Table, column: str, steps: list[str], person: PersonId) -> ColumnElement[bool]:
    here = table.c[column]
    if not steps:
        return here == person
    name, there = steps[0].split(".")
    if name == table.name:
        return _leads_to(table, there, steps[1:], person)
    reached = SQLModel.metadata.tables[name]
    referred = [key.column for key in here.foreign_keys if key.column.table.name == name]
    met = referred[0] if referred else reached.c[there]
    return here.in_(select(met).where(_leads_to(reached, there, steps[1:], person)))
