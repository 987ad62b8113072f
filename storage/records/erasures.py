"""The verbs of `core.records.Erasures` and `core.records.Suppressions`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, RowMapping, Select, delete, insert, select, update

from core.values import Moment, PersonId
from core.values.receipts import Erasure, Ground, Plan, Receipt, Stage
from storage.records.statements import insert_if_new
from storage.records.tables import ErasureRow, PersonRow, SuppressionRow, table

erasures, people, suppressions = table(ErasureRow), table(PersonRow), table(SuppressionRow)


class SqlErasures:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, erasure: Erasure) -> None:
        self._connection.execute(
            insert(erasures).values(
                id=erasure.code,
                person_id=erasure.person,
                tombstone=erasure.tombstone,
                ground=erasure.ground,
                state=erasure.stage,
                plan=erasure.plan.write(),
                receipt="",
                confirmed_at=erasure.confirmed_at,
                begins_at=erasure.begins_at,
            )
        )
        leaving = update(people).where(people.c.id == erasure.person)
        self._connection.execute(leaving.values(leaving_at=erasure.begins_at))

    def get(self, code: str) -> Erasure | None:
        return self._one(select(erasures).where(erasures.c.id == code))

    def of(self, person: PersonId) -> Erasure | None:
        return self._one(select(erasures).where(erasures.c.person_id == person))

    def open(self, due_by: Moment | None = None) -> list[Erasure]:
        found = select(erasures).where(erasures.c.state != Stage.CLOSED).order_by(erasures.c.begins_at, erasures.c.id)
        if due_by is not None:
            found = found.where(erasures.c.begins_at <= due_by)
        return [_erasure(row) for row in self._connection.execute(found).mappings()]

    def lock(self, code: str) -> Erasure | None:
        return self._one(select(erasures).where(erasures.c.id == code).with_for_update())

    def move(self, code: str, at: Stage, to: Stage, plan: Plan, begins_at: Moment) -> bool:
        moved = update(erasures).where(erasures.c.id == code, erasures.c.state == at)
        return self._connection.execute(moved.values(state=to, plan=plan.write(), begins_at=begins_at)).rowcount == 1

    def note(self, code: str, plan: Plan, begins_at: Moment) -> None:
        self._connection.execute(
            update(erasures)
            .where(erasures.c.id == code, erasures.c.state != Stage.CLOSED)
            .values(plan=plan.write(), begins_at=begins_at)
        )

    def withdraw(self, code: str) -> bool:
        of = select(erasures.c.person_id).where(erasures.c.id == code, erasures.c.state == Stage.CONFIRMED)
        person = self._connection.execute(of.with_for_update()).scalar_one_or_none()
        if person is None:
            return False
        gone = delete(erasures).where(erasures.c.id == code, erasures.c.state == Stage.CONFIRMED)
        if not self._connection.execute(gone).rowcount:
            return False
        self._connection.execute(update(people).where(people.c.id == person).values(leaving_at=None))
        return True

    def close(self, code: str, receipt: Receipt, plan: Plan) -> bool:
        """Nobody can be joined to it from here on."""
        open_ = update(erasures).where(erasures.c.id == code, erasures.c.state != Stage.CLOSED)
        closed = open_.values(
            person_id=None,
            state=Stage.CLOSED,
            plan=plan.write(),
            receipt=receipt.write(),
            closed_at=receipt.closed_at,
        )
        return self._connection.execute(closed).rowcount == 1

    def _one(self, statement: Select[Any]) -> Erasure | None:
        row = self._connection.execute(statement).mappings().one_or_none()
        return None if row is None else _erasure(row)


class SqlSuppressions:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, lookup: str, kind: str, until: Moment) -> None:
        """Again is longer, never shorter."""
        if not insert_if_new(self._connection, suppressions, lookup=lookup, kind=kind, until=until):
            earlier = update(suppressions).where(
                suppressions.c.lookup == lookup, suppressions.c.kind == kind, suppressions.c.until < until
            )
            self._connection.execute(earlier.values(until=until))

    def holds(self, lookup: str, kind: str, now: Moment) -> bool:
        found = select(suppressions.c.until).where(suppressions.c.lookup == lookup, suppressions.c.kind == kind)
        return self._connection.execute(found.where(suppressions.c.until > now)).first() is not None

    def forget(self, now: Moment) -> int:
        return self._connection.execute(delete(suppressions).where(suppressions.c.until <= now)).rowcount


def _erasure(row: RowMapping) -> Erasure:
    return Erasure(
        code=row["id"],
        person=None if row["person_id"] is None else PersonId(row["person_id"]),
        tombstone=row["tombstone"],
        ground=Ground(row["ground"]),
        stage=Stage(row["state"]),
        plan=Plan.read(row["plan"]),
        receipt=Receipt.read(row["receipt"]) if row["receipt"] else None,
        confirmed_at=Moment(row["confirmed_at"]),
        begins_at=Moment(row["begins_at"]),
        closed_at=None if row["closed_at"] is None else Moment(row["closed_at"]),
    )
