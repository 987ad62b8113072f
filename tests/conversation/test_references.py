"""Starting from a picture: sent along with the request, kept as long as that is open, and no longer."""

from __future__ import annotations

from bots.parsing import spell
from core.rules import REFERENCE_BYTES, START_DEADLINE
from tests.cast import Actor, Stage, keys_of, read
from tests.pictures import BLUE, RED, picture_file


async def references(stage: Stage) -> list[str]:
    return await stage.stored("references/")


async def test_the_worker_gets_it_with_every_picture_of_the_request(stage: Stage, ben: Actor) -> None:
    answer = await ben.sends("/imagine a fox --count 2 --strength 0.35 --shape landscape", "a.png", picture_file())
    assert keys_of(answer)[0] == "imagine.accepted"
    await stage.dispatches()

    ((first, second),) = stage.painter.waiting
    assert first.settings.strength == 0.35
    assert first.reference is not None
    assert first.reference == second.reference
    assert (first.reference.width, first.reference.height) == (128, 96)
    red, blue = first.reference.data[:3], first.reference.data[-3:]
    assert max(abs(a - b) for a, b in zip((*red, *blue), (*RED, *BLUE), strict=True)) < 5
    await stage.works()
    assert "from a picture at strength 0.35" in read(ben.inbox[0])


async def test_left_out_the_strength_is_the_usual_one(stage: Stage, ben: Actor) -> None:
    await ben.sends("/imagine a fox", "a.png", picture_file())
    await stage.dispatches()

    assert stage.painter.waiting[0][0].settings.strength == 0.6


async def test_a_request_without_one_starts_from_nothing(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a fox")
    await stage.dispatches()

    (wish,) = stage.painter.waiting[0]
    assert (wish.reference, wish.settings.strength) == (None, 0)


async def test_what_cannot_be_opened_is_said_and_costs_nothing(stage: Stage, ben: Actor) -> None:
    for data, key in (
        (b"hello", "reference.unreadable"),
        (picture_file()[:200], "reference.unreadable"),
        (picture_file("GIF"), "reference.unreadable"),
        (picture_file() + bytes(REFERENCE_BYTES), "reference.too_large"),
    ):
        answer = await ben.sends("/imagine a fox", "a.png", data)
        assert keys_of(answer) == [key]
        assert "Nothing was charged" in read(answer)
    assert (await ben.balance()).held == 0
    assert await references(stage) == []


async def test_a_model_that_cannot_start_from_one_says_which_can(stage: Stage, ben: Actor) -> None:
    answer = await ben.sends("/imagine a fox --model swift", "a.png", picture_file())

    assert keys_of(answer) == ["model.no_references"]
    assert "flat, grand can" in read(answer)
    assert await references(stage) == []


async def test_a_request_that_is_refused_leaves_none_behind(stage: Stage, ben: Actor) -> None:
    for _ in range(3):
        await ben.says("/imagine a star")
    answer = await ben.sends("/imagine a fox", "a.png", picture_file())

    assert keys_of(answer) == ["jobs.too_many"]
    assert await references(stage) == []


async def test_again_says_that_it_is_gone_and_edit_fills_in_the_rest(stage: Stage, ben: Actor) -> None:
    await ben.sends("/imagine a fox --strength 0.3 --seed 9", "a.png", picture_file())
    await stage.works()
    before = await ben.balance()

    again = await ben.says("/again")
    assert keys_of(again) == ["again.reference_gone"]
    assert await ben.balance() == before
    edit = await ben.says("/edit")
    assert keys_of(edit) == ["edit.filled", "edit.reference_gone"]
    assert edit.form is not None
    assert edit.form.missing == "reference"
    line = spell(edit.form)
    assert "--strength 0.3" in line
    assert keys_of(await ben.says(line)) == ["reference.missing"]
    assert keys_of(await ben.sends(line, "a.png", picture_file()))[0] == "imagine.accepted_in"


async def test_it_is_destroyed_when_the_request_is_drawn(stage: Stage, ben: Actor) -> None:
    await ben.sends("/imagine a fox --count 2", "a.png", picture_file())
    assert len(await references(stage)) == 1
    await stage.works()

    assert await references(stage) == []


async def test_it_is_destroyed_when_the_request_is_taken_back(stage: Stage, ben: Actor) -> None:
    await ben.sends("/imagine a fox", "a.png", picture_file())
    await ben.says("/cancel")

    assert await references(stage) == []


async def test_it_outlives_a_worker_and_goes_when_the_request_is_given_up(stage: Stage, ben: Actor) -> None:
    await ben.sends("/imagine a fox", "a.png", picture_file())
    for _ in range(2):
        await stage.breaks_down()
        assert len(await references(stage)) == 1
    await stage.breaks_down()

    assert keys_of(ben.inbox[0]) == ["failed.crashed"]
    assert await references(stage) == []


async def test_it_goes_when_nobody_starts_the_request_in_time(stage: Stage, ben: Actor) -> None:
    stage.painter.window = 0
    await ben.sends("/imagine a fox", "a.png", picture_file())
    stage.clock.passes(START_DEADLINE)
    await stage.dispatches()

    assert await references(stage) == []


async def test_a_picture_with_plain_words_is_not_passed_over(stage: Stage, ben: Actor) -> None:
    answer = await ben.sends("a fox in the snow", "a.png", picture_file())

    assert "/imagine" in read(answer)
    assert (await ben.balance()).held == 0
