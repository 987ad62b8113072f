"""Asking for pictures: what one hears at once, what follows, and what bad input costs (nothing)."""

from __future__ import annotations

import pytest

from bots.texts import render
from core.rules import PROMPT_CHARACTERS
from core.values.wishes import Finished, Progress, Started
from inference.pictures import decode
from tests.cast import Actor, Stage, keys_of, read


async def test_it_answers_at_once_and_the_picture_follows(stage: Stage, ben: Actor) -> None:
    answer = await ben.says("/imagine a yellow star")

    assert read(answer) == "You are 1st in line. It costs 1 credit.\n19 credits are left."
    assert not answer.final
    assert ben.inbox == []

    await stage.works()

    (told,) = ben.inbox
    (picture,) = told.pictures
    assert read(told).startswith(f"AI-generated picture {picture.id}: seed ")
    assert [render(button.label) for button in told.buttons] == ["Again", "Edit", "Save", "Delete", "Report"]
    assert told.final


async def test_several_pictures_come_one_by_one_with_seeds_in_a_row(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a yellow star --count 3 --seed 41")
    await stage.works()

    assert [told.lines[0].values["seed"] for told in ben.inbox] == [41, 42, 43]
    assert [told.final for told in ben.inbox] == [False, False, True]
    assert len({told.pictures[0].data for told in ben.inbox}) == 3


async def test_the_same_seed_draws_the_same_picture(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a yellow star --seed 7")
    await ben.says("/imagine seed=7 a yellow star")
    await stage.works()

    first, second = (decode(told.pictures[0].data) for told in ben.inbox)
    assert first == second


async def test_more_steps_cost_more_rounded_up_to_a_tenth(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a star --steps 5")

    assert (await ben.balance()).held == 1_300


async def test_it_says_how_many_are_ahead(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a star")
    assert "2nd in line" in read(await ben.says("/imagine a heart"))
    assert "3rd in line" in read(await ben.says("/imagine a ring"))


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("/imagine", "parse.missing_prompt"),
        ("/imagine    ", "parse.missing_prompt"),
        ("/imagine \u200b\u202e", "prompt.empty"),
        ("/imagine " + "a" * (PROMPT_CHARACTERS + 1), "prompt.too_long"),
        ("/imagine " + "a" * 100_000, "prompt.too_long"),
        ("/imagine a star --count 0", "parse.range"),
        ("/imagine a star --count 5", "parse.range"),
        ("/imagine a star --count two", "parse.not_int"),
        ("/imagine a star --count", "parse.no_value"),
        ("/imagine a star --seed -1", "parse.range"),
        ("/imagine a star --seed 4294967296", "parse.range"),
        ("/imagine a star --steps 0", "option_range.of_model"),
        ("/imagine a star --steps 1000000", "option_range.of_model"),
        ("/imagine a star --guidance nan", "option_range.of_model"),
        ("/imagine a star --guidance 1e9", "option_range.of_model"),
        ("/imagine a star --shape round", "parse.choice"),
        ("/imagine a star --private maybe=", None),
        ("/imagine a star --private=maybe", "parse.switch"),
        ("/imagine a star --size 5", "parse.unknown_option"),
    ],
)
async def test_bad_input_gets_a_sentence_and_loses_nothing(
    stage: Stage, ben: Actor, line: str, key: str | None
) -> None:
    answer = await ben.says(line)

    if key is None:
        assert answer.error is None
        return
    assert keys_of(answer) == [key]
    assert answer.error == "refused"
    assert read(answer)
    assert (await ben.balance()).spendable == 20_000
    assert (await ben.balance()).held == 0


async def test_a_prompt_of_the_longest_length_is_drawn(ben: Actor) -> None:
    assert (await ben.says("/imagine " + "a" * PROMPT_CHARACTERS)).error is None


async def test_control_and_bidi_characters_are_left_out_of_a_prompt(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a \u202eyel\u200blow\x07 star")
    await stage.dispatches()

    assert stage.painter.waiting[0][0].prompt == "a yellow star"


async def test_more_open_requests_than_allowed_are_refused(stage: Stage, ben: Actor) -> None:
    for _ in range(3):
        await ben.says("/imagine a star")
    refused = await ben.says("/imagine a star")
    assert keys_of(refused) == ["jobs.too_many"]

    await stage.works()
    assert (await ben.says("/imagine a star")).error is None


async def test_too_few_credits_are_named(stage: Stage, ben: Actor) -> None:
    for _ in range(5):
        await ben.says("/imagine a star --count 4")
        await stage.works()
    answer = await ben.says("/imagine a star --count 2")

    assert read(answer) == (
        "That costs 2 credits and you have 0 credits. Nothing was charged; "
        "try fewer pictures (--count) or fewer steps (--steps)."
    )


async def test_who_is_banned_draws_nothing_and_may_read_the_policy(zed: Actor) -> None:
    assert keys_of(await zed.says("/imagine a star")) == ["account.banned"]
    assert (await zed.says("/privacy")).error is None


async def test_plain_text_is_offered_to_be_drawn_and_costs_nothing_yet(stage: Stage, ben: Actor) -> None:
    await ben.says("a yellow star, please")
    assert (await ben.balance()).held == 0

    await ben.presses("Draw it")
    await stage.dispatches()
    assert stage.painter.waiting[0][0].prompt == "a yellow star, please"


async def test_a_private_request_gets_private_answers(stage: Stage, ben: Actor) -> None:
    assert (await ben.says("/imagine a star --private")).private
    await stage.works()

    assert ben.inbox[0].private


async def test_a_stale_worker_changes_nothing(stage: Stage, ben: Actor) -> None:
    """A worker that was thought gone comes back with its picture: the fence has moved on."""
    await ben.says("/imagine a star")
    await stage.dispatches()
    ((stale,),) = stage.painter.waiting
    await stage.breaks_down()
    await stage.news(stage.painter.drawn(stale))
    await stage.works()

    assert len(ben.inbox) == 1
    assert (await ben.balance()).spendable == 19_000
    assert stage.mistakes() == []


async def test_the_same_result_twice_is_one_picture(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a star --count 2")
    await stage.dispatches()
    ((one, two),) = stage.painter.waiting
    for wish in (one, one, two, two, one):
        await stage.news(stage.painter.drawn(wish))
    await stage.tells()

    assert len(ben.inbox) == 2
    assert len(await stage.stored()) == 2


async def test_a_silent_worker_loses_its_lease_and_the_job_is_drawn_by_another(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a star")
    await stage.dispatches()
    stage.painter.waiting.clear()
    stage.clock.passes(59_000)
    await stage.dispatches()
    assert stage.painter.waiting == []

    stage.clock.passes(1_000)
    await stage.works()
    assert len(ben.inbox) == 1


async def test_a_worker_that_reports_steps_keeps_its_lease(stage: Stage, ben: Actor) -> None:

    await ben.says("/imagine a star")
    await stage.dispatches()
    ((wish,),) = stage.painter.waiting
    await stage.news(Started(wish.job, wish.fence))
    for step in range(1, 8):
        stage.clock.passes(30_000)
        await stage.news(Progress(wish.job, 0, wish.fence, step, 8))
        await stage.dispatches()

    assert stage.painter.waiting == [(wish,)]


async def test_a_request_whose_words_cannot_be_opened_does_not_hold_up_the_others(stage: Stage, ben: Actor) -> None:
    from core import accounts
    from core.rules import RESYNC, START_DEADLINE
    from tests.cast import enter

    carl = enter(stage, "carl")
    await carl.agrees()
    await carl.says("/imagine a star")
    await ben.says("/imagine a star")
    await stage.app.keys.shred([(await accounts.active(stage.app, carl.who)).id])

    with pytest.raises(ExceptionGroup):
        await stage.dispatches()
    await stage.dispatches()  # it stands aside
    stage.clock.passes(RESYNC)
    with pytest.raises(ExceptionGroup):
        await stage.dispatches()
    ((wish,),) = stage.painter.waiting
    await stage.news(stage.painter.drawn(wish))
    stage.clock.passes(START_DEADLINE)
    await stage.dispatches()
    await stage.tells()

    assert [len(told.pictures) for told in ben.inbox] == [1]
    assert keys_of(carl.inbox[0]) == ["failed.too_late"]
    assert (await carl.balance()).spendable == 20_000


async def test_a_job_that_waits_behind_another_at_a_living_worker_keeps_its_lease(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a star --count 4")
    await ben.says("/imagine a heart")
    await stage.dispatches()
    first, second = stage.painter.waiting
    await stage.news(Started(first[0].job, first[0].fence))
    for step in range(1, 20):
        stage.clock.passes(30_000)
        await stage.news(Progress(first[0].job, 0, first[0].fence, step, 40))
        await stage.dispatches()

    assert stage.painter.waiting == [first, second]


async def test_a_worker_that_hangs_before_it_starts_does_not_outlast_the_deadline(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a star")
    sent = 0
    while not ben.inbox and sent < 100:
        await stage.dispatches()
        sent += len(stage.painter.waiting)
        stage.painter.waiting.clear()
        stage.clock.passes(61_000)
        await stage.tells()

    assert keys_of(ben.inbox[0]) == ["failed.too_late"]
    assert sent <= 31
    assert len(stage.painter.cancelled) >= 29, "what was sent to a silent worker is called back"


async def test_a_picture_lost_before_it_was_told_is_said_so_and_paid_back(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a star")
    await stage.dispatches()
    ((wish,),) = stage.painter.waiting
    await stage.news(stage.painter.drawn(wish))
    for blob in await stage.stored():
        await stage.app.blobs.delete(blob)
    await stage.tells()
    await stage.tells()

    assert [keys_of(told) for told in ben.inbox] == [["picture.lost"]]
    assert (await ben.balance()).spendable == 20_000
    assert stage.mistakes() == []
    gallery = await ben.says("/gallery")
    assert keys_of(gallery) == ["gallery.intro", "gallery.lost"]
    assert (await ben.says(f"/delete {gallery.lines[1].values['id']}")).error is None
    assert keys_of(await ben.says("/gallery")) == ["gallery.empty"]


async def test_only_what_failed_is_called_free(stage: Stage, ben: Actor) -> None:
    """Drawn, deleted before it was told, and then the rest fails: one was paid for, one was not."""
    await ben.says("/imagine a star --count 2")
    await stage.dispatches()
    ((one, _two),) = stage.painter.waiting
    await stage.news(Started(one.job, one.fence))
    await stage.news(stage.painter.drawn(one))
    gallery = await ben.says("/gallery")
    await ben.says(f"/delete {gallery.pictures[0].id}")
    await stage.news(Finished(one.job, one.fence))
    stage.painter.waiting.clear()
    for _ in range(2):
        await stage.breaks_down()

    assert [told.lines[0].values for told in ben.inbox] == [{"n": 1}]
    assert (await ben.balance()).spendable == 19_000
