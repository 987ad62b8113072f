"""Rows of one store as a stream, out of a snapshot and into an empty store, with a digest of each table.

Knows no table by name but those that nothing is copied of: which there are, and their columns, follows from the migration a
store is at. So a store of any age can be copied.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, partial
from itertools import islice
from typing import Any, Final

from sqlalchemy import (
    Connection,
    Engine,
    LargeBinary,
    MetaData,
    RowMapping,
    StaticPool,
    Table,
    create_engine,
    event,
    func,
    insert,
    select,
    text,
)

from core.errors import Unavailable
from storage import schema
from storage.blobs import entries as blob_entries
from storage.database import READING
from storage.patience import VERY_LONG, reachable, take_time

#: The schema's version, which a copy gets by itself, and who leads, which no copy does.
PASSING: Final = frozenset({"alembic_version", "leader"})
_BATCH: Final = 1_000  #: rows read and written at a time


class Digest:
    """A count, and a sum of SHA-256 hashes: the same for the same things in any order."""

    def __init__(self) -> None:
        self.count, self._sum = 0, 0

    def add(self, thing: bytes) -> None:
        self.count += 1
        self._sum = (self._sum + int.from_bytes(hashlib.sha256(thing).digest())) % (1 << 256)

    @property
    def sha256(self) -> str:
        return f"{self._sum:064x}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Digest) and (self.count, self._sum) == (other.count, other._sum)

    __hash__ = None  # type: ignore[assignment]


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """The whole store at one moment, whoever writes to it meanwhile. Nothing waits for it, and it waits for nobody.

    Raises Unavailable when the store cannot be reached.
    """
    with reachable("database.unavailable"), engine.connect() as opened:
        connection = opened.execution_options(**READING[engine.dialect.name])
        with connection.begin():
            take_time(connection, VERY_LONG)
            yield connection


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """All that is written in it, or nothing. Raises Unavailable when the store cannot be reached, or takes no more."""
    with reachable("database.unavailable"), engine.begin() as connection:
        take_time(connection, VERY_LONG)
        yield connection


def private_engine() -> Engine:
    """An empty SQLite database that only this process can see, on the disk and without a name: however it ends, it is gone."""
    nameless = partial(sqlite3.connect, "", **_ANY_THREAD)  # SQLite takes the name off the file as soon as it is open
    engine = create_engine("sqlite://", hide_parameters=True, poolclass=StaticPool, creator=nameless)
    event.listen(engine, "connect", _refer_properly)
    event.listen(engine, "begin", _begin)
    return engine


def tables(connection: Connection, store: str) -> Sequence[Table]:
    """The tables of a store as they are there, those that others refer to first. What else lies beside them is not ours."""
    return _tables_after(store, schema.revision(connection) or schema.head(store))


def is_empty(connection: Connection, store: str) -> bool:
    if schema.revision(connection) is None:
        return True
    return all(connection.execute(select(table).limit(1)).first() is None for table in tables(connection, store))


def lines(connection: Connection, table: Table) -> Iterator[bytes]:
    """Each row as a line of JSON, the same for the same row whatever the database is."""
    return (_line(row) for row in _rows(connection, table))


def insert_lines(connection: Connection, table: Table, written: Iterable[bytes]) -> None:
    """Raises ValueError or KeyError for what are no lines of this table."""
    sealed = {column.name for column in table.columns if isinstance(column.type, LargeBinary)}
    connection.execute(insert(table), [_row(line, sealed) for line in written])


def digests(connection: Connection, store: str) -> dict[str, Digest]:
    """One for each table."""
    found = {}
    for table in tables(connection, store):
        digest = found[table.name] = Digest()
        for line in lines(connection, table):
            digest.add(line)
    return found


def copy_rows(source: Connection, target: Connection, store: str) -> dict[str, Digest]:
    """Every row into an empty store of the same schema; what was copied of each table.

    Raises Unavailable when the target does not hold the very same afterwards.
    """
    copied = {}
    for table in tables(source, store):
        digest = copied[table.name] = Digest()
        rows = _rows(source, table)
        while batch := [dict(row) for row in islice(rows, _BATCH)]:
            target.execute(insert(table), batch)
            for row in batch:
                digest.add(_line(row))
    _go_on_counting(target, store)
    if digests(target, store) != copied:
        raise Unavailable("copying.differs")
    return copied


def blob_names(connection: Connection, store: str) -> Iterator[str]:
    """Every blob that a row names, in whichever columns the blob store says."""
    named = {entry.subject.split(">")[0] for entry in blob_entries()}
    for table in tables(connection, store):
        for column in table.columns:
            if f"{table.name}.{column.name}" in named:
                yield from _stream(connection, select(column).where(column.is_not(None))).scalars()


# How it is done


_ANY_THREAD: Final[dict[str, Any]] = {"isolation_level": None, "check_same_thread": False}  #: one after the other


def _rows(connection: Connection, table: Table) -> Iterator[RowMapping]:
    return iter(_stream(connection, select(table)).mappings())


def _stream(connection: Connection, statement: Any) -> Any:
    return connection.execute(statement.execution_options(stream_results=True, yield_per=_BATCH))


def _line(row: Mapping[Any, Any] | RowMapping) -> bytes:
    plain = {
        name: base64.b64encode(value).decode() if isinstance(value, bytes | memoryview) else value
        for name, value in row.items()
    }
    return json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _row(line: bytes, sealed: set[str]) -> dict[str, Any]:
    return {
        name: base64.b64decode(value, validate=True) if name in sealed and value is not None else value
        for name, value in json.loads(line).items()
    }


def _go_on_counting(connection: Connection, store: str) -> None:
    """PostgreSQL numbers rows from sequences of their own, which know nothing of rows that came with their numbers."""
    if connection.dialect.name == "sqlite":
        return
    for table in tables(connection, store):
        for column in table.primary_key:
            sequence = connection.execute(
                text("SELECT pg_get_serial_sequence(:table, :column)"),
                {"table": f'"{table.name}"', "column": column.name},
            ).scalar()
            highest = connection.execute(select(func.max(column))).scalar() if sequence else None
            if highest is not None:
                connection.execute(select(func.setval(sequence, highest)))


@cache
def _tables_after(store: str, migration: str) -> Sequence[Table]:
    """Read from a store that is made to see; what SQLite says of a column holds for PostgreSQL too."""
    found = MetaData()
    engine = private_engine()
    try:
        with engine.begin() as connection:
            schema.create_at(connection, store, migration)
            found.reflect(connection)
    finally:
        engine.dispose()
    return tuple(table for table in found.sorted_tables if table.name not in PASSING)


def _refer_properly(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA foreign_keys=1")


def _begin(connection: Connection) -> None:
    """Nobody else is there to be locked out."""
    connection.exec_driver_sql("BEGIN")
