"""What came of a request reaches its person once, whatever happens on the way."""

from __future__ import annotations

import asyncio
import io
import time
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import text

from bots.delivering import deliver
from bots.on_telegram.places import Place
from bots.on_telegram.wire import Shown
from core.values import DeliveryState
from storage.database import SqlDatabase
from tests.cast import build_stage
from tests.telegram import Group, Message, TelegramServer
from tests.telegram.actor import Scene, TelegramActor, at_telegram
from tests.telegram.faults import SENDS

EDITS = ("editMessageMedia", "editMessageText")


def states(scene: Scene) -> list[str]:
    """What the books say of each outcome."""
    with scene.stage.database._engine.begin() as connection:
        found = connection.execute(text('SELECT state FROM delivery ORDER BY job_id, "index"'))
        return [row[0] for row in found]


async def asked(ben: TelegramActor, how: str = "", to: Group | None = None) -> tuple[Message, ...]:
    return (await ben.says(f"/imagine a yellow star {how}", to=to)).messages


# Into the placeholder


@pytest.mark.parametrize("acts", [True, False])
@pytest.mark.parametrize("fault", ["lost", "502", "500"])
async def test_an_edit_is_done_again_until_it_is_known_to_be_done(
    scene: Scene, ben: TelegramActor, fault: str, acts: bool
) -> None:
    (message,) = await asked(ben)
    faults = scene.telegram.faults
    if fault == "lost":
        planted = (faults.loses_answers if acts else faults.refuses)("editMessageMedia", times=2)
    else:
        planted = faults.breaks("editMessageMedia", status=int(fault), acts=acts, times=2)
    await scene.stage.works()
    while await ben.owed():
        await scene.stage.tells()

    assert planted.struck == 2
    assert message.words.startswith("AI-generated picture")
    assert len(message.buttons) == 5
    assert states(scene) == [DeliveryState.DELIVERED]
    assert scene.telegram.duplicates() == []
    assert await ben.presses("Again", message)


async def test_an_edit_whose_answer_is_too_slow_is_done_again(tmp_path: Path, database: SqlDatabase) -> None:
    async with at_telegram(build_stage(tmp_path, database), patience=0.3) as scene:
        ben = scene.enter("Ben")
        await ben.agrees()
        await asked(ben)
        scene.telegram.faults.slows("editMessageMedia", seconds=0.6)
        await scene.stage.works()
        while await ben.owed():
            await scene.stage.tells()

        assert (states(scene), scene.telegram.duplicates()) == ([DeliveryState.DELIVERED], [])


async def test_an_edit_that_is_there_already_counts(tmp_path: Path, database: SqlDatabase) -> None:
    server = TelegramServer(recognises_uploads=True)
    async with at_telegram(build_stage(tmp_path, database), server) as scene:
        ben = scene.enter("Ben")
        await ben.agrees()
        (message,) = await asked(ben)
        scene.telegram.faults.loses_answers("editMessageMedia")
        await scene.stage.works()
        while await ben.owed():
            await scene.stage.tells()

        assert message.edits == 1
        assert states(scene) == [DeliveryState.DELIVERED]


async def test_telegram_may_be_away_for_a_while(scene: Scene, ben: TelegramActor) -> None:
    (message,) = await asked(ben)
    async with scene.telegram.down():
        await scene.stage.works()
        assert states(scene) == [DeliveryState.OWED]
    while await ben.owed():
        await scene.stage.tells()

    assert message.photo is not None


# Where no placeholder stands


async def test_a_message_that_is_gone_is_made_good_by_a_new_one(scene: Scene, ben: TelegramActor) -> None:
    (message,) = await asked(ben)
    message.deleted = True
    await scene.stage.works()

    (new,) = ben.inbox[0].messages
    assert new.photo is not None
    assert new.reply_to is ben.user.sees()[-2]
    assert states(scene) == [DeliveryState.DELIVERED]
    await ben.presses("Delete", new)
    assert new.deleted


@pytest.mark.parametrize("fault", ["lost", "refused", "502", "502 but done"])
async def test_a_new_one_that_may_have_arrived_is_never_sent_again(
    scene: Scene, ben: TelegramActor, fault: str
) -> None:
    (message,) = await asked(ben)
    message.deleted = True
    plant = {
        "lost": lambda: scene.telegram.faults.loses_answers("sendPhoto"),
        "refused": lambda: scene.telegram.faults.refuses("sendPhoto"),
        "502": lambda: scene.telegram.faults.breaks("sendPhoto"),
        "502 but done": lambda: scene.telegram.faults.breaks("sendPhoto", acts=True),
    }[fault]
    plant()
    await scene.stage.works()
    await scene.stage.tells()

    assert states(scene) == [DeliveryState.UNCERTAIN]
    assert len(scene.telegram.called("sendPhoto")) == 1
    assert len((await ben.says("/gallery")).pictures) == 1


async def test_a_new_one_that_never_left_is_sent_later(scene: Scene, ben: TelegramActor) -> None:
    (message,) = await asked(ben)
    message.deleted = True
    scene.telegram.faults.breaks("editMessageMedia")
    await scene.stage.works()
    async with scene.telegram.down():
        await scene.stage.tells()
        assert states(scene) == [DeliveryState.OWED]
    while await ben.owed():
        await scene.stage.tells()

    assert states(scene) == [DeliveryState.DELIVERED]
    assert len(scene.telegram.called("sendPhoto")) == 1


async def test_a_placeholder_whose_answer_got_lost_is_made_once_more(scene: Scene, ben: TelegramActor) -> None:
    scene.telegram.faults.loses_answers("sendMessage")
    orphan, message = await asked(ben)
    await scene.stage.works()

    assert message.photo is not None
    assert (orphan.text or "").startswith("You are 1st in line")
    assert (await ben.presses("Cancel", orphan)).keys == ["cancel.over"]


async def test_a_lost_placeholder_shows_itself_when_its_button_is_pressed(scene: Scene, ben: TelegramActor) -> None:
    scene.telegram.faults.loses_answers("sendMessage")
    orphan, message = await asked(ben)
    await ben.presses("Cancel", orphan)

    assert (orphan.buttons, message.words.splitlines()[0]) == ([], "Taken back. What was not drawn yet costs nothing.")


async def test_without_any_placeholder_the_picture_comes_as_a_reply(scene: Scene, ben: TelegramActor) -> None:
    scene.telegram.faults.refuses("sendMessage", times=2)
    assert await asked(ben) == ()
    await scene.stage.works()

    (new,) = ben.inbox[0].messages
    assert new.reply_to is not None
    assert new.reply_to.words == "/imagine a yellow star"


async def test_a_quick_picture_waits_for_its_placeholder(scene: Scene, ben: TelegramActor) -> None:
    scene.telegram.faults.slows("sendMessage", seconds=0.3)
    await ben.user.sends("/imagine a star")
    await scene.telegram.until(lambda: len(ben.sees()) == 3)
    await scene.stage.works()

    assert ben.sees()[-1].photo is not None
    assert len(ben.sees()) == 3
    assert scene.telegram.called("sendPhoto") == []


# Failures


async def test_a_failure_is_told_in_the_placeholder(scene: Scene, ben: TelegramActor) -> None:
    first, second, third = await asked(ben, "--count 3")
    for _ in range(3):
        await scene.stage.breaks_down()

    assert first.words.startswith("3 pictures could not be drawn")
    assert first.buttons == []
    assert (second.deleted, third.deleted) == (True, True)
    assert states(scene) == [DeliveryState.DELIVERED] * 3


async def test_a_failure_without_a_placeholder_is_told_anew(scene: Scene, ben: TelegramActor) -> None:
    (message,) = await asked(ben)
    message.deleted = True
    for _ in range(3):
        await scene.stage.breaks_down()

    assert ben.sees()[-1].words.startswith("1 picture could not be drawn")
    assert states(scene) == [DeliveryState.DELIVERED]


async def test_a_failure_in_a_group_says_nothing_personal(scene: Scene, ben: TelegramActor) -> None:
    friends = scene.group("Friends", ben)
    first, second = await asked(ben, "--count 2", to=friends)
    for _ in range(3):
        await scene.stage.breaks_down()

    assert first.words.startswith("2 pictures could not be drawn")
    assert second.deleted


# Chats that are closed


async def test_who_blocked_the_bot_is_told_nothing_more(scene: Scene, ben: TelegramActor) -> None:
    await asked(ben, "--count 2")
    ben.user.blocks_bot()
    await scene.stage.works()
    calls = len(scene.telegram.called())
    await scene.stage.tells()

    assert states(scene) == [DeliveryState.UNDELIVERABLE] * 2
    assert len(scene.telegram.called()) == calls
    ben.user.unblocks_bot()
    assert len((await ben.says("/gallery")).pictures) == 2
    assert scene.stage.mistakes() == []


async def test_a_group_that_kicked_the_bot_is_told_nothing_more(scene: Scene, ben: TelegramActor) -> None:
    friends = scene.group("Friends", ben)
    await asked(ben, to=friends)
    friends.kicks_bot()
    await scene.settles()
    await scene.stage.works()

    assert states(scene) == [DeliveryState.UNDELIVERABLE]
    assert len((await ben.says("/gallery")).pictures) == 1


async def test_a_group_that_was_upgraded_is_followed(scene: Scene, ben: TelegramActor) -> None:
    friends = scene.group("Friends", ben, supergroup=False)
    await asked(ben, to=friends)
    new = friends.upgrades()
    await scene.stage.works()

    (message,) = new.standing()[-1:]
    assert message.chat is new
    assert message.photo is not None
    assert states(scene) == [DeliveryState.DELIVERED]
    await ben.presses("Delete", message)
    assert message.deleted


async def test_an_answer_follows_an_upgraded_group_too(scene: Scene, ben: TelegramActor) -> None:
    friends = scene.group("Friends", ben, supergroup=False)
    said = await ben.user.sends("/help", to=friends)
    new = friends.upgrades()
    await scene.settles()

    assert said.chat is friends
    assert [message.chat for message in ben.sees(friends)] == [new]


# Floods


async def test_a_flooded_chat_waits_as_long_as_told_and_holds_up_nobody(
    scene: Scene, ben: TelegramActor, zoe: TelegramActor
) -> None:
    (message,), (other,) = await asked(ben), await asked(zoe)
    flood = scene.telegram.faults.floods("editMessageMedia", retry_after=2, chat=ben.user.id)
    begun = time.monotonic()
    scene.stage.people.clear()
    await scene.stage.works()
    telling = asyncio.create_task(deliver(scene.stage.app, scene.door))
    await scene.telegram.until(lambda: other.photo is not None)
    assert time.monotonic() - begun < 1.5
    await telling
    await deliver(scene.stage.app, scene.door)

    assert message.photo is not None
    assert time.monotonic() - begun >= 2.0
    assert flood.struck == 1, "it did not come back too early"
    assert states(scene) == [DeliveryState.DELIVERED] * 2


async def test_an_answer_waits_out_a_flood_too(scene: Scene, ben: TelegramActor) -> None:
    flood = scene.telegram.faults.floods(*SENDS, retry_after=1)
    answer = await ben.says("/balance")

    assert answer.keys[0] == "balance.spendable"
    assert flood.struck == 1


# Files


async def test_what_is_no_photo_for_telegram_comes_as_a_document(scene: Scene, ben: TelegramActor) -> None:
    (message,) = await asked(ben)
    place = Place(ben.user.id, message.id)
    wide = io.BytesIO()
    Image.new("RGB", (9_990, 20)).save(wide, "PNG")
    await scene.door._wire.put(place, Shown(wide.getvalue(), "wide.png", "a wide one"), None)
    assert message.document is not None
    assert (message.document.name, message.words) == ("wide.png", "a wide one")

    await scene.door._wire.put(place, Shown(b"\xff" * 10_000_001, "large.png", "a large one"), None)
    assert message.document.name == "large.png"
    sent = await scene.door._wire.show(Place(ben.user.id), Shown(wide.getvalue(), "wide.png", ""), None)
    assert next(one for one in ben.sees() if one.id == sent.message).document is not None
