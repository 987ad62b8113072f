"""What somebody allows at this moment, asked in the transaction that does it. Knows no command."""

from __future__ import annotations

from core.datamap import Purpose
from core.records import Records
from core.values import PersonId


def given(tx: Records, person: PersonId, purpose: Purpose) -> bool:
    """Whether this may be done with what is theirs, now: they said so, and neither objected, restricted us nor left since.

    To be asked in the transaction that does it, or right before what cannot be in one.
    """
    owner, newest = tx.people.get(person), tx.consents.newest(person, purpose)
    if owner is None or newest is None or not newest.given:
        return False
    return not (owner.restricted or owner.leaving_at is not None or objected(tx, person, purpose))


def objected(tx: Records, person: PersonId, purpose: Purpose) -> bool:
    """Whether they objected to a purpose. What is compelling goes on all the same."""
    return any(objection.purpose is purpose for objection in tx.objections.of(person))
