"""What is still here though it was to be deleted is seen by whoever runs the bot, and keeps nobody from being served."""

from __future__ import annotations

from bots.cli.doctor import _overkept
from bots.watching import top
from core.datamap import Until
from core.periods import DORMANT, IDLE
from core.rules import DAY, HOUR, INBOX_LIFE, SECOND
from tests.cast import Actor, Stage
from tests.conversation.asking import one_picture
from tests.retention.keeping import comes_back_with, rows, write
from tests.watching.looking import Operator, Watching

FIGURE = "darkroom_oldest_overdue_seconds"


async def test_while_everything_goes_in_time_it_is_zero(stage: Stage, operator: Operator, ben: Actor) -> None:
    await one_picture(stage, ben)
    assert await operator.figure(FIGURE) == 0


async def test_it_counts_from_the_moment_something_was_to_go_and_ends_with_the_sweep(
    stage: Stage, operator: Operator, ben: Actor
) -> None:
    write(
        stage,
        "INSERT INTO inbox (\"update\", until) VALUES ('telegram:7', :until)",
        until=stage.clock.now() + INBOX_LIFE,
    )
    stage.clock.passes(INBOX_LIFE + 90 * SECOND)
    assert await operator.figure(FIGURE) == 90

    await stage.sweeps()
    assert await operator.figure(FIGURE) == 0


async def test_the_wishes_of_people_and_of_the_operator_count_as_much(
    stage: Stage, operator: Operator, ben: Actor
) -> None:
    await one_picture(stage, ben)
    await ben.says("/settings --keep_days 9")
    await comes_back_with(stage, {Until.PICTURE_DELETED: 10 * DAY})
    (drawn,) = (row["drawn_at"] for row in rows(stage, "picture"))

    stage.clock.moment = drawn + 10 * DAY + HOUR
    assert await operator.figure(FIGURE) == (DAY + HOUR) / SECOND
    write(stage, "UPDATE preference SET keep_days = 0")
    assert await operator.figure(FIGURE) == HOUR / SECOND


async def test_what_stays_because_its_person_restricted_is_not_overdue(
    stage: Stage, operator: Operator, ben: Actor
) -> None:
    await one_picture(stage, ben)
    await ben.says("/settings --keep_days 9")
    write(stage, "UPDATE person SET restricted = true")
    stage.clock.passes(20 * DAY)

    assert await operator.figure(FIGURE) == 0


async def test_a_dormant_account_that_nobody_ended_is_overdue(stage: Stage, operator: Operator, ben: Actor) -> None:
    stage.clock.moment = stage.clock.moment // DAY * DAY + IDLE
    await stage.sweeps()
    stage.clock.passes(DORMANT + HOUR)

    assert await operator.figure(FIGURE) == HOUR / SECOND


async def test_it_does_not_make_a_process_unready(stage: Stage, seen: Watching, ben: Actor) -> None:
    write(stage, "INSERT INTO inbox (\"update\", until) VALUES ('telegram:7', 0)")

    assert (await seen.operator.readiness())[:2] == (200, "ok")


async def test_top_and_doctor_say_so(stage: Stage, seen: Watching, ben: Actor) -> None:
    assert (await _overkept(seen.house)).trouble == ""
    write(stage, "INSERT INTO inbox (\"update\", until) VALUES ('telegram:7', :at)", at=stage.clock.now() - 2 * HOUR)

    assert (await top.look(seen.house)).overkept == 2 * HOUR / SECOND
    assert "was to be deleted 120 min ago" in (await _overkept(seen.house)).trouble
