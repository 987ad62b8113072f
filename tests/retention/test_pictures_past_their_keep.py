"""A picture is kept as long as the operator, its server and its person all agree to; past that nobody sees it, swept or not."""

from __future__ import annotations

import pytest

from core import servers
from core.datamap import Until
from core.periods import LONGEST
from core.requests import gallery
from core.rights import restriction
from core.rules import DAY
from tests.cast import Actor, Stage, keys_of
from tests.conversation.asking import one_picture
from tests.retention.keeping import HOME, at_home, comes_back_with, person_of, rows

LONG = LONGEST[Until.PICTURE_DELETED]


async def test_past_its_keep_it_is_seen_by_no_read_though_nothing_was_swept(stage: Stage, ben: Actor) -> None:
    picture = (await one_picture(stage, ben)).id
    job = ben.inbox[-1].job
    await ben.says("/settings --keep_days 2")
    stage.clock.passes(2 * DAY)

    assert len(rows(stage, "picture")) == 1
    assert keys_of(await ben.says("/gallery")) == ["gallery.empty"]
    for line in (f"/show {picture}", f"/save {picture}", f"/delete {picture}", f"/report {picture}"):
        assert keys_of(await ben.says(line)) == ["picture.unknown"], line
    for line in (f"/again {picture}", f"/edit {picture}", f"/again {job}", "/again"):
        assert keys_of(await ben.says(line)) == ["again.nothing"], line


async def test_what_was_never_delivered_is_delivered_no_more(stage: Stage, ben: Actor) -> None:
    await ben.says("/settings --keep_days 2")
    await ben.says("/imagine a star")
    await stage.dispatches()
    ((wish,),) = stage.painter.waiting
    await stage.news(stage.painter.drawn(wish))
    stage.clock.passes(2 * DAY)
    await stage.tells()

    assert ben.inbox == []
    assert await ben.owed() == []


async def test_nobody_keeps_one_longer_than_the_longest_period(stage: Stage, ben: Actor) -> None:
    await ben.says("/settings --keep_days 3650")
    await one_picture(stage, ben)
    stage.clock.passes(LONG - DAY)
    assert not (await ben.says("/gallery")).error
    stage.clock.passes(DAY)

    assert keys_of(await ben.says("/gallery")) == ["gallery.empty"]


@pytest.mark.parametrize(
    ("operator", "server", "person", "days"),
    [(9, 7, 5, 5), (5, 9, 7, 5), (7, 5, 9, 5), (9, 0, 0, 9), (9, 5, 0, 5), (9, 0, 5, 5), (365, 0, 400, 365)],
)
async def test_the_shortest_of_three_counts(
    stage: Stage, ben: Actor, operator: int, server: int, person: int, days: int
) -> None:
    await comes_back_with(stage, {Until.PICTURE_DELETED: operator * DAY})
    await at_home(stage, ben, server)
    await ben.says(f"/settings --keep_days {person}")
    await one_picture(stage, ben)
    owner = await person_of(stage, ben)

    async def seen() -> int:
        keeping = stage.app.keeping
        return await stage.app.database.run(lambda tx: tx.pictures.count(owner, keeping))

    drawn_at = rows(stage, "picture")[0]["drawn_at"]
    stage.clock.moment = drawn_at + days * DAY - 1
    assert await seen() == 1
    await stage.sweeps()
    assert len(rows(stage, "picture")) == 1

    stage.clock.passes(1)
    assert await seen() == 0
    await stage.sweeps()
    assert (rows(stage, "picture"), await stage.stored("pictures/")) == ([], [])


@pytest.mark.parametrize("who", ["operator", "server", "person"])
async def test_a_shorter_period_counts_for_what_is_there_already_and_a_longer_one_brings_nothing_back(
    stage: Stage, ben: Actor, who: str
) -> None:
    async def keeps(days: int) -> None:
        if who == "operator":
            await comes_back_with(stage, {Until.PICTURE_DELETED: days * DAY})
        elif who == "server":
            await servers.keep(stage.app, HOME, days)
        else:
            await ben.says(f"/settings --keep_days {days}")

    await at_home(stage, ben, 0)
    await one_picture(stage, ben)
    stage.clock.passes(10 * DAY)
    await keeps(9)
    assert keys_of(await ben.says("/gallery")) == ["gallery.empty"]

    await keeps(30)
    assert keys_of(await ben.says("/gallery")) == ["gallery.empty"]
    await stage.sweeps()
    assert rows(stage, "picture") == []


async def test_a_longer_period_counts_for_what_is_still_seen(stage: Stage, ben: Actor) -> None:
    await ben.says("/settings --keep_days 9")
    await one_picture(stage, ben)
    stage.clock.passes(8 * DAY)
    await ben.says("/settings --keep_days 30")
    stage.clock.passes(8 * DAY)
    await stage.sweeps()

    assert len((await ben.says("/gallery")).pictures) == 1


async def test_what_belongs_to_who_restricted_is_neither_hidden_nor_deleted_before_they_say_so(
    stage: Stage, ben: Actor
) -> None:
    await one_picture(stage, ben)
    await ben.says("/settings --keep_days 2")
    await restriction.restrict(stage.app, ben.who)
    stage.clock.passes(3 * DAY)
    swept = await stage.sweeps()

    assert (swept.pictures, len(rows(stage, "picture"))) == (0, 1)
    assert swept.spared >= 1
    assert len((await gallery.page(stage.app, ben.who, 1)).opened) == 1
    await restriction.lift(stage.app, ben.who)
    assert (await stage.sweeps()).pictures == 1
