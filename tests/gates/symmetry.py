"""Gate G8: what the map says of erasing and of keeping agrees with itself, cell by cell and row by row. Sentences, or none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from sqlmodel import SQLModel

from core.datamap import DataMap, Datum, OnErase, Until

#: What stays after an erasure stays for a law, and each of these periods is the period of one.
FOR_A_LAW: Final[Mapping[Until, OnErase]] = {
    Until.BOOKS_CLOSE: OnErase.UNLINK,
    Until.PROVEN: OnErase.RETAIN,
    Until.REMEMBERED: OnErase.RETAIN,
}
STAYS: Final = frozenset(FOR_A_LAW.values())
GOES: Final = frozenset(OnErase) - STAYS


def asymmetric(datamap: DataMap) -> list[str]:
    return [*_of_cells(datamap), *_of_rows(datamap)]


def _of_cells(datamap: DataMap) -> list[str]:
    wrong = []
    for entry, datum in datamap.personal():
        where, lawful = f"{entry.store}: {entry.cell}", FOR_A_LAW.get(datum.keep)
        if (datum.on_erase if datum.on_erase in STAYS else None) is not lawful:
            wrong.append(
                f"{where} is kept until {datum.keep} and on erasing {datum.on_erase}: "
                f"what is kept until {', '.join(FOR_A_LAW)} stays for its statute, and nothing else stays"
            )
        if datum.sealed and entry.store == "sql" and datum.on_erase is OnErase.DELETE:
            wrong.append(f"{where} is sealed and only deleted: SHRED says that it is unreadable as well")
        if datum.on_erase is OnErase.SHRED and not datum.sealed:
            wrong.append(f"{where} cannot be shredded: it is not sealed under its person's key")
    return wrong


def _of_rows(datamap: DataMap) -> list[str]:
    """A row goes whole or stays whole, but for cells that can be emptied."""
    found: dict[str, list[tuple[str, Datum]]] = defaultdict(list)
    for entry, datum in datamap.personal():
        if entry.store == "sql":
            of, column = entry.cell.split(".")
            found[of].append((column, datum))
    wrong = []
    for of, cells in found.items():
        staying = [column for column, datum in cells if datum.on_erase in STAYS]
        going = [column for column, datum in cells if datum.on_erase not in STAYS]
        for column in going if staying else ():
            if not SQLModel.metadata.tables[of].c[column].nullable:
                wrong.append(
                    f"sql: {of}.{column} goes, and its row stays for {staying[0]}: make it nullable, or let both go"
                )
    return wrong
