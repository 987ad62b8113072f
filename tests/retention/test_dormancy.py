"""An account nobody uses for a year is told, and a month later it is erased. A word is enough to keep it."""

from __future__ import annotations

import pytest

from core.datamap import Until
from core.erasing import erasure
from core.periods import DORMANT, IDLE
from core.rights import restriction
from core.rules import DAY
from tests.cast import Actor, Stage, enter, read
from tests.conversation.asking import one_picture
from tests.retention.keeping import comes_back_with, person_of, rows


def person(stage: Stage) -> dict[str, object]:
    (found,) = rows(stage, "person")
    return found


async def told(stage: Stage) -> None:
    stage.clock.moment = stage.clock.moment // DAY * DAY + IDLE
    assert (await stage.sweeps()).told == 1


async def test_the_day_of_the_last_word_is_noted_and_no_hour(stage: Stage, ben: Actor) -> None:
    stage.clock.moment = 1_900_000_000_000 // DAY * DAY + 7 * 3_600_000
    await ben.says("/help")
    await ben.says("/queue")

    assert person(stage)["last_active"] == stage.clock.moment // DAY * DAY


async def test_it_is_written_once_a_day(stage: Stage, ben: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    written = []
    for _ in range(3):
        await ben.says("/queue")
    noting = type(stage.app.activity).is_first
    monkeypatch.setattr(
        type(stage.app.activity), "is_first", lambda self, *of: written.append(first := noting(self, *of)) or first
    )
    for passes in (1, 1, DAY, 1):
        stage.clock.passes(passes)
        await ben.says("/queue")

    assert written == [False, False, True, False]


async def test_who_was_away_for_a_year_is_told_when_the_account_goes(stage: Stage, ben: Actor) -> None:
    stage.clock.moment = stage.clock.moment // DAY * DAY + IDLE - 1
    assert (await stage.sweeps()).told == 0
    stage.clock.passes(1)
    assert (await stage.sweeps()).told == 1
    assert (await stage.sweeps()).told == 0

    (notice,) = rows(stage, "notice")
    assert (notice["key"], notice["figure"]) == ("dormant", stage.clock.now() + DORMANT)
    assert "your account goes" in read(await ben.says("/queue"))


async def test_a_month_after_that_the_account_is_erased(stage: Stage, ben: Actor) -> None:
    await one_picture(stage, ben)
    await told(stage)
    stage.clock.passes(DORMANT - 1)
    assert (await stage.sweeps()).dormant == 0
    stage.clock.passes(1)
    assert (await stage.sweeps()).dormant == 1
    (begun,) = rows(stage, "erasure")
    assert begun["ground"] == "dormant"
    while rows(stage, "erasure")[0]["closed_at"] is None:
        await erasure.proceed(stage.app)
        stage.clock.passes(60_000)

    assert rows(stage, "person") == rows(stage, "picture") == []


async def test_a_word_is_enough_to_keep_it(stage: Stage, ben: Actor) -> None:
    await told(stage)
    stage.clock.passes(DORMANT - 1)
    await ben.says("anything at all")
    stage.clock.passes(DORMANT)
    swept = await stage.sweeps()

    assert (swept.told, swept.dormant) == (0, 0)
    assert person(stage)["dormancy_told_at"] is None


async def test_whoever_restricted_is_neither_told_nor_erased(stage: Stage, ben: Actor) -> None:
    await restriction.restrict(stage.app, ben.who)
    for _ in range(2):
        stage.clock.passes(2 * IDLE)
        swept = await stage.sweeps()
        assert (swept.told, swept.dormant) == (0, 0)

    assert len(rows(stage, "person")) == 1


async def test_a_banned_account_ends_like_any_other(stage: Stage, zed: Actor) -> None:
    await told(stage)
    stage.clock.passes(DORMANT)

    assert (await stage.sweeps()).dormant == 1


async def test_an_operator_may_end_them_sooner_and_half_of_it_is_for_the_notice(stage: Stage, ben: Actor) -> None:
    await comes_back_with(stage, {Until.ACCOUNT_ENDS: 20 * DAY})
    stage.clock.moment = stage.clock.moment // DAY * DAY + 10 * DAY
    assert (await stage.sweeps()).told == 1
    stage.clock.passes(10 * DAY)

    assert (await stage.sweeps()).dormant == 1


async def test_others_are_left_alone(stage: Stage, ben: Actor) -> None:
    ana = enter(stage, "ana")
    await told(stage)
    await ana.agrees()
    stage.clock.passes(DORMANT)
    await stage.sweeps()

    staying = await person_of(stage, ana)
    assert [row["id"] for row in rows(stage, "person") if row["leaving_at"] is None] == [staying]
