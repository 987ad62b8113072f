"""Everything that is due: late jobs, expired credits, what was kept for long enough, orphans of a crash. Twice is once.

How long each thing is kept is said by the data map and `core.periods`; which rows that means is derived in
storage/records/expiry.py. Here is the order: what is hidden for good, blobs before the rows that name them, and never more
in one transaction than a person would wait for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from core.datamap import Until
from core.erasing import dormancy
from core.periods import Keeping, Periods
from core.ports import App
from core.records import Records
from core.requests import gallery, references, scheduling
from core.rules import ORPHAN_AGE
from core.values import Moment, PersonId, Picture, PictureId

T = TypeVar("T")
BATCH: Final = 500  #: names of blobs and keys in one question
ROWS: Final = 50  #: that one transaction deletes; measured in benchmarks/retention.py
BOOKS: Final = 1  #: accounts that go in one transaction, each with all that was ever booked on it


@dataclass(frozen=True)
class Swept:
    """How much of each was due. `spared` was due as well and stays: its people are restricted."""

    jobs: int
    lots: int
    pictures: int
    references: int
    blobs: int
    keys: int
    too_young: int
    rows: int
    books: int
    told: int
    dormant: int
    spared: int


async def sweep(app: App) -> Swept:
    """Run everything that is due now, once."""
    await put_in_force(app)
    now, keeping = app.clock.now(), app.keeping
    rows = await forget(app, keeping)
    jobs = await scheduling.reclaim(app)
    lots = await app.database.run(_book_expiries, now)
    pictures = await destroy_overkept(app, keeping)
    over = await app.database.run(references.spent)
    for job in over:
        await references.destroy(app, job)
    for more in (await forget_blobs(app, keeping), await forget(app, keeping)):  # what they kept is free to go now
        rows += more
    books = await close_books(app, keeping)
    await forget_tombstones(app, keeping)
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
    told, dormant = await dormancy.sweep(app)
    spared = await app.database.run(_spared, keeping)
    too_young = rows.pop("too_young", 0)
    return Swept(
        jobs, lots, pictures, len(over), len(blobs), len(keys), too_young, rows.total(), books, told, dormant, spared
    )


async def forget(app: App, keeping: Keeping) -> Counter[str]:
    """Rows whose period is over, by their table."""
    found: Counter[str] = Counter()
    for table in await app.database.run(_tables):
        while gone := await app.database.run(_forget, table, keeping):
            found[table] += gone
    return found


async def forget_blobs(app: App, keeping: Keeping) -> Counter[str]:
    """The same of rows that name a blob, which is destroyed first."""
    found: Counter[str] = Counter()
    for table in await app.database.run(_with_blobs):
        while over := await app.database.run(_blobs, table, keeping):
            for name in over:
                await app.blobs.delete(name)
                await app.database.run(_forget_blob, table, name)
            found[table] += len(over)
    return found


async def destroy_overkept(app: App, keeping: Keeping) -> int:
    """What is past its keep is hidden for good, and then destroyed, as is what its people deleted."""
    await hide_overkept(app, keeping)
    destroyed, after = 0, PictureId("")
    while hidden := await app.database.run(_hidden, after):
        for picture in hidden:
            await gallery.destroy(app, picture)
        destroyed, after = destroyed + len(hidden), hidden[-1].id
    return destroyed


async def hide_overkept(app: App, keeping: Keeping) -> None:
    while await app.database.run(_hide_aged, keeping):
        pass
    after: str | None = ""
    while after is not None:
        _, after = await app.database.run(_hide_unwanted, keeping, after)


async def close_books(app: App, keeping: Keeping) -> int:
    """Accounts that are nobody's any more, and all that was booked on them, once the law wants them no longer."""
    closed, after = 0, ""
    while True:
        gone, next_ = await app.database.run(_close_books, keeping, after)
        closed += gone
        if next_ is None:
            return closed
        after = next_


async def forget_tombstones(app: App, keeping: Keeping) -> int:
    """Of people who were erased before the oldest backup that anybody may still have."""
    return await app.tombstones.forget(keeping.begun_by(Until.REMEMBERED))


async def put_in_force(app: App) -> None:
    """Note the periods that hold from now on. What those before them hid stays hidden, however long the new ones are."""
    before = await app.database.run(_in_force)
    if any(before.of(until) != app.periods.of(until) for until in Until):
        await hide_overkept(app, Keeping(before, app.clock.now()))
        await app.database.run(_put_in_force, app.periods)


async def _without(app: App, known: Callable[[Records, list[T]], set[T]], some: list[T]) -> list[T]:
    """Those of `some` that no row speaks of."""
    spoken_of = await app.database.run(known, some)
    return [one for one in some if one not in spoken_of]


def _batches(all_: Sequence[T]) -> Iterator[list[T]]:
    """Few enough at a time for one statement, and for a short transaction."""
    return (list(all_[start : start + BATCH]) for start in range(0, len(all_), BATCH))


def _book_expiries(tx: Records, now: Moment) -> int:
    return tx.ledger.book_expiries(now)


def _tables(tx: Records) -> Sequence[str]:
    return tx.expiry.tables


def _with_blobs(tx: Records) -> Sequence[str]:
    return tx.expiry.with_blobs


def _forget(tx: Records, table: str, keeping: Keeping) -> int:
    return tx.expiry.forget(table, keeping, ROWS)


def _blobs(tx: Records, table: str, keeping: Keeping) -> list[str]:
    return tx.expiry.blobs(table, keeping, ROWS)


def _forget_blob(tx: Records, table: str, blob: str) -> None:
    tx.expiry.forget_blob(table, blob)


def _hide_aged(tx: Records, keeping: Keeping) -> int:
    return tx.pictures.hide_aged(keeping, ROWS)


def _hide_unwanted(tx: Records, keeping: Keeping, after: str) -> tuple[int, str | None]:
    return tx.pictures.hide_unwanted(keeping, ROWS, after)


def _hidden(tx: Records, after: PictureId) -> list[Picture]:
    return tx.pictures.hidden(after, ROWS)


def _close_books(tx: Records, keeping: Keeping, after: str) -> tuple[int, str | None]:
    return tx.ledger.close_books(keeping.booked_by, keeping.now, after, BOOKS)


def _named(tx: Records, blobs: list[str]) -> set[str]:
    return tx.expiry.named_blobs(blobs)


def _known(tx: Records, people: list[PersonId]) -> set[PersonId]:
    return tx.people.which_exist(people)


def _spared(tx: Records, keeping: Keeping) -> int:
    return tx.expiry.spared(keeping)


def _in_force(tx: Records) -> Periods:
    return tx.expiry.in_force()


def _put_in_force(tx: Records, periods: Periods) -> None:
    tx.expiry.put_in_force(periods)
