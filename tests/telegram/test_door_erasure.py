"""Whoever is erased leaves no picture standing at Telegram, as far as Telegram lets a bot take it back."""

from __future__ import annotations

import pytest

from bots.receipts import Receipts
from bots.taking_back import TakesBack
from core.erasing import erasure
from core.values.receipts import Counted, Status
from tests.erasure.going import finish, found, passes
from tests.telegram import Group, Message
from tests.telegram.actor import Scene, TelegramActor


async def drawn(scene: Scene, ben: TelegramActor, how: str = "", to: Group | None = None) -> tuple[Message, ...]:
    messages = (await ben.says(f"/imagine a yellow star {how}", to=to)).messages
    await scene.stage.works()
    return messages


async def confirm(scene: Scene, ben: TelegramActor) -> str:
    """By the door itself; the code as they read it."""
    answer = await ben.says("/deleteme DELETE")
    return answer.text.split("number: ")[1][:8]


@pytest.fixture
def friends(scene: Scene, ben: TelegramActor) -> Group:
    return scene.telegram.group("Friends", ben.user)


async def test_every_picture_is_taken_back_in_private_and_in_groups(
    scene: Scene, ben: TelegramActor, friends: Group
) -> None:
    messages = [*await drawn(scene, ben, "--count 2"), *await drawn(scene, ben, to=friends)]

    receipt = await passes(scene.stage, await confirm(scene, ben))

    assert all(message.deleted for message in messages)
    assert receipt.status is Status.COMPLETE
    assert Counted("platform:telegram", "gone", 3) in receipt.deleted


async def test_a_message_older_than_two_days_is_covered_and_named_in_the_receipt(
    scene: Scene, ben: TelegramActor
) -> None:
    (message,) = await drawn(scene, ben)
    before = message.photo
    scene.telegram.passes(49 * 3600)

    code = await confirm(scene, ben)
    receipt = await passes(scene.stage, code)

    assert message.photo != before
    assert message.words == "This picture was deleted."
    assert receipt.status is Status.EXCEPT_SCHEDULED
    assert receipt.residual == (Counted("platform:telegram", "blanked", 1),)
    assert "too old to be deleted" in (await ben.says(f"/requests {code}")).text


async def test_a_message_that_somebody_deleted_before_counts_as_gone(scene: Scene, ben: TelegramActor) -> None:
    (message,) = await drawn(scene, ben)
    message.deleted = True

    receipt = await passes(scene.stage, await confirm(scene, ben))

    assert receipt.status is Status.COMPLETE


async def test_while_telegram_is_away_the_erasure_waits_and_then_goes_on(scene: Scene, ben: TelegramActor) -> None:
    (message,) = await drawn(scene, ben)
    code = await confirm(scene, ben)
    scene.stage.clock.passes(scene.stage.app.limits.undo_window)
    await erasure.proceed(scene.stage.app)
    scene.telegram.faults.loses_answers("deleteMessage")
    takes = TakesBack(scene.stage.app, scene.door)

    await takes.round()
    assert erasure.status(await found(scene.stage, code)) is Status.UNDER_WAY

    await finish(scene.stage)
    assert message.deleted
    assert erasure.status(await found(scene.stage, code)) is Status.COMPLETE


async def test_where_telegram_stays_away_the_receipt_says_what_is_left(scene: Scene, ben: TelegramActor) -> None:
    await drawn(scene, ben)
    code = await confirm(scene, ben)
    scene.stage.clock.passes(scene.stage.app.limits.undo_window)
    await erasure.proceed(scene.stage.app)
    scene.stage.clock.passes(erasure.COPIES_PATIENCE)

    await erasure.proceed(scene.stage.app)

    receipt = (await found(scene.stage, code)).receipt
    assert receipt is not None
    assert receipt.status is Status.EXCEPT_SCHEDULED
    assert receipt.residual == (Counted("platform:telegram", "left", 1),)


async def test_the_receipt_comes_by_itself_to_who_is_known_no_more(scene: Scene, ben: TelegramActor) -> None:
    receipts = Receipts(scene.stage.app, scene.door)
    code = await confirm(scene, ben)
    await receipts.round()
    before = len(ben.user.told())
    await passes(scene.stage, code)

    await receipts.round()
    await receipts.round()

    told = ben.user.told()[before:]
    assert sum(f"Receipt {code}" in message.words for message in told) == 1


async def test_who_thought_better_of_it_gets_no_receipt(scene: Scene, ben: TelegramActor) -> None:
    receipts = Receipts(scene.stage.app, scene.door)
    await confirm(scene, ben)
    await receipts.round()
    await ben.says("/undo")
    before = len(ben.user.told())

    await receipts.round()

    assert len(ben.user.told()) == before
