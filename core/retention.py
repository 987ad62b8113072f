"""Everything that is due: late jobs, expired credits, half-finished deletions, orphans of a crash. Safe at any time, twice."""

from __future__ import annotations

from dataclasses import dataclass

from core import gallery, scheduling
from core.ports import App, Records
from core.rules import ORPHAN_AGE
from core.values import Moment, PersonId


@dataclass(frozen=True)
class Swept:
    """How much of each was due."""

    jobs: int
    lots: int
    pictures: int
    blobs: int
    keys: int
    too_young: int


async def sweep(app: App) -> Swept:
    """Run everything that is due now, once."""
    now = app.clock.now()
    jobs, lots, too_young = await app.database.run(_by_time, now)
    hidden = await app.database.run(lambda tx: tx.pictures.hidden())
    for picture in hidden:
        await gallery.destroy(app, picture)
    orphan_before = Moment(now - ORPHAN_AGE)
    blobs = await app.blobs.older_than(orphan_before)
    named = await app.database.run(_named, blobs)
    nameless = [blob for blob in blobs if blob not in named]
    for blob in nameless:
        await app.blobs.delete(blob)
    keys = await app.keys.older_than(orphan_before)
    known = await app.database.run(_known, keys)
    ownerless = [person for person in keys if person not in known]
    await app.keys.shred(ownerless)
    return Swept(jobs, lots, len(hidden), len(nameless), len(ownerless), too_young)


def _by_time(tx: Records, now: Moment) -> tuple[int, int, int]:
    return scheduling.reclaim(tx, now), tx.ledger.book_expiries(now), tx.people.forget_too_young(now)


def _named(tx: Records, blobs: list[str]) -> set[str]:
    return tx.pictures.named_blobs(blobs)


def _known(tx: Records, people: list[PersonId]) -> set[PersonId]:
    return tx.people.which_exist(people)
