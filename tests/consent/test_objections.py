"""Objecting: what may stop stops at once, and what goes on is answered with its reason."""

from __future__ import annotations

import pytest

from bots.texts import sentences
from bots.wiring import datamap
from core.datamap import Basis, Purpose
from core.policy.permissions import COMPELLING, SWITCHES
from core.rights import allowed, consent
from tests.cast import Actor, Stage, keys_of, read
from tests.consent.offering import allows, offers, person_of, rows


def test_every_purpose_of_legitimate_interest_stops_or_has_a_reason_to_go_on() -> None:
    interests = {purpose for purpose in Purpose if purpose.basis is Basis.LEGITIMATE_INTEREST}

    assert interests <= set(consent.objectionable(datamap()))
    assert interests >= COMPELLING
    assert all(len(sentences("en")[f"compelling.{purpose}"]) > 80 for purpose in COMPELLING)


@pytest.mark.parametrize("purpose", SWITCHES)
async def test_what_was_allowed_stops_at_once(stage: Stage, ben: Actor, purpose: Purpose) -> None:
    offers(stage)
    await ben.says(f"/consent {purpose} on")
    assert keys_of(await ben.says(f"/object {purpose}")) == ["object.stopped"]

    assert not await allows(ben, purpose)
    assert [(row["kind"], row["about"], row["outcome"]) for row in rows(stage, "ticket")] == [
        ("object", purpose, "done")
    ]


async def test_an_objection_holds_whatever_was_allowed_beside_it(stage: Stage, ben: Actor) -> None:
    """As after two accounts became one."""
    offers(stage)
    await ben.says("/consent analytics on")
    person = await person_of(ben)
    stage.database.transact(lambda tx: tx.objections.add(person.id, Purpose.MEASURE, stage.clock.now()))

    assert not await allows(ben, Purpose.MEASURE)


async def test_analytics_is_what_people_call_it(stage: Stage, ben: Actor) -> None:
    offers(stage)
    await ben.says("/consent analytics on")
    await ben.says("/object analytics")

    assert not await allows(ben, Purpose.MEASURE)


@pytest.mark.parametrize("name", ["safety", "keep_safe", "erasures"])
async def test_what_goes_on_is_answered_with_why_and_with_somebody_to_write_to(ben: Actor, name: str) -> None:
    answer = await ben.says(f"/object {name}")

    assert keys_of(answer) == ["object.goes_on"]
    assert "hash" in read(answer)
    assert "/contact" in read(answer)
    (ticket,) = rows(ben.stage, "ticket")
    assert (ticket["kind"], ticket["outcome"]) == ("object", "refused")


async def test_an_objection_is_written_down_and_shown(stage: Stage, ben: Actor) -> None:
    await ben.says("/object safety")
    person = await person_of(ben)

    assert stage.database.transact(lambda tx: allowed.objected(tx, person.id, Purpose.KEEP_SAFE))
    assert "You objected on" in read(await ben.says("/object"))


async def test_it_can_be_taken_back_and_nothing_optional_comes_on_by_that(stage: Stage, ben: Actor) -> None:
    offers(stage)
    await ben.says("/consent analytics on")
    await ben.says("/object analytics")

    assert keys_of(await ben.says("/object analytics off")) == ["object.no_more"]
    assert not await allows(ben, Purpose.MEASURE)
    assert keys_of(await ben.says("/object analytics off")) == ["object.never"]


async def test_allowing_it_again_ends_the_objection(stage: Stage, ben: Actor) -> None:
    offers(stage)
    await ben.says("/object analytics")
    await ben.says("/consent analytics on")

    assert await allows(ben, Purpose.MEASURE)


@pytest.mark.parametrize("purpose", ["draw", "grant_rights", "keep_books"])
async def test_what_rests_on_a_contract_or_a_law_is_answered_with_the_right_that_fits(ben: Actor, purpose: str) -> None:
    answer = await ben.says(f"/object {purpose}")

    assert keys_of(answer) == ["object.other_right"]
    assert "/restrict" in read(answer)


async def test_an_unknown_purpose_is_answered_with_those_there_are(ben: Actor) -> None:
    assert "safety" in read(await ben.says("/object everything"))
