"""What is held about one person, table by table, and an export of it. Follows from the data map; knows no table by name.

A row is called by a reference made for one export only, so that an export says which rows belong together and gives away no
key of the database.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

from core.datamap import DataMap, Datum, OnExport
from core.values import Moment, PersonId
from core.values.letters import TicketId

FORMAT: Final = "darkroom-export"
VERSION: Final = 1  #: of the form of data.json; what reads an export must know it
BATCH: Final = 200  #: rows read in one transaction
REF: Final = 16  #: hex digits that call a row within one export
NEVER: Final = Moment(0)
_VALUES_SHOWN: Final = 20  #: words counted one by one in a summary; of more than that only their number is said
_LONGEST_WORD: Final = 24

Kind = Literal["integer", "number", "boolean", "string", "sealed"]


@dataclass(frozen=True)
class Cell:
    """One column. `inside`: the paths of its JSON that may be shown, empty where it holds none."""

    name: str
    kind: Kind
    nullable: bool
    inside: tuple[str, ...] = ()
    names_rows: bool = False  #: a key of this row or of another: nothing to be counted word by word


@dataclass(frozen=True)
class Table:
    """A table with rows of people: how theirs are found, and what of them is shown as it is, or by what it means."""

    name: str
    subject: str
    key: tuple[str, ...]
    values: tuple[Cell, ...]
    summaries: tuple[Cell, ...]
    refers: Mapping[str, str]  #: column -> the table whose row it names
    blobs: Mapping[str, str]  #: column -> the prefix under which lies what it names, where that is shown


class Row(NamedTuple):
    """One row as the database gives it; `key` is its primary key, in the order of `Table.key`."""

    key: tuple[Any, ...]
    cells: Mapping[str, Any]


class Booked(NamedTuple):
    """One line of somebody's statement: what a booking did to one account of the books. `number` orders the lines."""

    number: int
    at: Moment
    kind: str
    reason: str
    account: str
    delta: int


@dataclass(frozen=True)
class Withheld:
    """What is held and not shown, and why."""

    store: str
    cell: str
    reason: str


@dataclass(frozen=True)
class Export:
    """A copy of what is held about a person, asked for by them. `until`: then it is forgotten, made and fetched or not."""

    ticket: TicketId
    person: PersonId
    door: str
    images_only: bool
    most: int  #: bytes in one file, 0 for any number
    handle: str = field(repr=False)  #: of the link it can be fetched by
    asked_at: Moment
    until: Moment
    attempt: str = ""  #: who makes it now; what an earlier one made counts no more
    claimed_until: Moment = NEVER
    done: int = 0
    total: int = 0
    parts: int = 0  #: files it came to, 0 until all of it is made
    told: bool = False
    tries: int = 0  #: codes that were wrong
    fetched_at: Moment | None = None

    @property
    def is_made(self) -> bool:
        return self.parts > 0


@dataclass(frozen=True)
class Piece:
    """Some bytes of one file of an export, sealed under their blob's name. `part` counts files from 1."""

    part: int
    number: int
    blob: str
    size: int


@dataclass
class Summary:
    """What cells mean that are not shown one by one: how many there are, of what, from where to where."""

    filled: int = 0
    words: Counter[str] | None = field(default_factory=Counter)
    least: float | None = None
    most: float | None = None

    def add(self, cell: Cell, value: Any) -> None:
        if value is None:
            return
        self.filled += 1
        if cell.names_rows or cell.kind == "sealed":
            self.words = None
        elif cell.kind in ("integer", "number"):
            self.least = value if self.least is None else min(self.least, value)
            self.most = value if self.most is None else max(self.most, value)
        elif self.words is not None:
            word = str(value).lower() if cell.kind == "boolean" else value
            self.words[word] += 1
            if len(self.words) > _VALUES_SHOWN or not _is_word(word):
                self.words = None

    def as_json(self) -> dict[str, Any]:
        said: dict[str, Any] = {"filled": self.filled}
        if self.words:
            said["words"] = dict(sorted(self.words.items()))
        if self.least is not None:
            said |= {"least": self.least, "most": self.most}
        return said


def withheld(datamap: DataMap) -> list[Withheld]:
    """Everything personal that no export shows, whatever store it is in."""
    return [
        Withheld(entry.store, entry.cell, datum.withheld_because)
        for entry, datum in datamap.personal()
        if datum.on_export is OnExport.WITHHELD
    ]


def elsewhere(datamap: DataMap) -> list[Withheld]:
    """Personal, shown where it is looked for, and yet in no export: it is not filed by person."""
    return [
        Withheld(entry.store, entry.cell, _NOT_FILED)
        for entry, datum in datamap.personal()
        if datum.on_export is not OnExport.WITHHELD and entry.store not in EXPORTED_STORES
    ]


EXPORTED_STORES: Final = frozenset({"sql", "json", "blob"})
_NOT_FILED: Final = "it passes through and is kept by no one's name: there is no way to look it up for one person"


def reference(salt: bytes, table: str, key: Iterable[Any]) -> str:
    """What a row is called in one export; the same key under another salt is called something else."""
    named = "\0".join((table, *map(str, key)))
    return hashlib.blake2b(named.encode(), key=salt, digest_size=REF // 2).hexdigest()


def shown(cell: Cell, text: str) -> Any:
    """What an opened cell says: words as they are, JSON with those of its paths that may be shown."""
    if not cell.inside:
        return text
    return _only(json.loads(text), "", frozenset(cell.inside))


def shown_paths(datamap: DataMap, cell: str) -> tuple[str, ...]:
    """The paths of a JSON cell that may be shown, however many doors spell it."""
    found = set()
    for entry in datamap.entries:
        spelt, _, path = entry.cell.partition(":")
        of_cell = entry.store == "json" and spelt.split("@")[0] == cell
        if of_cell and not (isinstance(entry.meaning, Datum) and entry.meaning.on_export is OnExport.WITHHELD):
            found.add(path)
    return tuple(sorted(found))


def _only(value: Any, at: str, paths: frozenset[str]) -> Any:
    if isinstance(value, dict) and value:
        inner = {name: _only(one, f"{at}.{name}" if at else name, paths) for name, one in value.items()}
        return {name: one for name, one in inner.items() if one is not _NOTHING} or _NOTHING
    if isinstance(value, list) and value:
        items = [_only(one, f"{at}[]", paths) for one in value]
        return [one for one in items if one is not _NOTHING] or _NOTHING
    return value if at in paths else _NOTHING


_NOTHING: Final[dict[str, Any]] = {}


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST_WORD and value.replace("_", "").isalpha()
