"""Everything that is due: late jobs, expired credits, half-finished deletions, orphans of a crash. Safe at any time, twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from core import gallery, references, scheduling
from core.ports import App, Records
from core.rules import ORPHAN_AGE
from core.values import Moment, PersonId, Picture

T = TypeVar("T")
BATCH: Final = 500


@dataclass(frozen=True)
class Swept:
    """How much of each was due."""

    jobs: int
    lots: int
    pictures: int
    references: int
    blobs: int
    keys: int
    too_young: int


async def sweep(app: App) -> Swept:
    """Run everything that is due now, once."""
    now = app.clock.now()
    await app.database.run(_forget_expired, now)
    jobs = await scheduling.reclaim(app)
    lots = await app.database.run(_book_expiries, now)
    too_young = await app.database.run(_forget_too_young, now)
    hidden = await app.database.run(_hidden)
    for picture in hidden:
        await gallery.destroy(app, picture)
    over = await app.database.run(references.spent)
    for job in over:
        await references.destroy(app, job)
    orphan_before = Moment(now - ORPHAN_AGE)
    blobs = [
        blob
        for some in _batches(await app.blobs.older_than(orphan_before))
        for blob in await _without(app, _named, some)
    ]
    for blob in blobs:
        await app.blobs.delete(blob)
    keys = [
        person
        for some in _batches(await app.keys.older_than(orphan_before))
        for person in await _without(app, _known, some)
    ]
    await app.keys.shred(keys)
    return Swept(jobs, lots, len(hidden), len(over), len(blobs), len(keys), too_young)


async def _without(app: App, known: Callable[[Records, list[T]], set[T]], some: list[T]) -> list[T]:
    """Those of `some` that no row speaks of."""
    spoken_of = await app.database.run(known, some)
    return [one for one in some if one not in spoken_of]


def _batches(all_: Sequence[T]) -> Iterator[list[T]]:
    """Few enough at a time for one statement, and for a short transaction."""
    return (list(all_[start : start + BATCH]) for start in range(0, len(all_), BATCH))


def _book_expiries(tx: Records, now: Moment) -> int:
    return tx.ledger.book_expiries(now)


def _forget_expired(tx: Records, now: Moment) -> None:
    """Updates and buttons whose time is up; pictures their person wants no longer are hidden, and destroyed below."""
    tx.inbox.forget(now)
    tx.buttons.forget(now)
    tx.pictures.hide_overkept(now)


def _forget_too_young(tx: Records, now: Moment) -> int:
    return tx.people.forget_too_young(now)


def _hidden(tx: Records) -> list[Picture]:
    return tx.pictures.hidden()


def _named(tx: Records, blobs: list[str]) -> set[str]:
    return tx.pictures.named_blobs(blobs) | tx.jobs.named_references(blobs)


def _known(tx: Records, people: list[PersonId]) -> set[PersonId]:
    return tx.people.which_exist(people)
