"""What people allow: all of it off at first, each by itself, written down for good, and taken back with one word."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import DBAPIError

from core.datamap import Basis, Purpose
from core.policy.permissions import SWITCHES
from tests.cast import Actor, Stage, enter, keys_of, read
from tests.consent.offering import allows, offers, person_of, rows


async def test_nothing_is_allowed_before_somebody_says_so(stage: Stage, ben: Actor) -> None:
    offers(stage)

    assert [await allows(ben, purpose) for purpose in SWITCHES] == [False] * len(SWITCHES)
    assert "ALLOWED" not in read(await ben.says("/consent"))


async def test_using_the_bot_is_no_consent(stage: Stage, ben: Actor) -> None:
    offers(stage)
    for line in ("/imagine a cat", "/settings --shape portrait", "/gallery", "/consent", "/marketing", "/showcase"):
        await ben.says(line)
    await stage.works()

    assert rows(stage, "consent") == []


async def test_a_picture_is_drawn_with_everything_optional_refused(stage: Stage, ben: Actor) -> None:
    offers(stage)
    for purpose in SWITCHES:
        await ben.says(f"/consent {purpose} off")
    await ben.says("/imagine a cat")
    await stage.works()

    assert len(ben.inbox[0].pictures) == 1


def test_each_optional_purpose_rests_on_consent() -> None:
    assert {purpose for purpose in Purpose if purpose.basis is Basis.CONSENT} == set(SWITCHES)


@pytest.mark.parametrize("purpose", SWITCHES)
async def test_each_is_switched_by_itself(stage: Stage, ben: Actor, purpose: Purpose) -> None:
    offers(stage)
    await ben.says(f"/consent {purpose} on")

    assert [one for one in SWITCHES if await allows(ben, one)] == [purpose]


async def test_one_word_takes_it_back_at_once(stage: Stage, ben: Actor) -> None:
    offers(stage)
    await ben.says("/consent analytics on")
    assert await allows(ben, Purpose.MEASURE)

    assert keys_of(await ben.says("/consent analytics off"))[0] == "consent.withdrawn"
    assert not await allows(ben, Purpose.MEASURE)


async def test_one_press_allows_and_one_takes_back(stage: Stage, ben: Actor) -> None:
    offers(stage)
    await ben.says("/consent")
    await ben.presses("Allow marketing")
    assert await allows(ben, Purpose.MARKET)

    await ben.presses("Take back marketing")
    assert not await allows(ben, Purpose.MARKET)


async def test_marketing_has_a_command_of_its_own(stage: Stage, ben: Actor) -> None:
    offers(stage)
    await ben.says("/marketing on")
    assert await allows(ben, Purpose.MARKET)

    await ben.says("/marketing off")
    assert not await allows(ben, Purpose.MARKET)


async def test_every_change_is_written_down_with_its_version_words_door_and_time(stage: Stage, ben: Actor) -> None:
    offers(stage)
    await ben.says("/consent marketing on")
    on_at = stage.clock.now()
    await ben.says("/consent marketing off")

    given, taken_back = rows(stage, "consent")
    person = await person_of(ben)
    assert (given["person_id"], given["purpose"], bool(given["given"])) == (person.id, "market", True)
    assert (given["notice_version"], given["door"], given["at"]) == (person.notice_version, "terminal", on_at)
    assert len(given["text_hash"]) == 64
    assert (bool(taken_back["given"]), taken_back["at"]) == (False, stage.clock.now())


async def test_saying_it_twice_is_saying_it_once(stage: Stage, ben: Actor) -> None:
    offers(stage)
    for line in ("/consent marketing off", "/consent marketing on", "/consent marketing on"):
        await ben.says(line)

    assert len(rows(stage, "consent")) == 1


async def test_history_cannot_be_changed_by_anybody(stage: Stage, ben: Actor) -> None:
    offers(stage)
    await ben.says("/consent marketing off")
    await ben.says("/consent marketing on")

    with pytest.raises(DBAPIError, match="append-only"), stage.database._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE consent SET given = false")
    assert await allows(ben, Purpose.MARKET)


async def test_what_is_not_done_here_cannot_be_switched_on(stage: Stage, ben: Actor) -> None:
    offers(stage, Purpose.MEASURE)
    answer = await ben.says("/consent training on")

    assert keys_of(answer) == ["consent.not_done_here"]
    assert rows(stage, "consent") == []
    listed = await ben.says("/consent")
    assert read(listed).count("This is not done here") == 3
    assert len(listed.buttons) == 1


async def test_what_was_allowed_can_be_taken_back_where_it_is_not_done_any_more(stage: Stage, ben: Actor) -> None:
    offers(stage)
    await ben.says("/consent marketing on")
    offers(stage, Purpose.MEASURE)

    await ben.says("/consent marketing off")
    offers(stage)
    assert not await allows(ben, Purpose.MARKET)


@pytest.mark.parametrize("purpose", ["marketing", "training"])
async def test_at_discord_its_rules_forbid_it(stage: Stage, purpose: str) -> None:
    offers(stage)
    ben = enter(stage, "ben", "discord")
    await ben.agrees()

    assert keys_of(await ben.says(f"/consent {purpose} on")) == ["consent.not_on_this_platform"]
    assert rows(stage, "consent") == []
    assert "whose rules forbid it" in read(await ben.says("/consent"))


@pytest.mark.parametrize("line", ["/consent on", "/consent nonsense on", "/consent draw on", "/consent safety on"])
async def test_what_nobody_can_allow_is_answered_with_what_one_can(stage: Stage, ben: Actor, line: str) -> None:
    offers(stage)
    answer = await ben.says(line)

    assert keys_of(answer) == ["consent.unknown"]
    assert "marketing" in read(answer)


async def test_who_is_banned_can_still_take_it_back(stage: Stage, zed: Actor) -> None:
    offers(stage)
    await zed.says("/consent marketing on")
    assert keys_of(await zed.says("/consent marketing off"))[0] == "consent.withdrawn"
    assert not await allows(zed, Purpose.MARKET)
