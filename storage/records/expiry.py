"""The verbs of `core.records.Expiry`: what goes by itself, derived from what the tables say of their periods and their columns.

A row goes with its period, except while another row refers to it, while it still names a blob, and while its person is
restricted. What goes with it goes first. Pictures are hidden and destroyed one by one (overkept.py, core/requests/gallery.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    LargeBinary,
    Select,
    Table,
    and_,
    delete,
    exists,
    false,
    func,
    insert,
    not_,
    or_,
    select,
    true,
    tuple_,
    update,
)
from sqlmodel import SQLModel

from core.datamap import Datum, Until
from core.periods import LONGEST, Emptied, Ending, GoesWith, Keeping, OwnEnd, Periods, Row
from core.rules import DAY
from core.values import Moment
from storage.blobs import entries as blob_entries
from storage.records.closed_books import last_booked
from storage.records.overkept import past
from storage.records.tables import PeriodRow, PersonRow, PictureRow, PreferenceRow, ServerRow, endings, table

people, pictures, periods = table(PersonRow), table(PictureRow), table(PeriodRow)
preferences, servers = table(PreferenceRow), table(ServerRow)


@dataclass(frozen=True)
class Rule:
    """One period of one table: the whole row ends with it, or only `emptied` of it."""

    table: Table
    until: Until
    ending: Row | OwnEnd | Emptied
    followers: tuple[Column[Any], ...]  #: of tables whose rows go first
    referrers: tuple[Column[Any], ...]  #: of tables whose rows must be gone
    blob: Column[Any] | None
    emptied: tuple[Column[Any], ...] = ()

    @property
    def moment(self) -> Column[Any]:
        return self.table.c[self.ending.at if isinstance(self.ending, OwnEnd) else self.ending.since]

    def over(self, keeping: Keeping) -> ColumnElement[bool]:
        """Whether the period of a row is over, whatever else keeps it."""
        found = self.moment <= self.latest(keeping)
        return and_(found, or_(*(_is_filled(cell) for cell in self.emptied))) if self.emptied else found

    def latest(self, keeping: Keeping) -> Moment:
        """What is no later than this is over."""
        if isinstance(self.ending, OwnEnd):
            return Moment(keeping.now + self.ending.shift(keeping.periods.of(self.until)))
        return keeping.begun_by(self.until)

    def due(self, keeping: Keeping) -> ColumnElement[bool]:
        return and_(self.over(keeping), *self._free(), not_(self._spared()))

    def held_back(self, keeping: Keeping) -> ColumnElement[bool]:
        """Whether it would be due if its person were not restricted."""
        return and_(self.over(keeping), *self._free())

    def _free(self) -> Iterator[ColumnElement[bool]]:
        if self.emptied:
            return
        key = tuple(self.table.primary_key)
        for referrer in self.referrers:
            yield ~exists().where(referrer == key[0]).correlate(self.table)
        if self.blob is not None and self.blob.nullable:
            yield self.blob.is_(None)

    def _spared(self) -> ColumnElement[bool]:
        """Only rows of somebody with an account can be; what is deleted for nobody names nobody."""
        if "person_id" not in self.table.c:
            return ~true()
        return exists().where(people.c.id == self.table.c.person_id, people.c.restricted == true())


class SqlExpiry:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def tables(self) -> Sequence[str]:
        return tuple(name for name, rule in rules().items() if rule.blob is None or rule.blob.nullable or rule.emptied)

    @property
    def with_blobs(self) -> Sequence[str]:
        return tuple(name for name in rules() if name not in self.tables and name != pictures.name)

    def forget(self, table: str, keeping: Keeping, most: int) -> int:
        rule = rules()[table]
        key = tuple(rule.table.primary_key)
        found = self._connection.execute(select(*key).where(rule.due(keeping)).limit(most)).all()
        if not found:
            return 0
        those = (
            key[0].in_([one[0] for one in found]) if len(key) == 1 else tuple_(*key).in_([tuple(one) for one in found])
        )
        if rule.emptied:
            emptied = {cell.name: _nothing(cell) for cell in rule.emptied}
            return self._connection.execute(update(rule.table).where(those).values(**emptied)).rowcount
        for follower in rule.followers:
            self._connection.execute(delete(follower.table).where(follower.in_([one[0] for one in found])))
        return self._connection.execute(delete(rule.table).where(those)).rowcount

    def blobs(self, table: str, keeping: Keeping, most: int) -> list[str]:
        rule = rules()[table]
        assert rule.blob is not None, "only tables that name blobs are asked for them"
        return list(self._connection.execute(select(rule.blob).where(rule.due(keeping)).limit(most)).scalars())

    def forget_blob(self, table: str, blob: str) -> None:
        rule = rules()[table]
        assert rule.blob is not None
        self._connection.execute(delete(rule.table).where(rule.blob == blob))

    def named_blobs(self, blobs: Sequence[str]) -> set[str]:
        named: set[str] = set()
        for column in _blob_columns().values():
            named.update(self._connection.execute(select(column).where(column.in_(blobs))).scalars())
        return named

    def spared(self, keeping: Keeping) -> int:
        restricted = select(people.c.id).where(people.c.restricted == true())
        if self._connection.execute(restricted.limit(1)).first() is None:
            return 0
        held_back = [
            (rule.table.c.person_id, rule.held_back(keeping))
            for rule in rules().values()
            if "person_id" in rule.table.c and rule.table is not pictures
        ]
        counted = 0
        for theirs, over in (*held_back, (pictures.c.person_id, past(keeping))):
            rows = select(func.count()).select_from(theirs.table).where(theirs.in_(restricted), over)
            counted += self._connection.execute(rows).scalar_one()
        return counted

    def overdue_since(self, keeping: Keeping) -> Moment | None:
        found = [self._connection.execute(since).scalar() for since in _overdue(keeping)]
        if (booked := self._connection.execute(last_booked(keeping.booked_by)).scalar()) is not None:
            found.append(keeping.books_end(Moment(booked)))
        if (told := self._connection.execute(_oldest_told(keeping)).scalar()) is not None:
            found.append(told + keeping.periods.notice)
        return min((Moment(int(one)) for one in found if one is not None), default=None)

    def in_force(self) -> Periods:
        noted = {Until(row.until): row.milliseconds for row in self._connection.execute(select(periods))}
        return Periods({until: period for until, period in noted.items() if 0 < period < LONGEST[until]})

    def put_in_force(self, now_in_force: Periods) -> None:
        self._connection.execute(delete(periods))
        rows = [{"until": until, "milliseconds": now_in_force.of(until)} for until in Until]
        self._connection.execute(insert(periods), rows)


def kept(of: Table, keeping: Keeping) -> ColumnElement[bool]:
    """Whether a row may still be seen: for reads of any table, so that none has to know its periods."""
    rule = next((rule for rule in rules().values() if rule.table is of and not rule.emptied), None)
    if of is pictures:
        return not_(past(keeping))
    return true() if rule is None else or_(rule.moment.is_(None), not_(rule.over(keeping)))


@cache
def rules() -> dict[str, Rule]:
    """By table, and by table and period where only cells are emptied: those that others refer to last."""
    found: dict[str, Rule] = {}
    for of in reversed(SQLModel.metadata.sorted_tables):
        for until, ending in endings().get(of.name, {}).items():
            if isinstance(ending, Row | OwnEnd):
                found[of.name] = _rule(of, until, ending)
            elif isinstance(ending, Emptied):
                cells = tuple(column for column in of.columns if _keep(column) is until)
                found[f"{of.name}: {until}"] = Rule(of, until, ending, (), (), None, cells)
    return found


def _rule(of: Table, until: Until, ending: Row | OwnEnd) -> Rule:
    referring = [
        key.parent
        for other in SQLModel.metadata.sorted_tables
        for key in other.foreign_keys
        if key.column.table is of and other is not of
    ]
    followers = tuple(column for column in referring if _follows(column, of))
    return Rule(
        of,
        until,
        ending,
        followers,
        tuple(column for column in referring if column not in followers),
        _blob_columns().get(of.name),
    )


def _follows(column: Column[Any], of: Table) -> bool:
    theirs: dict[Until, Ending] = dict(endings().get(column.table.name, {}))
    return GoesWith(of.name) in theirs.values()


@cache
def _blob_columns() -> dict[str, Column[Any]]:
    """By table: the column that names blobs, as the blob store declares it."""
    named = (entry.subject.split(">")[0].split(".") for entry in blob_entries())
    return {of: SQLModel.metadata.tables[of].c[column] for of, column in named}


def _keep(column: Column[Any]) -> Until | None:
    meaning = column.info["meaning"]
    return meaning.keep if isinstance(meaning, Datum) else None


def _is_filled(cell: Column[Any]) -> ColumnElement[bool]:
    return cell.is_not(None) if cell.nullable else cell != _nothing(cell)


def _nothing(cell: Column[Any]) -> Any:
    if cell.nullable:
        return None
    return b"" if isinstance(cell.type, LargeBinary) else ""


def _oldest_told(keeping: Keeping) -> Select[Any]:
    """Since when somebody knows that their account goes, whose time is up, and who is not leaving yet."""
    told = people.c.dormancy_told_at
    staying = (people.c.leaving_at.is_(None), people.c.restricted == false())
    return select(told).where(told <= keeping.now - keeping.periods.notice, *staying).order_by(told).limit(1)


def _overdue(keeping: Keeping) -> Iterator[Select[Any]]:
    """Since when the oldest that is due has been, of each table and for each way."""
    free = ~exists().where(people.c.id == pictures.c.person_id, people.c.restricted == true())
    for rule in rules().values():
        due = free if rule.table is pictures else rule.due(keeping)
        oldest = select(rule.moment).where(rule.moment <= rule.latest(keeping), due).order_by(rule.moment).limit(1)
        yield select(oldest.scalar_subquery() + (keeping.now - rule.latest(keeping)))
    for days, whose in (
        (preferences.c.keep_days, preferences.c.person_id == pictures.c.person_id),
        (servers.c.keep_days, servers.c.id == pictures.c.server),
    ):
        over = pictures.c.drawn_at <= keeping.now - days * DAY
        oldest_of_all = func.min(pictures.c.drawn_at + days * DAY)
        yield select(oldest_of_all).select_from(pictures).where(whose, days > 0, over, free)
