"""The verbs of `core.records.Profiles` and `core.records.Addresses`: what people say about themselves."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, select, update

from core.values import Moment, PersonId
from core.values.statements import Field, Kept, Proof, Source
from storage.records.statements import insert_if_new
from storage.records.tables import ProfileRow, ProofOfAddressRow, table

profiles, proofs = table(ProfileRow), table(ProofOfAddressRow)


class SqlProfiles:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, person: PersonId, kept: Kept) -> None:
        values = {"sealed_value": kept.sealed, "source": kept.source, "at": kept.at}
        if not insert_if_new(self._connection, profiles, person_id=person, field=kept.name, **values):
            self._connection.execute(update(profiles).where(*_of(person, kept.name)).values(**values))

    def get(self, person: PersonId, field: Field) -> Kept | None:
        row = self._connection.execute(select(profiles).where(*_of(person, field))).one_or_none()
        return None if row is None else _kept(row)

    def of(self, person: PersonId) -> list[Kept]:
        mine = select(profiles).where(profiles.c.person_id == person).order_by(profiles.c.field)
        return [_kept(row) for row in self._connection.execute(mine)]

    def remove(self, person: PersonId, field: Field) -> bool:
        return self._connection.execute(delete(profiles).where(*_of(person, field))).rowcount == 1


class SqlAddresses:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, person: PersonId, proof: Proof) -> None:
        self.remove(person)
        insert_if_new(
            self._connection,
            proofs,
            person_id=person,
            sealed_address=proof.sealed,
            code_hash=proof.code_hash,
            tries=proof.tries,
            until=proof.until,
        )

    def lock(self, person: PersonId) -> Proof | None:
        found = select(proofs).where(proofs.c.person_id == person).with_for_update()
        row = self._connection.execute(found).one_or_none()
        if row is None:
            return None
        return Proof(bytes(row.sealed_address), row.code_hash, row.tries, Moment(row.until))

    def count_try(self, person: PersonId) -> None:
        tried = update(proofs).where(proofs.c.person_id == person)
        self._connection.execute(tried.values(tries=proofs.c.tries + 1))

    def remove(self, person: PersonId) -> bool:
        return self._connection.execute(delete(proofs).where(proofs.c.person_id == person)).rowcount == 1


def _of(person: PersonId, field: Field) -> tuple[Any, ...]:
    return profiles.c.person_id == person, profiles.c.field == field


def _kept(row: Any) -> Kept:
    return Kept(Field(row.field), bytes(row.sealed_value), Source(row.source), Moment(row.at))
