"""How long the map says that things are kept, against what ends it: sentences about what is wrong, none when all is well."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Final

from sqlmodel import SQLModel

from core.datamap import DataMap, Until
from core.periods import LONGEST, ByCode, Emptied, Ending, GoesWith, OwnEnd, Row

Endings = Mapping[str, Mapping[Until, Ending]]

#: What ends a period outside of the database. Redis and the logs end theirs by themselves, and gates of their own watch that.
ELSEWHERE: Final[Mapping[tuple[str, Until], tuple[str, str]]] = {
    ("blob", Until.PICTURE_DELETED): ("core.requests.gallery", "destroy"),
    ("blob", Until.REQUEST_ENDS): ("core.requests.references", "destroy"),
    ("blob", Until.EXPIRY): ("core.erasing.retention", "forget_blobs"),
    ("keys", Until.ACCOUNT_ENDS): ("core.erasing.erasure", "_keys_gone"),
    ("tombstone", Until.REMEMBERED): ("core.erasing.retention", "forget_tombstones"),
    ("redis", Until.REQUEST_ENDS): ("storage.over_redis.keyspace", "check"),
    ("log", Until.PROCESS_ENDS): ("bots.logs", "set_up"),
}


def unended(datamap: DataMap, endings: Endings) -> list[str]:
    """Cells of the database whose period counts from nothing. What stands inside a cell ends with it."""
    return [
        f"sql: {entry.cell} is kept until {datum.keep}, which nothing ends: say in __endings__ of its row from which column "
        "that counts, or which code ends it (storage/records/tables.py)"
        for entry, datum in datamap.personal()
        if entry.store == "sql" and datum.keep not in endings.get(_table(entry.cell), {})
    ]


def unended_elsewhere(datamap: DataMap, endings: Endings) -> list[str]:
    return (
        [
            f"{entry.store}: {entry.cell} is kept until {datum.keep}, and nothing there ends that: name the code that does in "
            "tests/gates/keeping.py, or choose another period"
            for entry, datum in datamap.personal()
            if entry.store not in ("sql", "json") and not _exists(*ELSEWHERE.get((entry.store, datum.keep), ("", "")))
        ]
        + [
            f"blob: {entry.cell} is kept until {datum.keep}, and the row that names it until {of_name}: give it the same period"
            for entry, datum in datamap.personal()
            if entry.store == "blob"
            for of_name in _keeps_of(datamap, entry.subject.split(">")[0])
            if datum.keep is not of_name
        ]
        + [
            f"json: {entry.cell} is kept until {datum.keep}, and what it stands in until {of_cell}: give it the same period, "
            "or say in __endings__ of the row which code takes it out"
            for entry, datum in datamap.personal()
            if entry.store == "json"
            for of_cell in _keeps_of(datamap, entry.cell.split(":")[0].split("@")[0])
            if datum.keep is not of_cell and not isinstance(endings.get(_table(entry.cell), {}).get(datum.keep), ByCode)
        ]
    )


def needless(datamap: DataMap, endings: Endings) -> list[str]:
    """Periods in `__endings__` that no cell has. A row that names nobody may carry its own end all the same."""
    used = {(_table(entry.cell), datum.keep) for entry, datum in datamap.personal() if entry.store == "sql"}
    return [
        f"sql: {of} says how {until} ends, and none of its cells is kept so: take it out of __endings__"
        for of, periods in endings.items()
        for until, ending in periods.items()
        if (of, until) not in used and not isinstance(ending, OwnEnd)
    ]


def outliving(datamap: DataMap, endings: Endings) -> list[str]:
    """Cells that would be gone with their row long before the map says. Only code may end a cell's period at another time."""
    wrong = []
    for entry, datum in datamap.personal():
        periods = endings.get(_table(entry.cell), {}) if entry.store == "sql" else {}
        rows = [until for until, ending in periods.items() if isinstance(ending, Row | OwnEnd | GoesWith)]
        if rows and LONGEST[datum.keep] > LONGEST[rows[0]] and not isinstance(periods.get(datum.keep), ByCode):
            wrong.append(f"sql: {entry.cell} is kept until {datum.keep}, and its row only until {rows[0]}")
    return wrong


def adrift(endings: Endings) -> list[str]:
    """Columns, tables and functions that `__endings__` names and that are not there."""
    wrong = []
    for of, periods in endings.items():
        columns = SQLModel.metadata.tables[of].columns if of in SQLModel.metadata.tables else {}
        for until, ending in periods.items():
            match ending:
                case Row(since) | Emptied(since):
                    there = since in columns
                case OwnEnd(at):
                    there = at in columns
                case GoesWith(other):
                    there = any(key.column.table.name == other for column in columns for key in column.foreign_keys)
                case ByCode(module, name):
                    there = _exists(module, name)
            if not there:
                wrong.append(f"sql: {of} ends {until} by {ending}, which is not there")
    return wrong


def _exists(module: str, name: str) -> bool:
    return bool(module) and hasattr(import_module(module), name)


def _table(cell: str) -> str:
    return cell.split(".")[0]


def _keeps_of(datamap: DataMap, cell: str) -> set[Until]:
    return {datum.keep for entry, datum in datamap.personal() if entry.cell == cell}
