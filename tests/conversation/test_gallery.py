"""Looking at one's pictures."""

from __future__ import annotations

from core.requests.gallery import PAGE
from tests.cast import Actor, Stage, keys_of, read


async def test_it_shows_newest_first_with_words_seed_and_date(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a star --seed 1")
    await stage.works()
    stage.clock.passes(1_000)
    await ben.says("/imagine a heart --seed 2")
    await stage.works()

    answer = await ben.says("/gallery")

    assert answer.private
    assert [picture.id for picture in answer.pictures] == [told.pictures[0].id for told in reversed(ben.inbox)]
    assert read(answer).splitlines()[1].endswith(": “a heart” (seed 2, 15 January 2027)")


async def test_it_turns_pages(stage: Stage, ben: Actor) -> None:
    for _ in range(2):
        await ben.says("/imagine a star --count 4")
        await stage.works()
    first = await ben.says("/gallery")
    second = await ben.presses("Next page")

    assert (len(first.pictures), len(second.pictures)) == (PAGE, 8 - PAGE)
    assert not second.buttons
    assert keys_of(await ben.says("/gallery 3")) == ["gallery.past_end"]
    assert keys_of(await ben.says("/gallery --page 0")) == ["parse.range"]


async def test_an_empty_one_says_how_to_fill_it(ben: Actor) -> None:
    assert keys_of(await ben.says("/gallery")) == ["gallery.empty"]


async def test_delete_needs_an_id(ben: Actor) -> None:
    assert keys_of(await ben.says("/delete")) == ["parse.missing_id"]
