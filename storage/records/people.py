"""The verbs of `core.ports.People`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, delete, insert, select, update

from core.credits import LedgerAccountId
from core.ports import NewIdentity
from core.rules import DAY
from core.values import Moment, Person, PersonId
from storage.records.statements import insert_if_new
from storage.records.tables import AcknowledgementRow, IdentityRow, PersonAccountRow, PersonRow, TooYoungRow, table

people, identities, accounts = table(PersonRow), table(IdentityRow), table(PersonAccountRow)
acknowledgements, too_young = table(AcknowledgementRow), table(TooYoungRow)


class SqlPeople:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, person: Person, identity: NewIdentity, now: Moment) -> bool:
        """The person's row and identity; False when the identity belongs to somebody already, and then nothing is added."""
        if self.of_identity(identity.lookup):
            return False
        self._connection.execute(
            insert(people).values(
                id=person.id,
                banned=person.banned,
                notice_version=person.notice_version,
                created_at=now,
                weight=person.weight,
                policy_seen=person.notice_version,
                last_active=now - now % DAY,
                restricted=False,
            )
        )
        if insert_if_new(
            self._connection,
            identities,
            lookup=identity.lookup,
            person_id=person.id,
            door=identity.door,
            sealed_id=identity.sealed_id,
            created_at=now,
        ):
            return True
        self._connection.execute(delete(people).where(people.c.id == person.id))
        return False

    def of_identity(self, lookup: str) -> Person | None:
        found = identities.join(people, identities.c.person_id == people.c.id)
        return self._one(_person(found).where(identities.c.lookup == lookup))

    def get(self, person: PersonId) -> Person | None:
        return self._one(_person(people).where(people.c.id == person))

    def acknowledge(self, person: PersonId, notice_version: int, minimum_age: int, door: str, now: Moment) -> None:
        self._connection.execute(
            insert(acknowledgements).values(
                person_id=person,
                notice_version=notice_version,
                minimum_age=minimum_age,
                text_hash="",
                door=door,
                at=now,
            )
        )
        self._connection.execute(update(people).where(people.c.id == person).values(notice_version=notice_version))

    def too_young_until(self, lookup: str) -> Moment | None:
        until = self._connection.execute(select(too_young.c.until).where(too_young.c.lookup == lookup)).scalar()
        return None if until is None else Moment(until)

    def mark_too_young(self, lookup: str, until: Moment) -> None:
        self._connection.execute(delete(too_young).where(too_young.c.lookup == lookup))
        insert_if_new(self._connection, too_young, lookup=lookup, until=until)

    def forget_too_young(self, now: Moment) -> int:
        return self._connection.execute(delete(too_young).where(too_young.c.until <= now)).rowcount

    def weigh(self, person: PersonId, weight: int) -> None:
        self._connection.execute(update(people).where(people.c.id == person).values(weight=weight))

    def others_at(self, door: str, person: PersonId) -> bool:
        others = select(identities.c.lookup).where(identities.c.door == door, identities.c.person_id != person)
        return self._connection.execute(others.limit(1)).first() is not None

    def which_exist(self, found: Sequence[PersonId]) -> set[PersonId]:
        rows = self._connection.execute(select(people.c.id).where(people.c.id.in_(found)))
        return {PersonId(row.id) for row in rows}

    def _one(self, statement: Select[Any]) -> Person | None:
        row = self._connection.execute(statement).one_or_none()
        if row is None:
            return None
        account = LedgerAccountId(row.account_id or "")
        return Person(
            PersonId(row.id),
            account,
            bool(row.banned),
            row.notice_version,
            row.weight,
            row.policy_seen,
            bool(row.restricted),
            None if row.leaving_at is None else Moment(row.leaving_at),
        )


def _person(start: Any) -> Select[Any]:
    """A new person has no account for the length of one transaction, hence the outer join."""
    return select(people, accounts.c.account_id).select_from(
        start.outerjoin(accounts, accounts.c.person_id == people.c.id)
    )
