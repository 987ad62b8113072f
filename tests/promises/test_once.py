"""A platform may bring the same update again: it is acted on once."""

from __future__ import annotations

from dataclasses import replace

from bots.answering import hear
from core.rules import INBOX_LIFE
from core.values import Origin
from tests.cast import Actor, Stage, keys_of


async def test_the_same_update_is_one_request(stage: Stage, ben: Actor) -> None:
    who = replace(ben.who, origin=Origin("a chat", "telegram:1"))

    first, second = [await hear(stage.app, who, "/imagine a star") for _ in range(2)]

    assert first.job is not None
    assert keys_of(second) == ["imagine.repeated"]
    assert (await ben.balance()).held == 1_000


async def test_a_refused_request_may_come_again(stage: Stage, ben: Actor) -> None:
    who = replace(ben.who, origin=Origin("a chat", "telegram:1"))
    await hear(stage.app, who, "/imagine a star --steps 99")

    assert (await hear(stage.app, who, "/imagine a star")).job is not None


async def test_the_same_cancel_takes_back_one_request(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a star")
    await ben.says("/imagine a circle")
    who = replace(ben.who, origin=Origin("a chat", "telegram:2"))

    for _ in range(2):
        await hear(stage.app, who, "/cancel")

    assert (await ben.balance()).held == 1_000


async def test_numbers_of_updates_are_forgotten(stage: Stage, ben: Actor) -> None:
    who = replace(ben.who, origin=Origin("a chat", "telegram:1"))
    await hear(stage.app, who, "/imagine a star")
    stage.clock.passes(INBOX_LIFE)
    await stage.sweeps()

    with stage.database._engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM inbox").scalar() == 0
