"""The verbs of `core.records.People`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, delete, false, insert, select, update

from core.credits import LedgerAccountId
from core.records import Agreed, NewIdentity
from core.rules import DAY
from core.values import Moment, Person, PersonId
from core.values.statements import AgeStated
from storage.records.statements import insert_if_new
from storage.records.tables import AcknowledgementRow, IdentityRow, PersonAccountRow, PersonRow, TooYoungRow, table

people, identities, accounts = table(PersonRow), table(IdentityRow), table(PersonAccountRow)
acknowledgements, too_young = table(AcknowledgementRow), table(TooYoungRow)


def _person(start: Any) -> Select[Any]:
    """A new person has no account for the length of one transaction, hence the outer join."""
    return select(people, accounts.c.account_id).select_from(
        start.outerjoin(accounts, accounts.c.person_id == people.c.id)
    )


# Every request runs these.

_ONE = _person(people).where(people.c.id == bindparam("person"))
_KNOWN = _person(identities.join(people, identities.c.person_id == people.c.id)).where(
    identities.c.lookup == bindparam("lookup")
)


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
        return self._one(_KNOWN, {"lookup": lookup})

    def get(self, person: PersonId) -> Person | None:
        return self._one(_ONE, {"person": person})

    def acknowledge(self, person: PersonId, agreed: Agreed, door: str, now: Moment) -> None:
        self._connection.execute(
            insert(acknowledgements).values(
                person_id=person,
                notice_version=agreed.version,
                minimum_age=agreed.minimum_age,
                text_hash=agreed.text_hash,
                door=door,
                at=now,
            )
        )
        read = {"notice_version": agreed.version, "policy_seen": agreed.version}
        self._connection.execute(update(people).where(people.c.id == person).values(**read))

    def show_policy(self, lookup: str, version: int) -> bool:
        of_identity = select(identities.c.person_id).where(identities.c.lookup == lookup).scalar_subquery()
        unseen = update(people).where(people.c.id == of_identity, people.c.policy_seen < version)
        return bool(self._connection.execute(unseen.values(policy_seen=version)).rowcount)

    def ages_stated(self, person: PersonId) -> list[AgeStated]:
        mine = select(acknowledgements).where(acknowledgements.c.person_id == person).order_by(acknowledgements.c.id)
        return [
            AgeStated(row.minimum_age, row.notice_version, Moment(row.at)) for row in self._connection.execute(mine)
        ]

    def restrict(self, person: PersonId, *, restricted: bool) -> bool:
        other = update(people).where(people.c.id == person, people.c.restricted != restricted)
        return self._connection.execute(other.values(restricted=restricted)).rowcount == 1

    def too_young_until(self, lookup: str) -> Moment | None:
        until = self._connection.execute(select(too_young.c.until).where(too_young.c.lookup == lookup)).scalar()
        return None if until is None else Moment(until)

    def mark_too_young(self, lookup: str, until: Moment) -> None:
        self._connection.execute(delete(too_young).where(too_young.c.lookup == lookup))
        insert_if_new(self._connection, too_young, lookup=lookup, until=until)

    def weigh(self, person: PersonId, weight: int) -> None:
        self._connection.execute(update(people).where(people.c.id == person).values(weight=weight))

    def others_at(self, door: str, person: PersonId) -> bool:
        others = select(identities.c.lookup).where(identities.c.door == door, identities.c.person_id != person)
        return self._connection.execute(others.limit(1)).first() is not None

    def which_exist(self, found: Sequence[PersonId]) -> set[PersonId]:
        rows = self._connection.execute(select(people.c.id).where(people.c.id.in_(found)))
        return {PersonId(row.id) for row in rows}

    def note_active(self, lookup: str, day: Moment) -> bool:
        theirs = select(identities.c.person_id).where(identities.c.lookup == lookup).scalar_subquery()
        earlier = update(people).where(people.c.id == theirs, people.c.last_active < day)
        return self._connection.execute(earlier.values(last_active=day, dormancy_told_at=None)).rowcount == 1

    def idle(self, since: Moment, most: int) -> list[PersonId]:
        away = select(people.c.id).where(
            people.c.last_active <= since, people.c.dormancy_told_at.is_(None), *_staying()
        )
        return [PersonId(id_) for id_ in self._connection.execute(away.limit(most)).scalars()]

    def mark_dormant(self, person: PersonId, now: Moment) -> None:
        self._connection.execute(update(people).where(people.c.id == person).values(dormancy_told_at=now))

    def dormant(self, told_by: Moment, most: int) -> list[Person]:
        told = _person(people).where(people.c.dormancy_told_at <= told_by, *_staying()).limit(most)
        return [_read(row) for row in self._connection.execute(told)]

    def _one(self, statement: Select[Any], values: dict[str, str]) -> Person | None:
        row = self._connection.execute(statement, values).one_or_none()
        return None if row is None else _read(row)


def _staying() -> tuple[ColumnElement[bool], ...]:
    """Who neither leaves already nor wants everything to stay as it is."""
    return people.c.leaving_at.is_(None), people.c.restricted == false()


def _read(row: Any) -> Person:
    return Person(
        PersonId(row.id),
        LedgerAccountId(row.account_id or ""),
        bool(row.banned),
        row.notice_version,
        row.weight,
        row.policy_seen,
        bool(row.restricted),
        None if row.leaving_at is None else Moment(row.leaving_at),
    )
