"""Asking whether this bot made a picture: with the file, or as an answer to it."""

from __future__ import annotations

import pytest

from core.rules import ATTACHMENT_BYTES
from inference.flat import square
from tests.telegram.actor import Scene, TelegramActor


@pytest.fixture
async def file(scene: Scene, ben: TelegramActor) -> bytes:
    """A picture of this bot, as Save hands it over."""
    await ben.says("/imagine a yellow star")
    await scene.stage.works()
    return (await ben.presses("Save")).files[0]


async def test_a_file_that_was_saved_is_known(ben: TelegramActor, file: bytes) -> None:
    assert (await ben.encloses(file, "/verify")).keys == ["verify.made"]


async def test_one_that_was_changed_is_not(ben: TelegramActor, file: bytes) -> None:
    changed = bytearray(file)
    changed[len(file) // 2] ^= 1
    assert (await ben.encloses(bytes(changed), "/verify")).keys != ["verify.made"]


async def test_a_photo_was_squeezed_and_tells_nothing(scene: Scene, ben: TelegramActor, file: bytes) -> None:
    await ben.user.sends_photo(file, "/verify")
    await scene.settles()

    assert ben.sees()[-1].words.startswith("It carries no signed note")


async def test_a_larger_photo_is_known_by_its_mark(scene: Scene, ben: TelegramActor) -> None:
    """What the bot sent as a photo, saved from the chat and sent again: Telegram has encoded it twice."""
    made = await scene.stage.app.encoder.encode(square(7, 512, 512), "png")
    sent = await ben.user.sends_photo(made.data, "/verify")
    await scene.settles()
    await ben.user.sends_photo(sent.photo, "/verify")
    await scene.settles()

    assert [told.words.startswith("Its signed note is gone") for told in ben.sees()[-2:]] == [True, True]


@pytest.mark.parametrize("together", [False, True])
async def test_an_answer_to_a_file_asks_about_it(
    scene: Scene, ben: TelegramActor, zoe: TelegramActor, file: bytes, together: bool
) -> None:
    friends = scene.group("Friends", ben, zoe) if together else None
    if friends:
        friends.promotes_bot()
    asker = zoe if friends else ben
    posted = await asker.user.sends_file(file, "star.png", "image/png", to=friends)
    await scene.settles()
    await asker.user.sends("/verify", to=friends, reply_to=posted)
    await scene.settles()

    assert asker.sees()[-1].words.startswith("Yes: this bot made that picture")
    if friends:
        assert ben.sees(friends) == []


async def test_a_file_that_is_too_large_is_not_fetched(scene: Scene, ben: TelegramActor) -> None:
    answer = await ben.encloses(b"\0" * (ATTACHMENT_BYTES + 1), "/verify")

    assert answer.keys == ["parse.file_too_large"]
    assert scene.telegram.called("getFile") == []


async def test_a_file_that_telegram_does_not_give_is_asked_for_again(scene: Scene, ben: TelegramActor) -> None:
    scene.telegram.faults.breaks("getFile")
    assert (await ben.encloses(b"x", "/verify")).keys == ["telegram.not_fetched"]


async def test_others_are_answered_while_a_file_is_fetched(
    scene: Scene, ben: TelegramActor, zoe: TelegramActor
) -> None:
    scene.telegram.faults.slows("getFile", seconds=0.5)
    await ben.user.sends_file(b"x", "x.png", "image/png", "/verify")
    await scene.telegram.until(lambda: scene.telegram.called("getFile"))
    await zoe.user.sends("/balance")
    await scene.telegram.until(lambda: len(zoe.sees()) == 3, within=0.4)
    assert scene.telegram.updates.pending == []
    await scene.settles()
    assert len(ben.sees()) == 3
