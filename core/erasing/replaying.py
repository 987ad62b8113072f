"""Whoever was erased stays erased: tombstones held against the people a database has, before anybody is served from it."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from core.datamap import Until
from core.erasing import erasure as erasing
from core.errors import Unavailable
from core.ports import App
from core.records import Records
from core.values import Moment, PersonId
from core.values.receipts import Erasure, Ground, Stage

BATCH: Final = 5_000


async def replay(app: App) -> int:
    """Erase again who came back with a backup, and keep who thought better of it. Returns how many were erased.

    Raises Unavailable, also while something of them is left: then nobody may be served.
    """
    lifted = await app.tombstones.lifted()
    for undone in await app.database.run(_undone, lifted):
        await app.database.run(_withdraw, undone.code)
    for person in await returned(app):
        await erasing.begin(app, person, Ground.REPLAY)
    replays = [one for one in await app.database.run(_open) if one.ground is Ground.REPLAY]
    for one in replays:
        with suppress(erasing.Left):
            await erasing.carry_on(app, one.code)
    if any(one.ground is Ground.REPLAY for one in await app.database.run(_open)):
        raise Unavailable("tombstones.not_replayed")
    return len(replays)


async def returned(app: App) -> list[PersonId]:
    """Who has a tombstone, and is here, and is not on their way out."""
    tags = set(await app.tombstones.all())
    tags -= {one.tombstone for one in await app.database.run(_open)}
    found: list[PersonId] = []
    last = PersonId("")
    while tags and (people := await app.database.run(_people, last)):
        found += [person for person in people if erasing.tombstone_of(app, person) in tags]
        last = people[-1]
    return found


async def outstanding(app: App) -> int:
    """How many must be erased again before anybody may be served."""
    replays = [one for one in await app.database.run(_open) if one.ground is Ground.REPLAY]
    return len(replays) + len(await returned(app))


async def forget(app: App) -> int:
    """Tombstones and marks that are older than any backup may be, and than anything they are kept for."""
    now = app.clock.now()
    await app.database.run(_forget_marks, now)
    return await app.tombstones.forget(Moment(now - app.periods.of(Until.REMEMBERED)))


def _forget_marks(tx: Records, now: Moment) -> int:
    return tx.suppressions.forget(now)


def _open(tx: Records) -> list[Erasure]:
    return tx.erasures.open()


def _undone(tx: Records, lifted: frozenset[str]) -> list[Erasure]:
    return [one for one in tx.erasures.open() if one.stage is Stage.CONFIRMED and one.tombstone in lifted]


def _withdraw(tx: Records, code: str) -> bool:
    return tx.erasures.withdraw(code)


def _people(tx: Records, after: PersonId) -> list[PersonId]:
    return tx.removal.people(after, BATCH)
