"""Erasures made after a backup, made again in its rows before anything of them reaches a store.

Those rows lie in a private database still, and nobody else sees them. What was confirmed before the backup and undone after
it is undone here as well.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from core.datamap import DataMap
from core.disposal import blobs_of, disposals, remembered_until
from core.erasing.erasure import remove_person
from core.ports import Tombstones
from core.records import Records
from core.values import Moment, PersonId
from core.values.receipts import Erasure, Ground, Receipt, Stage, Status, hashed_as
from storage import blobs, keys
from storage.database import SqlRecords
from storage.records import tables

_BATCH = 5_000


@dataclass(frozen=True)
class Erased:
    """What the tombstones say, by their tags: who is gone, and who thought better of it."""

    gone: frozenset[str]
    undone: frozenset[str]


@dataclass(frozen=True)
class Replayed:
    """Who was taken out, and what of theirs must not be put."""

    people: tuple[PersonId, ...]
    blobs: frozenset[str]


async def known_erased(tombstones: Tombstones) -> Erased:
    """Raises Unavailable: without them nobody can know whom a backup must not bring back."""
    return Erased(frozenset(await tombstones.all()), await tombstones.lifted())


def replay(connection: Connection, erased: Erased, lookup: bytes, now: Moment) -> Replayed:
    """Take everybody out who has a tombstone. Whose erasure was open goes too, unless it was undone."""
    datamap = DataMap((*tables.entries(), *blobs.entries()))
    tx: Records = SqlRecords(connection)
    for open_ in tx.erasures.open():
        if open_.stage is Stage.CONFIRMED and open_.tombstone in erased.undone:
            tx.erasures.withdraw(open_.code)
    still_open = tx.erasures.open()
    tags = erased.gone | {one.tombstone for one in still_open if one.stage is not Stage.CONFIRMED}
    tags -= {one.tombstone for one in still_open if one.stage is Stage.CONFIRMED and one.begins_at > now}
    out = [person for person in _everybody(tx) if keys.tag(lookup, hashed_as(person)) in tags] if tags else []
    named: set[str] = set()
    for person in out:
        named |= set(tx.removal.traces(blobs_of(datamap), person).blobs)
        begun = tx.erasures.of(person)
        remove_person(tx, person, disposals(datamap), remembered_until(now), now)
        if begun is not None:
            _close(tx, begun, now)
    return Replayed(tuple(out), frozenset(named))


def _close(tx: Records, begun: Erasure, now: Moment) -> None:
    """Its receipt says that it was made in a backup: what else there was went the first time."""
    receipt = Receipt(begun.code, Status.COMPLETE, Ground.REPLAY, begun.confirmed_at, now, begun.plan.found)
    tx.erasures.close(begun.code, receipt, begun.plan.closed())


def _everybody(tx: Records) -> list[PersonId]:
    found: list[PersonId] = []
    while some := tx.removal.people(found[-1] if found else PersonId(""), _BATCH):
        found += some
    return found
