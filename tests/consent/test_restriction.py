"""Restriction: what is somebody's is kept and nothing else is done with it, until they say otherwise."""

from __future__ import annotations

import pytest

from core.datamap import Purpose
from core.errors import Refused
from core.requests import generation
from core.requests.options import Ask
from core.rules import DAY
from core.values import JobState
from tests.cast import Actor, Stage, keys_of, read
from tests.consent.offering import allows, offers, person_of, rows
from tests.conversation.asking import one_picture


@pytest.mark.parametrize("line", ["/imagine a cat", "/again", "/edit", "a cat", "/settings --shape portrait"])
async def test_nothing_is_drawn_or_changed_and_the_reason_is_said(stage: Stage, ben: Actor, line: str) -> None:
    await one_picture(stage, ben)
    await ben.says("/restrict on")
    answer = await ben.says(line)

    assert keys_of(answer) == ["account.restricted"]
    assert "/restrict off" in read(answer)


async def test_open_requests_are_taken_back_and_cost_nothing(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a cat --count 2")
    await stage.dispatches()
    await ben.says("/imagine a dog")
    answer = await ben.says("/restrict on")

    assert "2 open requests" in read(answer)
    balance = await ben.balance()
    assert (balance.spendable, balance.held) == (20_000, 0)
    assert len(stage.painter.cancelled) == 2
    await stage.dispatches()
    assert {row["state"] for row in rows(stage, "job")} == {JobState.CANCELLED}


async def test_a_result_that_comes_too_late_is_not_kept(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a cat")
    await stage.dispatches()
    await ben.says("/restrict on")
    await stage.news(stage.painter.drawn(stage.painter.waiting[0][0]))

    assert rows(stage, "picture") == []
    assert stage.mistakes() == []


async def test_a_picture_that_was_drawn_before_is_paid_for_and_stays(stage: Stage, ben: Actor) -> None:
    picture = await one_picture(stage, ben)
    await ben.says("/restrict on")

    assert (await ben.says("/gallery")).pictures == (picture,)
    assert (await ben.balance()).spendable == 19_000


async def test_what_is_ones_own_can_be_looked_at_and_deleted(stage: Stage, ben: Actor) -> None:
    picture = await one_picture(stage, ben)
    await ben.says("/restrict on")

    for line in (f"/show {picture.id}", f"/save {picture.id}", "/balance", "/consent", "/profile", "/requests"):
        assert (await ben.says(line)).error is None, line
    assert keys_of(await ben.says(f"/delete {picture.id}")) == ["delete.done"]
    assert rows(stage, "picture") == []


async def test_a_request_that_a_crash_left_open_is_taken_back_later(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a cat")
    person = await person_of(ben)
    stage.database.transact(lambda tx: tx.people.restrict(person.id, restricted=True))
    await stage.works()

    assert stage.painter.waiting == []
    assert rows(stage, "picture") == []
    assert (await ben.balance()).held == 0


async def test_a_request_that_was_on_its_way_is_not_let_in(stage: Stage, ben: Actor) -> None:
    """Restricted between the look at the account and the transaction that would queue it."""
    person = await person_of(ben)
    run = stage.app.database.run

    async def late(fn, /, *args, **kwargs):
        if fn is generation.accept:
            stage.database.transact(lambda tx: tx.people.restrict(person.id, restricted=True))
        return await run(fn, *args, **kwargs)

    stage.app.database.run = late
    with pytest.raises(Refused, match=r"account\.restricted"):
        await generation.request(stage.app, ben.who, Ask("a cat"))
    assert rows(stage, "job") == []
    assert (await ben.balance()).held == 0


async def test_nothing_of_theirs_is_swept(stage: Stage, ben: Actor) -> None:
    await one_picture(stage, ben)
    await ben.says("/settings --keep_days 1")
    await ben.says("/restrict on")
    stage.clock.passes(400 * DAY)
    await stage.sweeps()

    assert len(rows(stage, "picture")) == 1


async def test_what_was_allowed_rests_and_counts_again_afterwards(stage: Stage, ben: Actor) -> None:
    offers(stage)
    await ben.says("/consent analytics on")
    await ben.says("/restrict on")
    assert not await allows(ben, Purpose.MEASURE)

    await ben.says("/restrict off")
    assert await allows(ben, Purpose.MEASURE)


async def test_off_restores_everything(stage: Stage, ben: Actor) -> None:
    await ben.says("/restrict on")
    assert keys_of(await ben.says("/restrict off")) == ["restrict.lifted"]

    await one_picture(stage, ben)


async def test_both_ways_are_written_down_as_requests_that_were_granted(stage: Stage, ben: Actor) -> None:
    for line in ("/restrict off", "/restrict on", "/restrict on", "/restrict off"):
        await ben.says(line)

    tickets = rows(stage, "ticket")
    assert sorted((row["kind"], row["about"], row["state"], row["outcome"]) for row in tickets) == [
        ("restrict", "off", "closed", "done"),
        ("restrict", "on", "closed", "done"),
    ]


async def test_it_says_how_it_stands_with_one_press_to_change_it(ben: Actor) -> None:
    await ben.says("/restrict")
    await ben.presses("Restrict")
    await ben.says("/restrict")
    assert keys_of(await ben.presses("End the restriction")) == ["restrict.lifted"]


async def test_who_is_banned_may_restrict_too(zed: Actor) -> None:
    assert keys_of(await zed.says("/restrict on")) == ["restrict.done"]
    assert (await person_of(zed)).restricted
