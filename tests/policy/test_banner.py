"""A small change is told once, where its reader is alone, and not where it would be lost."""

from __future__ import annotations

from dataclasses import replace

from bots.answering import hear
from bots.wiring import policy
from core.policy.facts import TRIAL
from core.values import Origin, Who
from tests.cast import Actor, Stage, enter, keys_of
from tests.policy.operator import enacts

BANNER = "policy.changed_little"
REWORDED = replace(policy(TRIAL), wording="another")


async def test_a_minor_change_is_told_once(stage: Stage, ben: Actor) -> None:
    enacts(stage, REWORDED)

    assert keys_of(await ben.says("/balance"))[0] == BANNER
    assert BANNER not in keys_of(await ben.says("/balance"))


async def test_it_is_told_once_whatever_process_answers(stage: Stage, ben: Actor) -> None:
    enacts(stage, REWORDED)
    await ben.says("/balance")
    enacts(stage, REWORDED)  # as started again: nothing is remembered but what is written down

    assert BANNER not in keys_of(await ben.says("/balance"))


async def test_the_next_change_is_told_again(stage: Stage, ben: Actor) -> None:
    enacts(stage, REWORDED)
    await ben.says("/balance")
    enacts(stage, replace(REWORDED, wording="a third"))

    assert keys_of(await ben.says("/balance"))[0] == BANNER


async def test_who_comes_later_is_told_nothing(stage: Stage, ana: Actor) -> None:
    enacts(stage, REWORDED)
    await ana.agrees()

    assert BANNER not in keys_of(await ana.says("/balance"))


async def test_who_has_no_account_is_told_nothing(stage: Stage, ana: Actor) -> None:
    enacts(stage, REWORDED)

    assert BANNER not in keys_of(await ana.says("/help"))


async def test_without_a_change_nobody_is_told(ben: Actor) -> None:
    assert BANNER not in keys_of(await ben.says("/balance"))


async def test_where_others_read_along_it_waits(stage: Stage) -> None:
    ben = enter(stage, "ben", "telegram")
    await ben.agrees()
    enacts(stage, REWORDED)
    in_a_group = Who("telegram", "ben", Origin("a group", "1", "-100"))

    assert BANNER not in keys_of(await hear(stage.app, in_a_group, "/help"))
    assert keys_of(await ben.says("/help"))[0] == BANNER


async def test_a_placeholder_that_is_written_over_does_not_use_it_up(stage: Stage, ben: Actor) -> None:
    enacts(stage, REWORDED)

    assert BANNER not in keys_of(await ben.says("/imagine a star"))
    assert keys_of(await ben.says("/balance"))[0] == BANNER
