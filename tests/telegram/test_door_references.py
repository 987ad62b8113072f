"""Starting from a picture: with the request written under it, or as an answer to it."""

from __future__ import annotations

import pytest

from tests.pictures import picture_file
from tests.telegram.actor import Scene, TelegramActor


async def referenced(scene: Scene) -> bool:
    """Whether the request that waits starts from a picture."""
    await scene.settles()
    await scene.stage.dispatches()
    ((wish, *_),) = scene.stage.painter.waiting
    return wish.reference is not None


async def test_a_photo_with_the_request_under_it(scene: Scene, ben: TelegramActor) -> None:
    await ben.user.sends_photo(picture_file("JPEG"), "/imagine a fox --strength 0.4")

    assert await referenced(scene)
    await scene.stage.works()
    assert "from a picture at strength 0.4" in ben.sees()[-1].words


@pytest.mark.parametrize("together", [False, True])
async def test_a_request_that_answers_a_picture(
    scene: Scene, ben: TelegramActor, zoe: TelegramActor, together: bool
) -> None:
    friends = scene.group("Friends", ben, zoe) if together else None
    if friends:
        friends.promotes_bot()
    posted = await ben.user.sends_file(picture_file(), "fox.png", "image/png", to=friends)
    await scene.settles()
    await ben.user.sends("/imagine a fox", to=friends, reply_to=posted)

    assert await referenced(scene)


async def test_a_request_that_answers_words_starts_from_nothing(scene: Scene, ben: TelegramActor) -> None:
    posted = await ben.user.sends("what a day")
    await scene.settles()
    await ben.user.sends("/imagine a fox", reply_to=posted)

    assert not await referenced(scene)


async def test_a_file_nobody_asked_for_is_not_fetched(scene: Scene, ben: TelegramActor) -> None:
    assert (await ben.encloses(picture_file(), "/balance")).keys == ["parse.no_file"]
    assert (await ben.encloses(picture_file(), "a fox")).keys == ["words.with_file"]

    assert scene.telegram.called("getFile") == []


async def test_a_name_is_no_file(ben: TelegramActor) -> None:
    assert (await ben.says("/imagine a fox --reference photo.png")).keys == ["parse.not_a_file"]


async def test_edit_brings_the_line_to_write_under_the_picture(scene: Scene, ben: TelegramActor) -> None:
    await ben.user.sends_photo(picture_file("JPEG"), "/imagine a fox --strength 0.4 --style noir")
    await scene.settles()
    await scene.stage.works()
    edit = await ben.says("/edit")

    assert "edit.reference_gone" in edit.keys
    line = edit.messages[-1].words
    assert line.startswith("/imagine a fox --shape square --style noir --strength 0.4")
    await ben.user.sends_photo(picture_file("JPEG"), line)
    assert await referenced(scene)


async def test_a_request_with_a_picture_that_was_not_heard_out_is_heard_again(scene: Scene, ben: TelegramActor) -> None:
    """Its update is confirmed when it is paid for, not before."""
    scene.telegram.faults.slows("getFile", seconds=5.0)
    await ben.user.sends_photo(picture_file("JPEG"), "/imagine a fox")
    await scene.telegram.until(lambda: scene.telegram.called("getFile"))
    assert (await ben.balance()).held == 0
    await scene.restarts(killed=True)

    assert await referenced(scene)
    assert (await ben.balance()).held == 1_000
