"""The verbs of `core.records.Notices` and `core.records.Looks`: what people are told without asking, and who looked at what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select, update

from core.values import Moment, PersonId
from core.values.letters import Addressed, Look, Notice, NoticeCategory, NoticeState
from storage.records.statements import insert_if_new
from storage.records.tables import IdentityRow, LookRow, NoticeRow, table

notices, looks, identities = table(NoticeRow), table(LookRow), table(IdentityRow)


class SqlNotices:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, notice: Notice) -> bool:
        self._connection.execute(delete(notices).where(_is(notice), notices.c.until <= notice.at))
        return insert_if_new(
            self._connection,
            notices,
            person_id=notice.person,
            key=notice.key,
            figure=notice.figure,
            category=notice.category,
            state=notice.state,
            at=notice.at,
            until=notice.until,
        )

    def of(self, person: PersonId, now: Moment) -> list[Notice]:
        mine = select(notices).where(notices.c.person_id == person, notices.c.until > now)
        return [_notice(row) for row in self._connection.execute(mine.order_by(notices.c.at, notices.c.key))]

    def owed_at(self, door: str, now: Moment) -> list[Addressed]:
        here = notices.join(identities, identities.c.person_id == notices.c.person_id)
        found = (
            select(notices, identities.c.lookup, identities.c.sealed_id)
            .select_from(here)
            .where(notices.c.state == NoticeState.OWED, notices.c.until > now, identities.c.door == door)
            .order_by(notices.c.at, notices.c.key)
        )
        return [Addressed(_notice(row), row.lookup, bytes(row.sealed_id)) for row in self._connection.execute(found)]

    def move(self, notice: Notice, before: Sequence[NoticeState], after: NoticeState) -> bool:
        moved = update(notices).where(_is(notice), notices.c.state.in_(before)).values(state=after)
        return self._connection.execute(moved).rowcount == 1

    def leave_uncertain(self, door: str) -> int:
        here = select(identities.c.person_id).where(identities.c.door == door)
        lost = update(notices).where(notices.c.state == NoticeState.SENDING, notices.c.person_id.in_(here))
        return self._connection.execute(lost.values(state=NoticeState.UNCERTAIN)).rowcount


class SqlLooks:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, person: PersonId, command: str, now: Moment) -> None:
        self._connection.execute(insert(looks).values(person_id=person, command=command, at=now))

    def of(self, person: PersonId) -> list[Look]:
        mine = select(looks.c.command, looks.c.at).where(looks.c.person_id == person).order_by(looks.c.id.desc())
        return [Look(row.command, Moment(row.at)) for row in self._connection.execute(mine)]


def _is(notice: Notice) -> ColumnElement[bool]:
    return and_(notices.c.person_id == notice.person, notices.c.key == notice.key, notices.c.figure == notice.figure)


def _notice(row: Any) -> Notice:
    return Notice(
        person=PersonId(row.person_id),
        key=row.key,
        figure=row.figure,
        category=NoticeCategory(row.category),
        at=Moment(row.at),
        until=Moment(row.until),
        state=NoticeState(row.state),
    )
