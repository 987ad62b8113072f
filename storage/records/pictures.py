"""The verbs of `core.records.Pictures` and `core.records.Deliveries`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Table,
    Update,
    and_,
    bindparam,
    case,
    delete,
    exists,
    false,
    func,
    insert,
    select,
    update,
)

from core.credits import Milli
from core.periods import Keeping
from core.values import (
    DeliveryState,
    Held,
    JobId,
    JobState,
    Moment,
    Owed,
    PersonId,
    Picture,
    PictureId,
    Reason,
    WishState,
)
from storage.records.overkept import hide_aged, hide_unwanted, seen
from storage.records.statements import JOB
from storage.records.tables import DeliveryRow, JobRow, PictureRow, WishRow, table

pictures, deliveries = table(PictureRow), table(DeliveryRow)
jobs, wishes = table(JobRow), table(WishRow)
UNTOLD = (DeliveryState.WAITING, DeliveryState.OWED)
_REASON = case((wishes.c.state == WishState.FAILED, func.coalesce(wishes.c.reason, jobs.c.reason))).label("reason")


# Every request runs these.

INDEX: Any = bindparam("at")
_HERE = (deliveries.c.job_id == JOB, deliveries.c.index == INDEX)
_ALL = (deliveries.c.job_id == JOB,)


def _moved(to: Any, at: DeliveryState, conditions: Iterable[ColumnElement[bool]]) -> Update:
    return update(deliveries).where(*conditions, deliveries.c.state == at).values(state=to)


#: A picture is of the server where it was asked for.
_ADD = insert(pictures).values(server=select(jobs.c.server).where(jobs.c.id == JOB).scalar_subquery())
_ANY = select(pictures.c.id).where(pictures.c.job_id == JOB).limit(1)
_OWE = _moved(DeliveryState.OWED, DeliveryState.WAITING, _HERE)
_OWE_ALL = _moved(DeliveryState.OWED, DeliveryState.WAITING, _ALL)
_DROP_ALL = _moved(DeliveryState.DROPPED, DeliveryState.WAITING, _ALL)
_TOLD = _moved(bindparam("became"), DeliveryState.OWED, _HERE)


class SqlPictures:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, picture: Picture) -> None:
        row = {
            "id": picture.id,
            "job": picture.job,
            "job_id": picture.job,
            "index": picture.index,
            "person_id": picture.person,
            "seed": picture.seed,
            "blob": picture.blob,
            "width": picture.width,
            "height": picture.height,
            "format": picture.format,
            "hidden": False,
            "drawn_at": picture.drawn_at,
        }
        self._connection.execute(_ADD, row)

    def get(self, picture: PictureId, keeping: Keeping) -> Picture | None:
        found = select(pictures).where(pictures.c.id == picture, seen(keeping))
        row = self._connection.execute(found).mappings().one_or_none()
        return None if row is None else _picture(row)

    def of(self, person: PersonId, keeping: Keeping, limit: int, offset: int) -> list[Picture]:
        mine = select(pictures).where(pictures.c.person_id == person, seen(keeping))
        newest_first = mine.order_by(pictures.c.drawn_at.desc(), pictures.c.id).limit(limit).offset(offset)
        return [_picture(row) for row in self._connection.execute(newest_first).mappings()]

    def count(self, person: PersonId, keeping: Keeping) -> int:
        mine = select(func.count()).where(pictures.c.person_id == person, seen(keeping))
        return self._connection.execute(mine).scalar() or 0

    def hide(self, picture: PictureId) -> bool:
        seen = update(pictures).where(pictures.c.id == picture, pictures.c.hidden == false())
        return self._connection.execute(seen.values(hidden=True)).rowcount == 1

    def hidden(self, after: PictureId, most: int) -> list[Picture]:
        unseen = select(pictures).where(pictures.c.hidden != false(), pictures.c.id > after)
        in_order = unseen.order_by(pictures.c.id).limit(most)
        return [_picture(row) for row in self._connection.execute(in_order).mappings()]

    def only_past(self, job: JobId, keeping: Keeping) -> bool:
        of_it = select(seen(keeping)).where(pictures.c.job_id == job)
        found = list(self._connection.execute(of_it).scalars())
        return bool(found) and not any(found)

    def hide_aged(self, keeping: Keeping, most: int) -> int:
        return hide_aged(self._connection, keeping, most)

    def hide_unwanted(self, keeping: Keeping, most: int, after: str) -> tuple[int, str | None]:
        return hide_unwanted(self._connection, keeping, most, after)

    def hide_overkept_of(self, person: PersonId, keeping: Keeping) -> int:
        mine = update(pictures).where(pictures.c.person_id == person, pictures.c.hidden == false(), ~seen(keeping))
        return self._connection.execute(mine.values(hidden=True)).rowcount

    def hide_overkept_in(self, server: str, keeping: Keeping) -> int:
        here = update(pictures).where(pictures.c.server == server, pictures.c.hidden == false(), ~seen(keeping))
        return self._connection.execute(here.values(hidden=True)).rowcount

    def newest_job(self, person: PersonId, keeping: Keeping) -> JobId | None:
        mine = select(pictures.c.job_id).where(pictures.c.person_id == person, seen(keeping))
        newest = mine.order_by(pictures.c.drawn_at.desc(), pictures.c.id).limit(1)
        return self._connection.execute(newest).scalar_one_or_none()

    def remove(self, picture: PictureId) -> bool:
        return self._connection.execute(delete(pictures).where(pictures.c.id == picture)).rowcount == 1

    def any_of(self, job: JobId) -> bool:
        return self._connection.execute(_ANY, {"job": job}).first() is not None

    def show(self, picture: PictureId, now: Moment) -> bool:
        unshown = update(pictures).where(pictures.c.id == picture, pictures.c.shown_at.is_(None))
        return self._connection.execute(unshown.values(shown_at=now)).rowcount == 1

    def conceal(self, picture: PictureId) -> bool:
        return self._conceal(pictures.c.id == picture) == 1

    def conceal_all(self, person: PersonId) -> int:
        return self._conceal(pictures.c.person_id == person)

    def is_example(self, picture: PictureId) -> bool:
        shown = select(pictures.c.id).where(pictures.c.id == picture, pictures.c.shown_at.is_not(None))
        return self._connection.execute(shown).first() is not None

    def examples(self, keeping: Keeping, limit: int) -> list[Picture]:
        return self._examples(keeping, limit)

    def examples_of(self, person: PersonId, keeping: Keeping) -> list[Picture]:
        return self._examples(keeping, None, pictures.c.person_id == person)

    def _examples(self, keeping: Keeping, limit: int | None, *conditions: ColumnElement[bool]) -> list[Picture]:
        shown = select(pictures).where(pictures.c.shown_at.is_not(None), seen(keeping), *conditions)
        newest_first = shown.order_by(pictures.c.shown_at.desc(), pictures.c.id).limit(limit)
        return [_picture(row) for row in self._connection.execute(newest_first).mappings()]

    def _conceal(self, which: ColumnElement[bool]) -> int:
        shown = update(pictures).where(which, pictures.c.shown_at.is_not(None))
        return self._connection.execute(shown.values(shown_at=None)).rowcount


class SqlDeliveries:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, job: JobId, count: int) -> None:
        self._connection.execute(
            insert(deliveries),
            [{"job_id": job, "index": index, "state": DeliveryState.WAITING} for index in range(count)],
        )

    def owe(self, job: JobId, index: int) -> None:
        self._connection.execute(_OWE, {"job": job, "at": index})

    def owe_waiting(self, job: JobId) -> None:
        self._connection.execute(_OWE_ALL, {"job": job})

    def drop_waiting(self, job: JobId) -> None:
        self._connection.execute(_DROP_ALL, {"job": job})

    def told(self, job: JobId, index: int, state: DeliveryState) -> bool:
        return self._connection.execute(_TOLD, {"job": job, "at": index, "became": state}).rowcount == 1

    def owed(self, door: str, person: PersonId | None) -> list[Owed]:
        others = deliveries.alias("others")
        others_untold = (
            select(func.count())
            .where(others.c.job_id == deliveries.c.job_id, others.c.state.in_(UNTOLD))
            .scalar_subquery()
            .label("untold")
        )
        found = (
            select(
                deliveries.c.job_id,
                deliveries.c.index,
                jobs.c.person_id,
                jobs.c.private,
                jobs.c.price_each,
                _REASON,
                pictures.c.id.label("picture"),
                others_untold,
            )
            .join(jobs, jobs.c.id == deliveries.c.job_id)
            .join(wishes, _of(wishes))
            .outerjoin(pictures, _of(pictures))
            .where(deliveries.c.state == DeliveryState.OWED, jobs.c.door == door)
            .order_by(jobs.c.created_at, deliveries.c.job_id, deliveries.c.index)
        )
        if person is not None:
            found = found.where(jobs.c.person_id == person)
        return [_owed(row) for row in self._connection.execute(found).mappings()]

    def outstanding(self, door: str, person: PersonId) -> int:
        waiting = (
            select(func.count())
            .select_from(deliveries.join(jobs, jobs.c.id == deliveries.c.job_id))
            .where(deliveries.c.state.in_(UNTOLD), jobs.c.door == door, jobs.c.person_id == person)
        )
        return self._connection.execute(waiting).scalar() or 0

    def held(self) -> list[Held]:
        found = (
            select(
                deliveries.c.job_id,
                deliveries.c.index,
                jobs.c.person_id,
                jobs.c.door,
                jobs.c.created_at,
                _REASON,
                pictures.c.id.label("picture"),
            )
            .join(jobs, jobs.c.id == deliveries.c.job_id)
            .join(wishes, _of(wishes))
            .outerjoin(pictures, _of(pictures))
            .where(deliveries.c.state == DeliveryState.HELD)
            .order_by(jobs.c.created_at, deliveries.c.job_id, deliveries.c.index)
        )
        return [_held(row) for row in self._connection.execute(found).mappings()]

    def release(self, job: JobId | None) -> int:
        """What is not known yet waits again; what was cancelled meanwhile was told then."""
        these = () if job is None else (deliveries.c.job_id == job,)
        pending = exists().where(_of(wishes), wishes.c.state == WishState.PENDING)
        failed = exists().where(_of(wishes), wishes.c.state == WishState.FAILED)
        cancelled = exists().where(jobs.c.id == deliveries.c.job_id, jobs.c.state == JobState.CANCELLED)
        return (
            self._move(DeliveryState.WAITING, DeliveryState.HELD, pending, *these)
            + self._move(DeliveryState.DROPPED, DeliveryState.HELD, cancelled, failed, *these)
            + self._move(DeliveryState.OWED, DeliveryState.HELD, *these)
        )

    def _move(self, to: DeliveryState, at: DeliveryState, *conditions: ColumnElement[bool]) -> int:
        return self._connection.execute(_moved(to, at, conditions)).rowcount


def _of(outcomes: Table) -> ColumnElement[bool]:
    """The row about the same picture of the same request as a delivery."""
    return and_(outcomes.c.job_id == deliveries.c.job_id, outcomes.c.index == deliveries.c.index)


def _picture(row: RowMapping) -> Picture:
    return Picture(
        id=PictureId(row["id"]),
        job=JobId(row["job_id"]),
        index=row["index"],
        person=PersonId(row["person_id"]),
        seed=row["seed"],
        blob=row["blob"],
        width=row["width"],
        height=row["height"],
        format=row["format"],
        drawn_at=Moment(row["drawn_at"]),
    )


def _owed(row: RowMapping) -> Owed:
    return Owed(
        job=JobId(row["job_id"]),
        index=row["index"],
        person=PersonId(row["person_id"]),
        private=bool(row["private"]),
        price_each=Milli(row["price_each"]),
        picture=None if row["picture"] is None else PictureId(row["picture"]),
        reason=None if row["reason"] is None else Reason(row["reason"]),
        untold=row["untold"],
    )


def _held(row: RowMapping) -> Held:
    return Held(
        job=JobId(row["job_id"]),
        index=row["index"],
        person=PersonId(row["person_id"]),
        door=row["door"],
        asked_at=Moment(row["created_at"]),
        picture=None if row["picture"] is None else PictureId(row["picture"]),
        reason=None if row["reason"] is None else Reason(row["reason"]),
    )
