"""The person about whom there is something in every store, at every door where people are."""

from __future__ import annotations

from core import accounts
from tests.cast import Actor, Stage
from tests.rights.everything import everything, missing


async def test_a_person_has_something_in_every_store(stage: Stage, ana: Actor) -> None:
    await everything(stage, ana)

    person = await accounts.known(stage.app, ana.who)
    assert missing(stage, person.id) == []
    assert stage.mistakes() == []


async def test_somebody_who_only_agreed_has_not(stage: Stage, ana: Actor, ben: Actor) -> None:
    await everything(stage, ana)

    person = await accounts.known(stage.app, ben.who)
    assert {"picture", "ticket", "exports/"} <= set(missing(stage, person.id))
