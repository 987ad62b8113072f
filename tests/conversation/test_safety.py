"""A picture that may not be shown is never seen, as a result or as a preview, and costs nothing."""

from __future__ import annotations

from core.values.wishes import Progress, Started
from inference.flat import colour, square
from tests.cast import Actor, Stage, keys_of, read


async def test_a_refused_picture_is_not_kept_and_not_paid(stage: Stage, ben: Actor) -> None:
    stage.censor.refused = {colour(8)}
    await ben.says("/imagine a star --count 3 --seed 7")
    await stage.works()

    told = {key for reply in ben.inbox for key in keys_of(reply)}
    assert told == {"picture.done", "failed.refused"}
    assert [seen.lines[0].values["seed"] for seen in ben.inbox if seen.pictures] == [7, 9]
    assert "no nudity" in read(ben.inbox[-1])
    assert len(await stage.stored("pictures/")) == 2
    balance = await ben.balance()
    assert (balance.spendable, balance.held) == (18_000, 0)
    assert stage.mistakes() == []


async def test_what_cannot_be_looked_at_is_not_shown_either(stage: Stage, ben: Actor) -> None:
    stage.censor.broken = True
    await ben.says("/imagine a star")
    await stage.works()

    (told,) = ben.inbox
    assert keys_of(told) == ["failed.unchecked"]
    assert (await ben.balance()).spendable == 20_000


async def test_previews_are_looked_at_first(stage: Stage, ben: Actor) -> None:
    stage.censor.refused = {colour(8)}
    await ben.says("/imagine a star --count 2 --seed 7")
    await stage.dispatches()
    first, second = stage.painter.waiting[0]
    await stage.news(Started(first.job, first.fence))

    for wish in (first, second):
        stage.clock.passes(2_000)
        await stage.news(Progress(wish.job, wish.index, wish.fence, 2, 4, square(wish.seed, 64, 64)))

    good, refused = ben.watched
    assert good.preview is not None
    assert good.preview[:3] == b"\xff\xd8\xff"
    assert refused.preview is None


async def test_a_preview_is_made_now_and_then_and_not_at_every_step(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a star --steps 9 --seed 7")
    await stage.dispatches()
    (wish,) = stage.painter.waiting[0]
    await stage.news(Started(wish.job, wish.fence))

    for step in range(1, 9):
        stage.clock.passes(500)
        await stage.news(Progress(wish.job, 0, wish.fence, step, 9, square(7, 64, 64)))

    assert stage.censor.looked <= 3
    assert all(drawing.preview for drawing in ben.watched[-3:])
