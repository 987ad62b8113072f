"""Leaving, the same at every door: what goes and what stays, a typed word, a while to think better, a receipt."""

from __future__ import annotations

from core import accounts
from tests.cast import Actor, Stage, keys_of, read
from tests.erasure.going import CODE, finish, found, id_of, rows_of, still_open


async def test_it_says_what_goes_and_what_stays_before_anything_happens(stage: Stage, ben: Actor) -> None:
    answer = await ben.says("/deleteme")

    assert answer.private
    assert {"deleteme.goes", "deleteme.stays", "receipt.stays_line", "deleteme.credits", "deleteme.how"} <= set(
        keys_of(answer)
    )
    assert "accounting law" in read(answer)
    assert "20 credits" in read(answer)
    assert still_open(stage) == []


async def test_only_the_word_in_full_begins_it(stage: Stage, ben: Actor) -> None:
    assert keys_of(await ben.says("/deleteme yes")) == ["deleteme.other_word"]
    assert still_open(stage) == []

    answer = await ben.says("/deleteme DELETE")

    assert keys_of(answer) == ["deleteme.confirmed", "deleteme.undo", "deleteme.code"]
    assert answer.private
    assert len(still_open(stage)) == 1


async def test_until_it_begins_it_can_be_undone_and_nothing_else_works(stage: Stage, ben: Actor) -> None:
    await ben.says("/deleteme DELETE")

    assert keys_of(await ben.says("/imagine a cat")) == ["account.leaving"]
    assert keys_of(await ben.says("/undo")) == ["undo.done"]
    assert "account.leaving" not in keys_of(await ben.says("/balance"))
    assert still_open(stage) == []


async def test_afterwards_they_are_nobody_and_their_receipt_is_found_by_its_number(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a cat")
    await stage.works()
    person = await id_of(ben)
    code = CODE.search(read(await ben.says("/deleteme DELETE")))
    assert code is not None
    stage.clock.passes(stage.app.limits.undo_window)

    await finish(stage)

    assert rows_of(stage, person) == {}
    assert await accounts.find(stage.app, ben.who) is None
    erased = await found(stage, code["code"])
    assert erased.receipt is not None
    answer = await ben.says(f"/requests {code['code']}")
    assert "receipt.head" in keys_of(answer)
    assert f"erasure_status.{erased.receipt.status}" in keys_of(answer)
    assert keys_of(await ben.says("/balance")) == ["start.first"]


async def test_who_is_banned_may_leave_too(stage: Stage, zed: Actor) -> None:
    assert "deleteme.banned" in keys_of(await zed.says("/deleteme"))
    person = await id_of(zed)

    await zed.says("/deleteme DELETE")
    stage.clock.passes(stage.app.limits.undo_window)
    await finish(stage)

    assert rows_of(stage, person) == {}
