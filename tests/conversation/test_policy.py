"""The policy changes while people are here: at every door they learn of it, and go on with one press."""

from __future__ import annotations

from dataclasses import replace

from bots.wiring import policy
from core.policy.facts import TRIAL, Controller
from tests.cast import AGREE, Actor, Stage, keys_of, read
from tests.policy.operator import enacts


async def test_after_a_material_change_one_press_is_enough(stage: Stage, ben: Actor) -> None:
    enacts(stage, replace(TRIAL, controller=Controller("Somebody", "Somewhere 1")))
    asked = await ben.says("/imagine a star")
    assert keys_of(asked)[0] == "policy.changed"

    assert keys_of(await ben.presses(AGREE)) == ["policy.agreed_again"]
    await ben.says("/imagine a star")
    await stage.works()
    assert len(ben.inbox[0].pictures) == 1


async def test_of_a_minor_change_the_first_answer_tells_once(stage: Stage, ben: Actor) -> None:
    enacts(stage, replace(policy(TRIAL), wording="another"))
    first, second = read(await ben.says("/balance")), read(await ben.says("/balance"))

    assert first.startswith("The privacy policy has a new version (2), in small things only.")
    assert second.startswith("You have 20 credits.")


async def test_whoever_is_banned_still_reads_the_policy_and_the_terms(zed: Actor) -> None:
    for line in ("/privacy", "/privacy rights", "/terms"):
        assert (await zed.says(line)).error is None
