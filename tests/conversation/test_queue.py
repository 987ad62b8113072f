"""What waits: place, progress, an estimate learnt from what was measured; and taking it back."""

from __future__ import annotations

from core.values.wishes import Finished, Progress, Started
from tests.cast import Actor, Stage, keys_of, read


async def test_it_says_what_waits_and_where_it_stands(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a star")
    await ben.says("/imagine a circle --count 2")

    answer = await ben.says("/queue")

    assert answer.private
    assert read(answer) == "1 picture: 1st in line.\n2 pictures: 2nd in line."
    assert len(answer.buttons) == 2


async def test_nothing_waits(stage: Stage, ben: Actor) -> None:
    assert keys_of(await ben.says("/queue")) == ["queue.empty"]


async def test_it_says_which_step_a_drawing_is_at(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a circle --count 2")
    await stage.dispatches()
    wish = stage.painter.waiting[0][1]

    await stage.news(Started(wish.job, wish.fence))
    await stage.news(Progress(wish.job, 1, wish.fence, 3, 4))

    assert read(await ben.says("/queue")) == "Drawing picture 2 of 2: step 3 of 4."
    (drawing,) = ben.watched
    assert (drawing.index, drawing.step, drawing.steps) == (1, 3, 4)


async def test_the_estimate_is_learnt_from_finished_pictures(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a star")
    await stage.dispatches()
    (wish,) = stage.painter.waiting.pop(0)
    await stage.news(Started(wish.job, wish.fence))
    stage.clock.passes(3_000)
    await stage.news(stage.painter.drawn(wish))
    await stage.news(Finished(wish.job, wish.fence))

    assert "ready in about 6 s" in read(await ben.says("/imagine a circle --count 2"))
    assert "ready in about 9 s" in read(await ben.says("/imagine a ring"))


async def test_cancel_at_a_drawing_stops_it_and_gives_the_credits_back(stage: Stage, ben: Actor) -> None:
    asked = await ben.says("/imagine a star")
    await stage.dispatches()
    wish = stage.painter.waiting[0][0]
    await stage.news(Started(wish.job, wish.fence))

    answer = await ben.presses("Cancel")

    assert answer.replaces
    assert answer.job == asked.job
    assert stage.painter.cancelled == [(wish.job, wish.fence)]
    assert (await ben.balance()).spendable == 20_000
