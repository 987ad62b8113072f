"""What people allow, restrict and say about themselves: the same at every door, and for nobody else's eyes."""

from __future__ import annotations

import pytest

from bots.texts import render
from core.datamap import Purpose
from tests.cast import Actor, Stage, keys_of, read
from tests.consent.offering import allows, offers, rows
from tests.conversation.asking import one_picture

EVERY = ("/consent", "/marketing", "/showcase", "/object", "/restrict", "/age", "/profile", "/email")


@pytest.mark.parametrize("line", EVERY)
async def test_who_never_agreed_is_asked_to_start_first(ana: Actor, line: str) -> None:
    assert keys_of(await ana.says(line)) == ["start.first"]


@pytest.mark.parametrize("line", EVERY)
async def test_each_answers_its_asker_alone_and_works_for_who_is_banned(zed: Actor, line: str) -> None:
    answer = await zed.says(line)

    assert answer.error is None
    assert answer.private


async def test_everything_optional_is_listed_and_off(stage: Stage, ben: Actor) -> None:
    offers(stage)
    answer = await ben.says("/consent")

    assert keys_of(answer) == ["consent.intro"] + ["consent.line"] * 4
    assert "Allow analytics" in [render(button.label) for button in answer.buttons]
    assert "ALLOWED" not in read(answer)


async def test_one_press_allows_and_one_takes_back(stage: Stage, ben: Actor) -> None:
    offers(stage)
    await ben.says("/consent")
    await ben.presses("Allow analytics")
    assert await allows(ben, Purpose.MEASURE)

    await ben.presses("Take back analytics")
    assert not await allows(ben, Purpose.MEASURE)


async def test_so_does_one_line(stage: Stage, ben: Actor) -> None:
    offers(stage)
    assert keys_of(await ben.says("/consent analytics on"))[0] == "consent.allowed"
    assert await allows(ben, Purpose.MEASURE)

    assert keys_of(await ben.says("/consent analytics off"))[0] == "consent.withdrawn"
    assert not await allows(ben, Purpose.MEASURE)


async def test_while_restricted_nothing_is_drawn_and_afterwards_everything_is_as_before(
    stage: Stage, ben: Actor
) -> None:
    picture = await one_picture(stage, ben)
    await ben.says("/imagine a cat")
    assert keys_of(await ben.says("/restrict on")) == ["restrict.done", "restrict.taken_back"]

    assert keys_of(await ben.says("/imagine a cat")) == ["account.restricted"]
    await stage.works()
    assert [row["state"] for row in rows(stage, "job")] == ["done", "cancelled"]
    assert [one.id for one in (await ben.says("/gallery")).pictures] == [picture.id]

    assert keys_of(await ben.says("/restrict off")) == ["restrict.lifted"]
    assert (await one_picture(stage, ben)).id != picture.id


async def test_a_profile_is_set_shown_and_cleared_field_by_field(stage: Stage, ben: Actor) -> None:
    await ben.says("/profile set display_name Ana of the Seas")
    await ben.says("/profile set country de")
    answer = await ben.says("/profile")
    assert "Ana of the Seas" in read(answer)
    assert ": DE" in read(answer)
    assert answer.private

    await ben.says("/profile clear display_name")
    assert "Ana of the Seas" not in read(await ben.says("/profile"))
    await ben.says("/profile clear country")
    assert rows(stage, "profile") == []


async def test_a_picture_is_shown_as_an_example_and_taken_away(stage: Stage, ben: Actor) -> None:
    offers(stage)
    picture = await one_picture(stage, ben)
    await ben.says("/showcase on")
    assert keys_of(await ben.says(f"/showcase {picture.id} on")) == ["showcase.shown"]
    assert picture.id in read(await ben.says("/showcase"))

    assert keys_of(await ben.says(f"/showcase {picture.id} off")) == ["showcase.concealed"]
    assert rows(stage, "picture")[0]["shown_at"] is None


async def test_an_objection_is_answered_with_its_reason(ben: Actor) -> None:
    assert keys_of(await ben.says("/object safety")) == ["object.goes_on"]
