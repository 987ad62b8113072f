"""Whether each path of the map leads to the person it speaks of, and to nobody else, tried on rows of two people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, select
from sqlalchemy.exc import StatementError
from sqlmodel import SQLModel

from core.datamap import DataMap, Entry
from core.values import PersonId
from storage.records.subjects import is_of
from tests.rights.everything import WITHOUT_ACCOUNT

#: How rows of people without an account say whose they are.
NAMED_BY: Final = {"too_young": "lookup", "suppression": "lookup", "erasure": "person_id"}


class Paths:
    """Tries each path once; `connection` is to a database in which two people have everything, and nobody else has anything."""

    def __init__(self, connection: Connection, people: tuple[PersonId, PersonId]) -> None:
        self._connection, self._people = connection, people
        self._tried: dict[tuple[str, str], str] = {}

    def misled(self, datamap: DataMap) -> list[str]:
        of_cells = {one.cell: one.subject for one in datamap.entries if one.store == "sql"}
        return [
            f"{entry.store}: {entry.cell}: {entry.subject} leads {trouble}; write the path to the person, column by column"
            for entry, _datum in datamap.personal()
            if (trouble := self._trouble(entry, of_cells))
        ]

    def _trouble(self, entry: Entry, of_cells: Mapping[str, str]) -> str:
        start = _start(entry)
        if start is None:
            return "" if entry.subject == "person_id" else "elsewhere"
        of, path = start
        if of in WITHOUT_ACCOUNT:
            return "" if path == NAMED_BY[of] else "to nothing that names anybody"
        cell = entry.cell.split(":")[0].split("@")[0]
        if entry.store == "json" and cell in of_cells:
            return "" if entry.subject == of_cells[cell] else "elsewhere than its cell"
        if start not in self._tried:
            self._tried[start] = self._tries(of, path)
        return self._tried[start]

    def _tries(self, of: str, path: str) -> str:
        try:
            table = SQLModel.metadata.tables[of]
            key = list(table.primary_key)
            first, second = (
                set(self._connection.execute(select(*key).where(is_of(table, path, one)))) for one in self._people
            )
        except (KeyError, IndexError, ValueError, StatementError):
            return "through what does not exist"
        every: set[Any] = set(self._connection.execute(select(*key)))
        if not first or not second:
            return "to nobody, or to one of two"
        return "" if first | second == every and not first & second else "elsewhere"


def _start(entry: Entry) -> tuple[str, str] | None:
    """The table where a path begins, and the path from its rows; None for the store of keys."""
    first, _, rest = entry.subject.partition(">")
    match entry.store:
        case "sql":
            return entry.cell.split(".")[0], entry.subject
        case "json" if entry.cell.split(".")[0] in SQLModel.metadata.tables:
            return entry.cell.split(".")[0], entry.subject
        case "blob":
            of, _, column = first.partition(".")
            return of, f"{column}>{rest}"
        case "redis" | "log" | "json":  # what names a request, which is somebody's
            return rest.split(".")[0], rest.split(".", 1)[-1] if first == "job" else ""
        case "tombstone":
            of, _, column = first.partition(".")
            return of, column
        case _:
            return None
