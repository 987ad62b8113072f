"""From a backup into an empty instance: rows, blobs and people's keys; as often as it takes, and never half.

First every part of the files is read and held against what they say of themselves. Then the database is marked as
unfinished, keys and blobs are put, and one transaction brings all rows and takes the mark away. Nobody serves a marked
database, and whoever restores again into one begins anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, Final

from pyrage.x25519 import Identity  # type: ignore[import-untyped]
from sqlalchemy import Connection, Engine, delete, insert, select

from core.errors import Refused
from core.values import Moment
from storage import schema
from storage.backups.copying import blob_names, copy_rows, is_empty, snapshot, transaction
from storage.backups.form import About, Manifest, fingerprint
from storage.backups.reading import about_of, blobs_of, opened_backup
from storage.backups.replaying import Erased, replay
from storage.backups.settling import Settled, settle
from storage.backups.stores import Stores
from storage.keys import keys as person_keys
from storage.records import ledger_check
from storage.records.tables import PersonRow, table

_BATCH: Final = 500


@dataclass(frozen=True)
class Secrets:
    """The keys that are in no backup, as they are here."""

    master: bytes
    lookup: bytes


@dataclass(frozen=True)
class Restored:
    """What came back. `manifest`, `settled` and `mistakes` are None where people's keys alone were restored."""

    about: About
    manifest: Manifest | None
    blobs: int
    blobs_missing: int
    keys: int
    keys_missing: int
    settled: Settled | None
    mistakes: list[str] | None
    erased: int = 0  #: people who had been erased since, and were erased again


def restore(
    file: BinaryIO,
    keys_file: BinaryIO | None,
    keys: Sequence[Identity],
    stores: Stores,
    secrets: Secrets,
    erased: Erased,
    now: Moment,
) -> Restored:
    """Restore a backup, and people's keys from theirs where there is one; or those alone, into an instance that has rows.
    Nobody comes back who was `erased`.

    Raises Refused for files that do not open, are damaged, or belong to other secrets, and for an instance that is not empty;
    nothing is changed then. Raises Unavailable when a store fails: the instance is not served until this is done again.
    """
    about = _fitting(about_of(file, keys), secrets)
    if about.kind == "keys":
        if keys_file is not None:
            raise Refused("restore.two_keys")
        return _restore_keys(file, keys, stores)
    if keys_file is not None and _fitting(about_of(keys_file, keys), secrets).kind != "keys":
        raise Refused("restore.two_records")
    _require_empty(stores, with_keys=keys_file is not None)
    with ExitStack() as opened:
        backup = opened.enter_context(opened_backup(file, keys))
        key_backup = opened.enter_context(opened_backup(keys_file, keys)) if keys_file else None
        with backup.engine.begin() as rows:
            settled = settle(rows, now)
            gone = replay(
                rows, erased, secrets.lookup, now
            )  # both databases are private: nothing of them reaches a store
            named = sum(1 for _ in blob_names(rows, "records"))
        schema.begin_filling(stores.records, "records")
        schema.upgrade(stores.keys, "keys")
        with backup.engine.connect() as rows:
            restored = _add_keys(key_backup.engine, stores.keys, _people(rows)) if key_backup else 0
            missing = sum(1 for _ in _without_key(_people(rows), stores.keys))
            _destroy_keys(stores.keys, gone.people)
            blobs = stores.shelf.put(one for one in blobs_of(file, keys) if one[0] not in gone.blobs)
            with transaction(stores.records) as target:
                copy_rows(rows, target, "records")
                mistakes = ledger_check.mistakes(target)
                schema.end_filling(target)
    return Restored(
        backup.about,
        backup.manifest,
        blobs,
        named - blobs,
        restored,
        missing,
        settled,
        mistakes,
        len(gone.people),
    )


def _restore_keys(file: BinaryIO, keys: Sequence[Identity], stores: Stores) -> Restored:
    """Of the people who are here and have none: whoever was erased is not here, and gets none."""
    with opened_backup(file, keys) as backup:
        schema.upgrade(stores.records, "records")
        schema.upgrade(stores.keys, "keys")
        with snapshot(stores.records) as rows:
            restored = _add_keys(backup.engine, stores.keys, _people(rows))
            missing = sum(1 for _ in _without_key(_people(rows), stores.keys))
    return Restored(backup.about, None, 0, 0, restored, missing, None, None)


def _fitting(about: About, secrets: Secrets) -> About:
    """Raises Refused when the backup is of no use with the secrets that are here."""
    ours = secrets.master if about.kind == "keys" else secrets.lookup
    if about.fingerprint != fingerprint(ours):
        raise Refused("restore.other_master_key" if about.kind == "keys" else "restore.other_lookup_key")
    return about


def _require_empty(stores: Stores, *, with_keys: bool) -> None:
    """An unfinished restore is begun anew, so what it left does not count."""
    with snapshot(stores.records) as connection:
        if not is_empty(connection, "records"):
            raise Refused("restore.not_empty")
        unfinished = schema.is_unfinished(connection)
    with snapshot(stores.keys) as connection:
        if with_keys and not unfinished and not is_empty(connection, "keys"):
            raise Refused("restore.keys_not_empty")


def _add_keys(backup: Engine, store: Engine, people: Iterator[str]) -> int:
    """One key for each of these people who has none; how many there were in the backup."""
    added = 0
    with backup.connect() as source, transaction(store) as target:
        for some in _batches(_without_key_in(people, target)):
            found = source.execute(select(person_keys).where(person_keys.c.person_id.in_(some))).mappings().all()
            if found:
                target.execute(insert(person_keys), [dict(row) for row in found])
            added += len(found)
    return added


def _destroy_keys(store: Engine, people: Sequence[str]) -> None:
    """Also where the store of keys came back by itself, from a copy of its own."""
    with transaction(store) as connection:
        for some in _batches(people):
            connection.execute(delete(person_keys).where(person_keys.c.person_id.in_(some)))


def _people(connection: Connection) -> Iterator[str]:
    person = table(PersonRow)
    return iter(connection.execute(select(person.c.id).execution_options(yield_per=_BATCH)).scalars())


def _without_key(people: Iterator[str], store: Engine) -> Iterator[str]:
    with snapshot(store) as connection:
        yield from _without_key_in(people, connection)


def _without_key_in(people: Iterator[str], store: Connection) -> Iterator[str]:
    for some in _batches(people):
        named = person_keys.c.person_id
        have = set(store.execute(select(named).where(named.in_(some))).scalars())
        yield from (one for one in some if one not in have)


def _batches(every: Iterable[str]) -> Iterator[list[str]]:
    each = iter(every)
    while some := list(islice(each, _BATCH)):
        yield some
