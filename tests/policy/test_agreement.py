"""Whoever agreed to one text is asked again before their next picture once something weighty changed, and not before."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import text

from bots.wiring import policy
from core import accounts
from core.policy.facts import TRIAL, Controller
from core.values import Person
from tests.cast import AGREE, Actor, Stage, keys_of, read
from tests.policy.operator import enacts

NAMED = replace(TRIAL, controller=Controller("Somebody", "Somewhere 1"))
REWORDED = replace(policy(TRIAL), wording="another")


def rows(stage: Stage, table: str) -> list[dict[str, object]]:
    with stage.database._engine.connect() as connection:
        return [dict(row) for row in connection.execute(text(f"SELECT * FROM {table}")).mappings()]


async def person(actor: Actor) -> Person:
    return await accounts.known(actor.stage.app, actor.who)


async def test_agreeing_writes_down_which_text_and_which_age(stage: Stage, ben: Actor) -> None:
    (row,) = rows(stage, "acknowledgement")

    assert (row["notice_version"], row["minimum_age"]) == (1, 16)
    assert row["text_hash"] == stage.app.policy.hash


async def test_agreeing_to_the_notice_consents_to_nothing(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a star")
    await stage.works()

    assert len(ben.inbox[0].pictures) == 1
    assert rows(stage, "consent") == []


async def test_after_a_material_change_everybody_is_asked_again(stage: Stage, ben: Actor) -> None:
    enacts(stage, NAMED)
    answer = await ben.says("/imagine a star")

    assert keys_of(answer) == ["policy.changed", "policy.again", "change.new_controller"]
    assert answer.error == "refused"

    await ben.presses(AGREE)
    await ben.says("/imagine a star")
    await stage.works()
    assert len(ben.inbox[0].pictures) == 1


async def test_agreeing_again_is_written_down_beside_the_first_time(stage: Stage, ben: Actor) -> None:
    enacts(stage, NAMED)
    await ben.says("/start")
    await ben.presses(AGREE)

    assert [row["notice_version"] for row in rows(stage, "acknowledgement")] == [1, 2]
    assert rows(stage, "acknowledgement")[1]["text_hash"] == stage.app.policy.hash
    assert (await person(ben)).notice_version == 2
    assert (await ben.balance()).spendable == 20_000  # no welcome twice


async def test_a_minor_change_asks_nobody(stage: Stage, ben: Actor) -> None:
    enacts(stage, REWORDED)

    assert (await ben.says("/imagine a star")).error is None


async def test_who_comes_after_a_minor_change_agrees_to_the_newest(stage: Stage, ana: Actor) -> None:
    enacts(stage, REWORDED)
    await ana.agrees()

    assert (await person(ana)).notice_version == 2


async def test_who_is_asked_again_sees_all_that_changed_since(stage: Stage, ben: Actor) -> None:
    enacts(stage, NAMED)
    enacts(stage, replace(NAMED, privacy_contact="privacy@operator.example"))
    said = read(await ben.says("/imagine a star"))

    assert "Somebody else answers for this bot now." in said
    assert "Written down anew: the address for privacy questions." in said


async def test_rights_and_the_policy_itself_wait_for_no_agreement(stage: Stage, ben: Actor) -> None:
    enacts(stage, NAMED)

    for line in ("/privacy", "/privacy changes", "/terms", "/consent", "/requests"):
        assert (await ben.says(line)).error is None, line


async def test_what_changed_is_one_press_away(stage: Stage, ben: Actor) -> None:
    enacts(stage, NAMED)
    await ben.says("/imagine a star")

    assert "change.new_controller" in keys_of(await ben.presses("What changed?"))


async def test_an_older_age_holds_for_who_comes_later(stage: Stage, ana: Actor) -> None:
    enacts(stage, replace(TRIAL, minimum_age=18))
    answer = await ana.says("/start")

    assert "18 or older" in read(answer)
    await ana.presses("I am 18 or older")
    assert rows(stage, "acknowledgement")[0]["minimum_age"] == 18
