"""Only what was drawn is paid for."""

from __future__ import annotations

from core.rules import ATTEMPTS, HOLD_LIFE, START_DEADLINE
from core.values import Reason
from core.values.wishes import Drawn, Finished, Pixels, Started
from tests.cast import Actor, Stage, keys_of


async def test_a_picture_that_cannot_be_drawn_costs_nothing(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a cat --count 2")
    assert (await ben.balance()).spendable == 18_000

    for _ in range(ATTEMPTS):
        await stage.breaks_down()

    assert (await ben.balance()).spendable == 20_000
    assert [keys_of(told) for told in ben.inbox] == [[f"failed.{Reason.CRASHED}"]]
    assert ben.inbox[0].lines[0].values == {"n": 2}
    assert stage.mistakes() == []


async def test_of_two_pictures_the_one_that_was_drawn_is_paid_for(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a cat --count 2")
    for attempt in range(ATTEMPTS):
        await stage.dispatches()
        wishes = stage.painter.waiting.pop()
        await stage.news(Started(wishes[0].job, wishes[0].fence))
        if attempt == 0:
            await stage.news(stage.painter.drawn(wishes[0]))
        await stage.news(Finished(wishes[0].job, wishes[0].fence))
    await stage.tells()

    assert (await ben.balance()).spendable == 19_000
    assert (await ben.balance()).held == 0
    assert [len(told.pictures) for told in ben.inbox] == [1, 0]
    assert [told.final for told in ben.inbox] == [False, True]
    assert stage.mistakes() == []


async def test_a_request_taken_back_in_time_costs_nothing(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a cat --count 4")
    await ben.presses("Cancel")

    assert (await ben.balance()).spendable == 20_000
    await stage.works()
    assert ben.inbox == []
    assert keys_of(await ben.says("/cancel")) == ["cancel.nothing"]


async def test_cancelling_between_two_pictures_pays_for_the_first(stage: Stage, ben: Actor) -> None:
    accepted = await ben.says("/imagine a cat --count 2")
    await stage.dispatches()
    ((one, two),) = stage.painter.waiting
    await stage.news(stage.painter.drawn(one))
    ben.answer = accepted
    await ben.presses("Cancel")
    await stage.news(stage.painter.drawn(two))
    await stage.tells()

    assert stage.painter.cancelled == [(one.job, one.fence)]
    assert (await ben.balance()).spendable == 19_000
    assert [len(told.pictures) for told in ben.inbox] == [1]
    assert stage.mistakes() == []


async def test_a_request_nobody_started_in_time_is_given_back(stage: Stage, ben: Actor) -> None:
    stage.painter.window = 0
    await ben.says("/imagine a cat")
    stage.clock.passes(START_DEADLINE)
    await stage.works()
    await stage.tells()

    assert (await ben.balance()).spendable == 20_000
    assert keys_of(ben.inbox[0]) == ["failed.too_late"]


async def test_a_hold_that_outlived_everything_is_given_back(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a cat")
    await stage.dispatches()
    stage.clock.passes(HOLD_LIFE)
    await stage.app.database.run(lambda tx: tx.jobs.renew(stage.painter.waiting[0][0].job, 1, stage.clock.now() + 1))
    await stage.sweeps()
    await stage.tells()

    assert (await ben.balance()).spendable == 20_000
    assert keys_of(ben.inbox[0]) == ["failed.expired"]


async def test_a_corrupt_picture_is_no_picture(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a cat")
    for _ in range(ATTEMPTS):
        await stage.dispatches()
        ((wish,),) = stage.painter.waiting
        stage.painter.waiting.clear()
        await stage.news(Started(wish.job, wish.fence))
        await stage.news(Drawn(wish.job, 0, wish.fence, Pixels(128, 128, b"short"), expires_at=2**62))
        await stage.news(Finished(wish.job, wish.fence))
    await stage.tells()

    assert (await ben.balance()).spendable == 20_000
    assert keys_of(ben.inbox[0]) == ["failed.crashed"]
    assert not [path for path in (stage.folder / "blobs").rglob("*") if path.is_file()]


async def test_a_picture_of_another_size_is_no_picture(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a cat")
    await stage.dispatches()
    ((wish,),) = stage.painter.waiting
    await stage.news(Drawn(wish.job, 0, wish.fence, Pixels(1, 1, b"rgb"), expires_at=2**62))

    assert keys_of(await ben.says("/gallery")) == ["gallery.empty"]
