"""What an erasure does with each table and each kind of blob, read from the data map. Pure; names no table itself."""

from __future__ import annotations

from dataclasses import dataclass

from core.datamap import DataMap, Datum, Entry, OnErase, Until
from core.periods import Periods
from core.values import Moment
from core.values.receipts import Retained

GOES = (OnErase.DELETE, OnErase.SHRED)


@dataclass(frozen=True)
class Disposal:
    """A table with something of a person in it, and the path from its rows to them.

    `blanked` are cells to be emptied of rows that stay; rows without any such cell and without one that stays go whole.
    """

    table: str
    subject: str
    goes: bool
    blanked: tuple[str, ...] = ()


@dataclass(frozen=True)
class BlobsOf:
    """A kind of blob: the prefix of its names, and the column that names them with its path to the person."""

    prefix: str
    table: str
    column: str
    subject: str


def disposals(datamap: DataMap) -> tuple[Disposal, ...]:
    """One for each table that holds something personal: rows go where every cell goes."""
    found = []
    for table, personal in _by_table(datamap).items():
        going = [entry for entry, datum in personal if datum.on_erase in GOES]
        goes = len(going) == len(personal)
        blanked = () if goes else tuple(entry.cell.split(".")[1] for entry in going)
        found.append(Disposal(table, personal[0][0].subject, goes, blanked))
    return tuple(found)


def blobs_of(datamap: DataMap) -> tuple[BlobsOf, ...]:
    found = []
    for entry, _ in datamap.personal():
        if entry.store == "blob":
            named, _, rest = entry.subject.partition(">")
            table, column = named.split(".")
            found.append(BlobsOf(entry.cell, table, column, f"{column}>{rest}"))
    return tuple(found)


def retained(datamap: DataMap, now: Moment, periods: Periods | None = None) -> tuple[Retained, ...]:
    """Every cell that stays, with the statute it stays for and the day it goes at the latest."""
    periods = periods or Periods()
    return tuple(
        Retained(f"{entry.store}:{entry.cell}", datum.category, datum.statute, Moment(now + periods.of(datum.keep)))
        for entry, datum in datamap.personal()
        if datum.on_erase not in GOES and entry.store != "json"
    )


def remembered_until(now: Moment, periods: Periods | None = None) -> Moment:
    """How long a keyed hash stays so that welcome credits are given once and a ban holds."""
    return Moment(now + (periods or Periods()).of(Until.REMEMBERED))


def _by_table(datamap: DataMap) -> dict[str, list[tuple[Entry, Datum]]]:
    tables: dict[str, list[tuple[Entry, Datum]]] = {}
    for entry, datum in datamap.personal():
        if entry.store == "sql":
            tables.setdefault(entry.cell.split(".")[0], []).append((entry, datum))
    return tables
