"""A whole instance to other stores: from SQLite and a folder to PostgreSQL and a bucket. The old stores stay as they are.

As a restore does it: the new database is marked as unfinished until one transaction has brought all rows, and doing it
again begins anew.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Engine, delete, select

from core.errors import Refused
from core.values import Moment
from storage import schema
from storage.backups.copying import Digest, blob_names, copy_rows, digests, is_empty, snapshot, transaction
from storage.backups.shelves import Shelf
from storage.backups.stores import Stores
from storage.keys import keys as person_keys
from storage.records import ledger_check
from storage.records.tables import LeaderRow, table


@dataclass(frozen=True)
class Target:
    """Where to; None for what stays where it is."""

    records: Engine | None
    keys: Engine | None
    shelf: Shelf | None


@dataclass(frozen=True)
class Moved:
    """What is there now, and the very same as before: of each table, of the keys, of the blobs."""

    tables: dict[str, Digest] | None
    keys: Digest | None
    blobs: int | None
    blobs_missing: int
    mistakes: list[str] | None


def move(source: Stores, target: Target, now: Moment) -> Moved:
    """Copy everything, and hold it against what it was copied from, row by row and blob by blob.

    Raises Refused when somebody works with the source, or when there is something else in the target. Raises Unavailable
    when a store fails: a new database is not served until this is done again.
    """
    schema.upgrade(source.records, "records")
    schema.upgrade(source.keys, "keys")
    with snapshot(source.records) as rows:
        _require_idle(rows, now)
        begun = target.records is not None and _begin(target.records, rows)
        keys = None if target.keys is None else _move_keys(source.keys, target.keys, anew=begun)
        blobs, missing = (None, 0) if target.shelf is None else _move_blobs(rows, source.shelf, target.shelf)
        moved, mistakes = (None, None) if target.records is None else _move_rows(rows, target.records, begun=begun)
    return Moved(moved, keys, blobs, missing, mistakes)


def _require_idle(rows: Connection, now: Moment) -> None:
    leaders = table(LeaderRow)
    if rows.execute(select(leaders).where(leaders.c.until > now)).first() is not None:
        raise Refused("migrate.served")


def _begin(target: Engine, rows: Connection) -> bool:
    """Mark the target; False when all rows are there already, and only what comes before them is done again."""
    with snapshot(target) as connection:
        empty = is_empty(connection, "records")
        if not empty and (
            schema.pending(connection, "records") or digests(connection, "records") != digests(rows, "records")
        ):
            raise Refused("migrate.not_empty")
    if empty:
        schema.begin_filling(target, "records")
    return empty


def _move_keys(source: Engine, target: Engine, *, anew: bool) -> Digest:
    schema.upgrade(target, "keys")
    with snapshot(source) as keys, transaction(target) as connection:
        theirs, ours = digests(connection, "keys"), digests(keys, "keys")
        if theirs == ours:
            return ours[person_keys.name]
        if not is_empty(connection, "keys"):
            if not anew:
                raise Refused("migrate.keys_not_empty")
            connection.execute(delete(person_keys))
        return copy_rows(keys, connection, "keys")[person_keys.name]


def _move_blobs(rows: Connection, source: Shelf, target: Shelf) -> tuple[int, int]:
    named = sum(1 for _ in blob_names(rows, "records"))
    moved = target.put((name, data) for name, data in source.all_of(blob_names(rows, "records")) if data is not None)
    return moved, named - moved


def _move_rows(rows: Connection, target: Engine, *, begun: bool) -> tuple[dict[str, Digest], list[str]]:
    with transaction(target) as connection:
        copied = copy_rows(rows, connection, "records") if begun else digests(connection, "records")
        mistakes = ledger_check.mistakes(connection)
        schema.end_filling(connection)
    return copied, mistakes
