"""Words that several of these tests share."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import text

from core import accounts
from core.datamap import Purpose
from core.policy.facts import OPTIONAL
from core.rights import allowed
from core.values import Person
from tests.cast import Actor, Stage


def offers(stage: Stage, *purposes: Purpose) -> None:
    """From now on this is done here, or everything optional where nothing is named."""
    facts = replace(stage.app.policy.facts, offered=frozenset(purposes) or OPTIONAL)
    object.__setattr__(stage.app, "policy", replace(stage.app.policy, facts=facts))


async def person_of(actor: Actor) -> Person:
    return await accounts.known(actor.stage.app, actor.who)


async def allows(actor: Actor, purpose: Purpose) -> bool:
    """Whether it may be done with what is theirs, now."""
    person = await person_of(actor)
    return actor.stage.database.transact(lambda tx: allowed.given(tx, person.id, purpose))


def rows(stage: Stage, table: str, **where: Any) -> list[Any]:
    """Of the live database, as they lie there."""
    condition = " AND ".join(f"{name} = :{name}" for name in where) or "1 = 1"
    with stage.database._engine.connect() as connection:
        return list(connection.execute(text(f'SELECT * FROM "{table}" WHERE {condition}'), where).mappings())
