"""How far a request is: one message that lives from its place in line to the picture."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bots.on_telegram.progress import Throttle
from core.values.wishes import Finished, Pixels, Progress, Started, Wish
from inference.flat import colour, square
from storage.database import SqlDatabase
from tests.cast import build_stage
from tests.telegram import Message
from tests.telegram.actor import Scene, TelegramActor, at_telegram

PREVIEW = square(5, 64, 64)


async def begins(scene: Scene) -> list[Wish]:
    """The worker takes up everything that waits."""
    await scene.stage.dispatches()
    wishes = [wish for wishes in scene.stage.painter.waiting for wish in wishes]
    scene.stage.painter.waiting.clear()
    for wish in wishes:
        if wish.index == 0:
            await scene.stage.news(Started(wish.job, wish.fence))
    return wishes


async def steps(scene: Scene, wish: Wish, step: int, preview: Pixels | None = None) -> None:
    scene.stage.clock.passes(3_000)
    await scene.stage.news(Progress(wish.job, wish.index, wish.fence, step, 4, preview))


async def shows(scene: Scene, message: Message, words: str) -> None:
    await scene.telegram.until(lambda: message.words == words)
    assert message.buttons == ["Cancel"]


async def is_drawn(scene: Scene, *wishes: Wish) -> None:
    for wish in wishes:
        await scene.stage.news(scene.stage.painter.drawn(wish))
    await scene.stage.news(Finished(wishes[0].job, wishes[0].fence))
    await scene.stage.tells()


async def test_the_placeholder_tells_how_far_it_is(scene: Scene, ben: TelegramActor) -> None:
    (message,) = (await ben.says("/imagine a star")).messages
    (wish,) = await begins(scene)
    await steps(scene, wish, 1)
    await shows(scene, message, "Drawing: step 1 of 4.")
    await steps(scene, wish, 2)
    await shows(scene, message, "Drawing: step 2 of 4.")
    await is_drawn(scene, wish)

    assert message.photo is not None
    assert len(ben.sees()) == 3  # two of the beginning, and this


async def test_a_preview_is_shown_to_its_asker_alone(scene: Scene, ben: TelegramActor, zoe: TelegramActor) -> None:
    friends = scene.group("Friends", ben, zoe)
    (alone,) = (await ben.says("/imagine a star")).messages
    (together,) = (await ben.says("/imagine a heart", to=friends)).messages
    for wish in await begins(scene):
        await steps(scene, wish, 2, PREVIEW)

    await scene.telegram.until(lambda: alone.photo is not None)
    await shows(scene, alone, "Drawing: step 2 of 4.")
    await shows(scene, together, "Drawing: step 2 of 4.")
    assert all(content.media is None for content in [*together.history, together.content])


async def test_after_a_preview_the_words_go_on_under_it(scene: Scene, ben: TelegramActor) -> None:
    (message,) = (await ben.says("/imagine a star")).messages
    (wish,) = await begins(scene)
    await steps(scene, wish, 1, PREVIEW)
    await scene.telegram.until(lambda: message.photo is not None)
    scene.stage.app.board.show(wish.job, None, scene.stage.clock.now())
    await steps(scene, wish, 3)
    await shows(scene, message, "Drawing: step 3 of 4.")

    await is_drawn(scene, wish)
    assert message.words.startswith("AI-generated picture")


async def test_a_refused_preview_is_not_shown(scene: Scene, ben: TelegramActor) -> None:
    scene.stage.censor.refused = [colour(5)]
    (message,) = (await ben.says("/imagine a star")).messages
    (wish,) = await begins(scene)
    await steps(scene, wish, 2, PREVIEW)
    await shows(scene, message, "Drawing: step 2 of 4.")

    assert message.photo is None


async def test_a_picture_that_may_not_be_shown_leaves_no_preview_behind(scene: Scene, ben: TelegramActor) -> None:
    (message,) = (await ben.says("/imagine a star")).messages
    (wish,) = await begins(scene)
    await steps(scene, wish, 2, PREVIEW)
    await scene.telegram.until(lambda: message.photo is not None)
    preview = message.photo
    scene.stage.censor.broken = True
    await is_drawn(scene, wish)

    assert message.photo != preview
    assert "could not be checked" in message.words
    assert message.buttons == []
    assert (await ben.balance()).spendable == 20_000


async def test_progress_wanders_from_placeholder_to_placeholder(scene: Scene, ben: TelegramActor) -> None:
    first, second = (await ben.says("/imagine a star --count 2")).messages
    one, two = await begins(scene)
    await steps(scene, one, 3)
    await shows(scene, first, "Drawing picture 1 of 2: step 3 of 4.")
    await scene.stage.news(scene.stage.painter.drawn(one))
    await scene.stage.tells()
    await steps(scene, two, 1)
    await shows(scene, second, "Drawing picture 2 of 2: step 1 of 4.")

    assert first.photo is not None


async def test_cancel_works_while_it_is_drawn(scene: Scene, ben: TelegramActor) -> None:
    (message,) = (await ben.says("/imagine a star")).messages
    (wish,) = await begins(scene)
    await steps(scene, wish, 1, PREVIEW)
    await scene.telegram.until(lambda: message.photo is not None)
    answer = await ben.presses("Cancel", message)
    await steps(scene, wish, 2, PREVIEW)
    await scene.settles()

    assert answer.keys[0] == "cancel.done"
    assert message.deleted
    assert scene.stage.painter.cancelled == [(wish.job, wish.fence)]


async def test_late_progress_never_overwrites_a_result(scene: Scene, ben: TelegramActor) -> None:
    """Its edit is slow, and the picture is there before it."""
    (message,) = (await ben.says("/imagine a star")).messages
    (wish,) = await begins(scene)
    scene.telegram.faults.slows("editMessageText", seconds=0.2)
    await steps(scene, wish, 1)
    await scene.telegram.until(lambda: scene.telegram.called("editMessageText"))
    drawing = scene.stage.app.board.of(wish.job)
    await is_drawn(scene, wish)
    assert drawing is not None
    scene.door.progress(drawing)
    await asyncio.sleep(0.1)

    assert message.words.startswith("AI-generated picture")


async def test_progress_goes_on_after_a_restart(scene: Scene, ben: TelegramActor) -> None:
    (message,) = (await ben.says("/imagine a star")).messages
    (wish,) = await begins(scene)
    await scene.restarts(killed=True)
    await steps(scene, wish, 3)

    await shows(scene, message, "Drawing: step 3 of 4.")
    await ben.presses("Cancel", message)
    assert (await ben.balance()).held == 0


# The pace


@pytest.fixture
async def throttled(tmp_path: Path, database: SqlDatabase) -> AsyncIterator[Scene]:
    async with at_telegram(build_stage(tmp_path, database), throttle=Throttle(0.2, 0.5)) as scene:
        yield scene


async def test_of_many_steps_the_newest_is_shown_now_and_then(throttled: Scene) -> None:
    ben = throttled.enter("Ben")
    await ben.agrees()
    (message,) = (await ben.says("/imagine a star")).messages
    (wish,) = await begins(throttled)
    for step in range(1, 41):
        await throttled.stage.news(Progress(wish.job, 0, wish.fence, step, 40))
        await asyncio.sleep(0.01)
    await shows(throttled, message, "Drawing: step 40 of 40.")

    assert message.edits <= 5


async def test_the_requests_of_a_group_take_turns(throttled: Scene) -> None:
    ben = throttled.enter("Ben")
    await ben.agrees()
    friends = throttled.group("Friends", ben)
    messages = [(await ben.says("/imagine a star", to=friends)).messages[0] for _ in range(2)]
    wishes = await begins(throttled)
    started = asyncio.get_running_loop().time()
    for step in range(1, 5):
        for wish in wishes:
            await steps(throttled, wish, step)
    for message in messages:
        await shows(throttled, message, "Drawing: step 4 of 4.")

    assert asyncio.get_running_loop().time() - started >= 0.4
    assert sum(message.edits for message in messages) <= 4


async def test_progress_gives_way_when_the_chat_is_flooded(scene: Scene, ben: TelegramActor) -> None:
    (message,) = (await ben.says("/imagine a star")).messages
    (wish,) = await begins(scene)
    flood = scene.telegram.faults.floods("editMessageText", retry_after=1)
    await steps(scene, wish, 1)
    await scene.telegram.until(lambda: flood.struck)
    await steps(scene, wish, 2)
    await asyncio.sleep(0.1)
    assert flood.struck == 1
    await is_drawn(scene, wish)
    await scene.telegram.until(lambda: message.photo is not None)

    assert flood.struck == 1
    assert await ben.owed() == []
