"""In the window nothing is lost and nothing else works; /undo brings everything back, and afterwards it is too late."""

from __future__ import annotations

import pytest

from core.erasing import erasure, replaying
from core.values.receipts import Ground
from tests.cast import Actor, Stage, keys_of
from tests.erasure.going import confirms, every_row, finish, id_of, still_open


async def test_everything_is_refused_but_what_is_theirs_by_right(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a cat")
    await stage.works()
    picture = ben.inbox[0].pictures[0].id
    await confirms(ben)

    for line in (
        "/imagine a dog",
        "/again",
        "/gallery",
        f"/show {picture}",
        f"/delete {picture}",
        "/settings",
        "hello",
    ):
        assert keys_of(await ben.says(line)) == ["account.leaving"], line
    for line in ("/privacy", "/requests", "/deleteme", "/export"):
        assert "account.leaving" not in keys_of(await ben.says(line)), line


async def test_open_requests_end_and_their_credits_come_back(stage: Stage, ben: Actor) -> None:
    before = (await ben.balance()).spendable
    await ben.says("/imagine a cat --count 2")

    await confirms(ben)
    await ben.says("/undo")

    now = await ben.balance()
    assert (now.spendable, now.held) == (before, 0)


async def test_undone_is_as_before(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a cat")
    await stage.works()
    before = every_row(stage)

    await confirms(ben)
    assert keys_of(await ben.says("/undo")) == ["undo.done"]

    after = every_row(stage)
    assert after["person"] == before["person"]
    assert {table for table in before if before[table] != after[table]} <= {"ledger_account"}  # its lock was taken
    assert await stage.app.tombstones.all() == {}
    assert keys_of(await ben.says("/gallery")) != ["account.leaving"]
    stage.clock.passes(2 * stage.app.limits.undo_window)
    assert await erasure.proceed(stage.app) == 0
    assert await replaying.replay(stage.app) == 0


async def test_there_is_nothing_to_undo_before_and_after(stage: Stage, ben: Actor) -> None:
    assert keys_of(await ben.says("/undo")) == ["undo.nothing"]


async def test_when_it_has_begun_it_is_too_late(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a cat")
    await confirms(ben)
    stage.clock.passes(stage.app.limits.undo_window)
    (begun,) = still_open(stage)
    await erasure.STEPS[begun.stage](stage.app, begun)

    assert keys_of(await ben.says("/undo")) == ["undo.too_late"]
    await finish(stage)
    assert still_open(stage) == []


async def test_a_second_wish_is_the_first(stage: Stage, ben: Actor) -> None:
    code = await confirms(ben)
    stage.clock.passes(1_000)

    assert await confirms(ben) == code
    assert len(still_open(stage)) == 1


@pytest.mark.parametrize("ground", [Ground.OPERATOR, Ground.CHILD])
async def test_nobody_undoes_what_whoever_runs_the_bot_began(stage: Stage, ben: Actor, ground: Ground) -> None:
    await erasure.begin(stage.app, await id_of(ben), ground, stage.app.limits.undo_window)

    assert keys_of(await ben.says("/undo")) == ["undo.not_yours"]


async def test_who_is_nobody_has_nothing_to_erase(stage: Stage, ana: Actor) -> None:
    assert keys_of(await ana.says("/deleteme")) == ["start.first"]
    assert keys_of(await ana.says("/deleteme DELETE")) == ["start.first"]


async def test_another_word_erases_nothing(stage: Stage, ben: Actor) -> None:
    assert keys_of(await ben.says("/deleteme yes")) == ["deleteme.other_word"]
    assert still_open(stage) == []
