"""The verbs of `core.records.Consents` and `core.records.Objections`. A consent is never changed: the newest row holds."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, insert, select

from core.datamap import Purpose
from core.policy.permissions import Consent, Objection
from core.values import Moment, PersonId
from storage.records.statements import insert_if_new
from storage.records.tables import ConsentRow, ObjectionRow, table

consents, objections = table(ConsentRow), table(ObjectionRow)


class SqlConsents:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, person: PersonId, consent: Consent) -> None:
        self._connection.execute(
            insert(consents).values(
                person_id=person,
                purpose=consent.purpose,
                given=consent.given,
                notice_version=consent.notice_version,
                text_hash=consent.text_hash,
                door=consent.door,
                at=consent.at,
            )
        )

    def newest(self, person: PersonId, purpose: Purpose) -> Consent | None:
        mine = select(consents).where(consents.c.person_id == person, consents.c.purpose == purpose)
        row = self._connection.execute(mine.order_by(consents.c.id.desc()).limit(1)).one_or_none()
        return None if row is None else _consent(row)

    def of(self, person: PersonId) -> list[Consent]:
        mine = select(consents).where(consents.c.person_id == person).order_by(consents.c.id)
        return [_consent(row) for row in self._connection.execute(mine)]


class SqlObjections:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, person: PersonId, purpose: Purpose, now: Moment) -> bool:
        return insert_if_new(self._connection, objections, person_id=person, purpose=purpose, at=now)

    def remove(self, person: PersonId, purpose: Purpose) -> bool:
        one = delete(objections).where(objections.c.person_id == person, objections.c.purpose == purpose)
        return self._connection.execute(one).rowcount == 1

    def of(self, person: PersonId) -> list[Objection]:
        mine = select(objections).where(objections.c.person_id == person).order_by(objections.c.at)
        return [Objection(Purpose(row.purpose), Moment(row.at)) for row in self._connection.execute(mine)]


def _consent(row: Any) -> Consent:
    return Consent(Purpose(row.purpose), bool(row.given), row.notice_version, row.text_hash, row.door, Moment(row.at))
