"""Copies of a whole database, taken and put back in a millisecond. Knows tables and rows, not what they mean."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import psycopg
from sqlalchemy import Table

Rows = dict[str, list[dict[str, Any]]]


class Shelf(Protocol):
    """One database. `rows` are for reading; what `save` returned, `restore` puts back."""

    def rows(self) -> Rows: ...
    def save(self) -> Any: ...
    def restore(self, saved: Any) -> None: ...
    def close(self) -> None: ...


class SqliteShelf:
    """Pages are copied into memory and back, behind the back of the connections that are in use."""

    def __init__(self, path: Path, tables: list[Table]) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._reads = [_read(table) for table in tables]

    def rows(self) -> Rows:
        return {read.table: read.rows(self._connection.execute(read.statement).fetchall()) for read in self._reads}

    def save(self) -> sqlite3.Connection:
        saved = sqlite3.connect(":memory:", check_same_thread=False)
        self._connection.backup(saved)
        return saved

    def restore(self, saved: sqlite3.Connection) -> None:
        saved.backup(self._connection)

    def close(self) -> None:
        self._connection.close()


class PostgresShelf:
    """Rows are read in one round trip and written back as a replica would: no trigger and no foreign key is asked."""

    def __init__(self, url: str, tables: list[Table]) -> None:
        self._connection = psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
        self._reads = [_read(table) for table in tables]
        self._all = "; ".join(read.statement for read in self._reads)

    def rows(self) -> Rows:
        cursor = self._connection.execute(self._all)
        found: Rows = {}
        for read in self._reads:
            found[read.table] = read.rows(cursor.fetchall())
            cursor.nextset()
        return found

    def save(self) -> Rows:
        return self.rows()

    def restore(self, saved: Rows) -> None:
        emptied = "; ".join(f'DELETE FROM "{read.table}"' for read in self._reads)
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL session_replication_role = replica; {emptied}")
            for read in self._reads:
                if rows := saved[read.table]:
                    cursor.executemany(read.insert, [tuple(row.values()) for row in rows])

    def close(self) -> None:
        self._connection.close()


@dataclass(frozen=True)
class _Read:
    table: str
    columns: tuple[str, ...]
    statement: str
    insert: str

    def rows(self, found: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
        return [dict(zip(self.columns, row, strict=True)) for row in found]


def _read(table: Table) -> _Read:
    names = tuple(column.name for column in table.columns)
    columns = ", ".join(f'"{name}"' for name in names)
    order = ", ".join(f'"{column.name}"' for column in table.primary_key)
    marks = ", ".join(["%s"] * len(names))
    return _Read(
        table.name,
        names,
        f'SELECT {columns} FROM "{table.name}" ORDER BY {order}',
        f'INSERT INTO "{table.name}" ({columns}) VALUES ({marks})',
    )
