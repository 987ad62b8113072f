"""What changed between two texts of the policy, and whether everybody has to read it again. Pure; knows no store.

A document is rows of strings: what kind of thing it is, what it is called, and what is said of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from core.datamap import OnErase

Row = tuple[str, ...]
Document = tuple[Row, ...]


class ChangeKind(StrEnum):
    """Also the key of its sentence."""

    NEW_CATEGORY = "new_category"
    NEW_PURPOSE = "new_purpose"
    KEPT_LONGER = "kept_longer"
    ERASED_LESS = "erased_less"
    UNSEALED = "unsealed"
    NEW_RECIPIENT = "new_recipient"
    RECIPIENT_GETS_MORE = "recipient_gets_more"
    RECIPIENT_MOVED = "recipient_moved"
    OFFERED = "offered"
    CLAIM_GONE = "claim_gone"
    NEW_CONTROLLER = "new_controller"
    RESIDENCY_GONE = "residency_gone"

    CATEGORY_GONE = "category_gone"
    PURPOSE_GONE = "purpose_gone"
    KEPT_SHORTER = "kept_shorter"
    ERASED_MORE = "erased_more"
    STORED_DIFFERENTLY = "stored_differently"
    RECIPIENT_GONE = "recipient_gone"
    RECIPIENT_CHANGED = "recipient_changed"
    OFFERED_NO_MORE = "offered_no_more"
    NEW_CLAIM = "new_claim"
    FACT = "fact"
    WORDING = "wording"

    @property
    def material(self) -> bool:
        return self in _MATERIAL


_MATERIAL: Final = frozenset(
    {
        ChangeKind.NEW_CATEGORY,
        ChangeKind.NEW_PURPOSE,
        ChangeKind.KEPT_LONGER,
        ChangeKind.ERASED_LESS,
        ChangeKind.UNSEALED,
        ChangeKind.NEW_RECIPIENT,
        ChangeKind.RECIPIENT_GETS_MORE,
        ChangeKind.RECIPIENT_MOVED,
        ChangeKind.OFFERED,
        ChangeKind.CLAIM_GONE,
        ChangeKind.NEW_CONTROLLER,
        ChangeKind.RESIDENCY_GONE,
    }
)

#: How much of a cell is left after an erasure, the least first.
_LEFT: Final = {OnErase.SHRED: 0, OnErase.DELETE: 0, OnErase.UNLINK: 1, OnErase.RETAIN: 2}


@dataclass(frozen=True)
class Change:
    """`what` is a category, a recipient, a claim or a fact by its key; `which` a purpose; the figures are days."""

    kind: ChangeKind
    what: str
    which: str = ""
    before: int = 0
    after: int = 0


class Cell(NamedTuple):
    """A row of the kind `cell`, without its first two columns."""

    category: str
    purposes: str
    until: str
    on_erase: str
    on_export: str
    sealed: str


def diff(old: Document, new: Document) -> tuple[Change, ...]:
    """Every change that a person may care about, the material ones first, each once."""
    found: dict[Change, None] = {}
    for look in (_kept, _recipients, _offered, _claims, _facts):
        found.update(dict.fromkeys(look(old, new)))
    if not found and old != new:
        found[Change(ChangeKind.WORDING, "")] = None
    return tuple(sorted(found, key=lambda change: (not change.kind.material, change.kind, change.what, change.which)))


def is_material(changes: Iterable[Change]) -> bool:
    return any(change.kind.material for change in changes)


def _kept(old: Document, new: Document) -> Iterator[Change]:
    before, after = _Map(old), _Map(new)
    for category in after.categories.keys() - before.categories.keys():
        yield Change(ChangeKind.NEW_CATEGORY, category)
    for category in before.categories.keys() - after.categories.keys():
        yield Change(ChangeKind.CATEGORY_GONE, category)
    for category in before.categories.keys() & after.categories.keys():
        yield from _of_category(category, before, after)


def _of_category(category: str, before: _Map, after: _Map) -> Iterator[Change]:
    was, now = before.purposes(category), after.purposes(category)
    found = [Change(ChangeKind.NEW_PURPOSE, category, purpose) for purpose in now - was]
    found += [Change(ChangeKind.PURPOSE_GONE, category, purpose) for purpose in was - now]
    found += _compared(category, before, after, _Map.longest, ChangeKind.KEPT_LONGER, ChangeKind.KEPT_SHORTER)
    left = _compared(category, before, after, _Map.left, ChangeKind.ERASED_LESS, ChangeKind.ERASED_MORE)
    found += [Change(one.kind, one.what) for one in left]
    if after.unsealed(category) & (before.categories[category].keys() - before.unsealed(category)):
        found.append(Change(ChangeKind.UNSEALED, category))
    if not found and before.categories[category] != after.categories[category]:
        found.append(Change(ChangeKind.STORED_DIFFERENTLY, category))
    yield from found


def _compared(
    category: str, before: _Map, after: _Map, measure: Callable[[_Map, Cell], int], more: ChangeKind, less: ChangeKind
) -> Iterator[Change]:
    """The category as a whole, and each cell that was there before: a cell may not grow in the shade of another."""
    was = {name: measure(before, cell) for name, cell in before.categories[category].items()}
    now = {name: measure(after, cell) for name, cell in after.categories[category].items()}
    pairs = [(max(was.values()), max(now.values())), *((was[name], now[name]) for name in was.keys() & now.keys())]
    if grown := [pair for pair in pairs if pair[1] > pair[0]]:
        yield Change(more, category, before=grown[0][0], after=grown[0][1])
    elif shrunk := [pair for pair in pairs if pair[1] < pair[0]]:
        yield Change(less, category, before=shrunk[0][0], after=shrunk[0][1])


class _Map:
    """The data map as a document has it."""

    def __init__(self, document: Document) -> None:
        self.categories: dict[str, dict[str, Cell]] = {}
        for name, cell in _rows(document, "cell").items():
            read = Cell(*cell)
            self.categories.setdefault(read.category, {})[name] = read
        self._days = {until: int(days[0]) for until, days in _rows(document, "keep").items()}

    def purposes(self, category: str) -> set[str]:
        return {purpose for cell in self.categories[category].values() for purpose in cell.purposes.split()}

    def longest(self, cell: Cell) -> int:
        return self._days[cell.until]

    def left(self, cell: Cell) -> int:
        return _LEFT[OnErase(cell.on_erase)]

    def unsealed(self, category: str) -> set[str]:
        """Its cells in clear."""
        return {name for name, cell in self.categories[category].items() if not cell.sealed}


def _recipients(old: Document, new: Document) -> Iterator[Change]:
    was, now = _rows(old, "recipient"), _rows(new, "recipient")
    yield from (Change(ChangeKind.NEW_RECIPIENT, name) for name in now.keys() - was.keys())
    yield from (Change(ChangeKind.RECIPIENT_GONE, name) for name in was.keys() - now.keys())
    for name in was.keys() & now.keys():
        (_, region, receives, *_), (_, region_now, receives_now, *_) = was[name], now[name]
        if region != region_now:
            yield Change(ChangeKind.RECIPIENT_MOVED, name)
        if set(receives_now.split()) - set(receives.split()):
            yield Change(ChangeKind.RECIPIENT_GETS_MORE, name)
        elif was[name] != now[name] and region == region_now:
            yield Change(ChangeKind.RECIPIENT_CHANGED, name)


def _offered(old: Document, new: Document) -> Iterator[Change]:
    was, now = _rows(old, "offered").keys(), _rows(new, "offered").keys()
    yield from (Change(ChangeKind.OFFERED, "", purpose) for purpose in now - was)
    yield from (Change(ChangeKind.OFFERED_NO_MORE, "", purpose) for purpose in was - now)


def _claims(old: Document, new: Document) -> Iterator[Change]:
    was, now = _rows(old, "claim").keys(), _rows(new, "claim").keys()
    yield from (Change(ChangeKind.CLAIM_GONE, claim) for claim in was - now)
    yield from (Change(ChangeKind.NEW_CLAIM, claim) for claim in now - was)


def _facts(old: Document, new: Document) -> Iterator[Change]:
    was, now = _rows(old, "fact"), _rows(new, "fact")
    for name in was.keys() | now.keys():
        before, after = was.get(name, ("",)), now.get(name, ("",))
        if before == after:
            continue
        if name == "controller":
            yield Change(ChangeKind.NEW_CONTROLLER, name)
        elif name == "residency" and not any(after):
            yield Change(ChangeKind.RESIDENCY_GONE, name)
        else:
            yield Change(ChangeKind.FACT, name)


def _rows(document: Document, kind: str) -> Mapping[str, Row]:
    return {row[1]: row[2:] for row in document if row[0] == kind}
