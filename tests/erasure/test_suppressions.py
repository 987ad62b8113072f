"""What outlives an account on purpose: welcome credits are given once, and a ban holds. As keyed hashes, and for a time."""

from __future__ import annotations

from core import accounts
from core.erasing.erasure import remembered_until
from core.values import Moment
from core.values.receipts import Status
from tests.cast import Actor, Stage, enter, keys_of, read
from tests.erasure.going import every_row, goes


async def test_who_comes_back_has_a_new_account_and_no_second_welcome(stage: Stage, ben: Actor) -> None:
    before = await accounts.known(stage.app, ben.who)
    await goes(ben)

    await ben.agrees()

    after = await accounts.known(stage.app, ben.who)
    assert after.id != before.id
    assert not after.banned
    assert (await ben.balance()).spendable == 0
    assert stage.mistakes() == []


async def test_the_mark_is_a_keyed_hash_and_expires(stage: Stage, ben: Actor) -> None:
    await goes(ben)

    (mark,) = every_row(stage)["suppression"]
    assert (mark["lookup"], mark["kind"]) == (stage.app.keys.lookup(ben.who), "welcome")

    stage.clock.moment = mark["until"]
    await ben.agrees()
    assert (await ben.balance()).spendable > 0  # also before the sweep has been
    stage.database.transact(lambda tx: tx.suppressions.forget(Moment(stage.clock.now())))
    assert every_row(stage)["suppression"] == []


async def test_a_ban_survives_only_as_a_mark_and_is_disclosed(stage: Stage, zed: Actor) -> None:
    assert "deleteme.banned" in keys_of(await zed.says("/deleteme"))

    receipt = await goes(zed)

    assert receipt.status is Status.COMPLETE
    assert {(mark["lookup"], mark["kind"]) for mark in every_row(stage)["suppression"]} == {
        (stage.app.keys.lookup(zed.who), kind) for kind in ("welcome", "banned")
    }
    assert any(one.cell == "sql:suppression.lookup" and one.statute for one in receipt.retained)
    assert "a scrambled mark of your id on the platform" in read(await zed.says(f"/requests {receipt.code}"))


async def test_who_was_banned_is_banned_when_they_come_back(stage: Stage, zed: Actor) -> None:
    await goes(zed)

    await zed.agrees()

    assert keys_of(await zed.says("/imagine a cat")) == ["account.banned"]


async def test_a_ban_that_is_over_is_over(stage: Stage, zed: Actor) -> None:
    await goes(zed)
    stage.clock.moment = remembered_until(stage.clock.now(), stage.app.periods)

    await zed.agrees()

    assert not (await accounts.known(stage.app, zed.who)).banned


async def test_a_new_cookie_is_not_a_new_welcome_when_the_last_visitor_left(stage: Stage) -> None:
    first = enter(stage, "a-cookie", door="page")
    await first.agrees()
    await goes(first)

    second = enter(stage, "another-cookie", door="page")
    await second.agrees()

    assert (await second.balance()).spendable == 0
