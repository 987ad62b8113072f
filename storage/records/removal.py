"""The verbs of `core.records.Removal`. Which tables there are, and what becomes of each, it is told by the data map; the order
follows from the foreign keys and from the paths. None is deleted from by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from graphlib import TopologicalSorter
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, func, select, update
from sqlmodel import SQLModel

from core.disposal import BlobsOf, Disposal
from core.records import Addressee, Copy
from core.values import DeliveryState, JobId, PersonId
from core.values.receipts import Counted, Plan, Stage
from storage.records.subjects import is_of
from storage.records.tables import (
    DeliveryRow,
    ErasureRow,
    IdentityRow,
    JobRow,
    PersonRow,
    PictureRow,
    PostRow,
    table,
)

people, identities, jobs, pictures = table(PersonRow), table(IdentityRow), table(JobRow), table(PictureRow)
deliveries, posts, erasures = table(DeliveryRow), table(PostRow), table(ErasureRow)
UNTOLD = (DeliveryState.WAITING, DeliveryState.OWED, DeliveryState.HELD)


class SqlRemoval:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def lock(self, person: PersonId) -> bool:
        """A row that refers to them waits for us on PostgreSQL, and then finds nobody; SQLite has one writer anyway."""
        found = select(people.c.id).where(people.c.id == person).with_for_update()
        return self._connection.execute(found).first() is not None

    def found(self, disposals: Sequence[Disposal], person: PersonId) -> tuple[Counted, ...]:
        counted = []
        for disposal in disposals:
            if disposal.goes:
                here = _table(disposal)
                theirs = select(func.count()).select_from(here).where(self._is_of(here, disposal.subject, person))
                counted.append(Counted("sql", disposal.table, self._connection.execute(theirs).scalar_one()))
        return tuple(one for one in counted if one.count)

    def traces(self, kinds: Sequence[BlobsOf], person: PersonId) -> Plan:
        named: list[str] = []
        for kind in kinds:
            here = SQLModel.metadata.tables[kind.table]
            column = here.c[kind.column]
            theirs = select(column).where(is_of(here, kind.subject, person), column.is_not(None))
            named += self._connection.execute(theirs).scalars()
        asked = self._connection.execute(select(jobs.c.id).where(jobs.c.person_id == person).order_by(jobs.c.id))
        known = self._connection.execute(
            select(identities.c.lookup).where(identities.c.person_id == person).order_by(identities.c.lookup)
        )
        return Plan(jobs=tuple(asked.scalars()), lookups=tuple(known.scalars()), blobs=tuple(sorted(named)))

    def silence(self, person: PersonId) -> int:
        theirs = select(jobs.c.id).where(jobs.c.person_id == person)
        self._connection.execute(update(pictures).where(pictures.c.person_id == person).values(hidden=True))
        untold = update(deliveries).where(deliveries.c.job_id.in_(theirs), deliveries.c.state.in_(UNTOLD))
        return self._connection.execute(untold.values(state=DeliveryState.DROPPED)).rowcount

    def copies(self, door: str) -> list[Copy]:
        found = (
            select(erasures.c.id, jobs.c.person_id, posts.c.job_id, posts.c.index)
            .select_from(posts.join(jobs, jobs.c.id == posts.c.job_id))
            .join(erasures, erasures.c.person_id == jobs.c.person_id)
            .where(erasures.c.state == Stage.COPIES, jobs.c.door == door)
            .order_by(posts.c.job_id, posts.c.index)
        )
        return [
            Copy(code, PersonId(person), door, JobId(job), index)
            for code, person, job, index in self._connection.execute(found)
        ]

    def addresses(self, door: str) -> list[Addressee]:
        found = (
            select(erasures.c.id, identities.c.person_id, identities.c.lookup, identities.c.sealed_id)
            .select_from(identities.join(erasures, erasures.c.person_id == identities.c.person_id))
            .where(identities.c.door == door)
        )
        return [
            Addressee(code, PersonId(person), lookup, bytes(sealed))
            for code, person, lookup, sealed in self._connection.execute(found)
        ]

    def copies_left(self, person: PersonId) -> dict[str, int]:
        by_door = (
            select(jobs.c.door, func.count())
            .select_from(posts.join(jobs, jobs.c.id == posts.c.job_id))
            .where(jobs.c.person_id == person)
            .group_by(jobs.c.door)
        )
        return dict(iter(self._connection.execute(by_door)))

    def took_back(self, copy: Copy) -> bool:
        gone = delete(posts).where(posts.c.job_id == copy.job, posts.c.index == copy.index)
        return self._connection.execute(gone).rowcount == 1

    def remove(self, disposals: Sequence[Disposal], person: PersonId) -> tuple[Counted, ...]:
        """Every row that goes, what refers to others first. How many went of each table."""
        removed = []
        for disposal in _in_order([one for one in disposals if one.goes]):
            here = _table(disposal)
            gone = self._connection.execute(delete(here).where(self._is_of(here, disposal.subject, person)))
            removed.append(Counted("sql", disposal.table, gone.rowcount))
        return tuple(one for one in removed if one.count)

    def people(self, after: PersonId, limit: int) -> list[PersonId]:
        some = select(people.c.id).where(people.c.id > after).order_by(people.c.id).limit(limit)
        return [PersonId(one) for one in self._connection.execute(some).scalars()]

    def _is_of(self, here: Table, subject: str, person: PersonId) -> ColumnElement[bool]:
        """A path that ends at a keyed hash of an id leads to whoever is known by it."""
        if subject == identities.c.lookup.name and here is not identities:
            known = select(identities.c.lookup).where(identities.c.person_id == person)
            return here.c[subject].in_(known)
        return is_of(here, subject, person)


def _in_order(disposals: Sequence[Disposal]) -> list[Disposal]:
    """A table comes before those its rows refer to, and before those its path leads through."""
    by_name = {disposal.table: disposal for disposal in disposals}
    order: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(by_name, ()))
    for disposal in disposals:
        through = {key.column.table.name for key in _table(disposal).foreign_keys}
        through |= {step.split(".")[0] for step in disposal.subject.split(">")[1:]}
        if disposal.subject == identities.c.lookup.name:
            through.add(identities.name)
        for later in (through & by_name.keys()) - {disposal.table}:
            order.add(later, disposal.table)
    return [by_name[name] for name in order.static_order()]


def _table(disposal: Disposal) -> Table:
    found: Any = SQLModel.metadata.tables[disposal.table]
    return found  # type: ignore[no-any-return]
