"""Whatever is asked for has a day it is due: the strictest that any law here names."""

from __future__ import annotations

import pytest

from core.rights.tickets import DUE, answer, look_at, send, take_more_time, unanswered
from core.rules import DAY, HOUR
from core.values import Moment
from core.values.letters import Ticket, TicketId, TicketKind
from tests.cast import Actor, Stage
from tests.tickets.asking import person_of, refused


def test_every_kind_has_a_day_it_is_due() -> None:
    assert DUE.keys() == set(TicketKind)


@pytest.mark.parametrize(
    ("kind", "due"),
    [
        (TicketKind.EXPORT, 28 * DAY),
        (TicketKind.ERASE, 28 * DAY),
        (TicketKind.RESTRICT, 28 * DAY),
        (TicketKind.OBJECT, 28 * DAY),
        (TicketKind.CONTACT, 28 * DAY),
        (TicketKind.CORRECT, 28 * DAY),
        (TicketKind.APPEAL, 28 * DAY),
        (TicketKind.REPORT_CHILD, 24 * HOUR),
        (TicketKind.REPORT_INTIMATE, 48 * HOUR),
        (TicketKind.SUPPORT, 7 * DAY),
    ],
)
def test_no_answer_may_take_longer_than_the_strictest_law_allows(kind: TicketKind, due: int) -> None:
    assert DUE[kind] == due


async def asks(ben: Actor, kind: TicketKind) -> Ticket:
    return await send(ben.stage.app, await person_of(ben), "terminal", kind, "please")


async def test_the_most_urgent_comes_first_and_what_is_due_soon_can_be_listed_alone(stage: Stage, ben: Actor) -> None:
    contact = await asks(ben, TicketKind.CONTACT)
    child = await asks(ben, TicketKind.REPORT_CHILD)

    assert [one.id for one in await unanswered(stage.app)] == [child.id, contact.id]
    assert [one.id for one in await unanswered(stage.app, due=True)] == [child.id]

    stage.clock.passes(21 * DAY)
    assert [one.id for one in await unanswered(stage.app, due=True)] == [child.id, contact.id]


async def test_a_right_is_due_in_28_days_listed_a_week_before_and_overdue_after(stage: Stage, ben: Actor) -> None:
    ticket = await asks(ben, TicketKind.CONTACT)

    async def stands() -> tuple[int, int]:
        """How many are due soon, and how many overdue."""
        now = stage.clock.now()
        return len(await unanswered(stage.app, due=True)), await stage.app.database.run(
            lambda tx: tx.tickets.count_overdue(now)
        )

    stage.clock.passes(21 * DAY - 1)
    assert await stands() == (0, 0)
    stage.clock.passes(1)
    assert await stands() == (1, 0)
    stage.clock.passes(7 * DAY)
    assert await stands() == (1, 0)
    stage.clock.passes(1)
    assert await stands() == (1, 1)
    await answer(stage.app, ticket.id, "at last")
    assert await stands() == (0, 0)


async def test_what_is_past_its_day_counts_as_overdue(stage: Stage, ben: Actor) -> None:
    ticket = await asks(ben, TicketKind.CONTACT)
    database = stage.app.database

    late = Moment(ticket.due_at + 1)
    assert await database.run(lambda tx: tx.tickets.count_overdue(ticket.due_at)) == 0
    assert await database.run(lambda tx: tx.tickets.count_overdue(late)) == 1


async def test_a_right_may_be_put_off_once_in_the_first_month_and_its_person_is_told_why(
    stage: Stage, ben: Actor
) -> None:
    ticket = await asks(ben, TicketKind.CONTACT)
    later = await take_more_time(stage.app, ticket.id, "your request is a long one")

    assert later.due_at == ticket.due_at + 60 * DAY
    assert "your request is a long one" in (await ben.says(f"/requests {ticket.id}")).lines[-2].values["text"]
    assert await refused(take_more_time(stage.app, ticket.id, "and again")) == "ticket.no_more_time"


async def test_what_is_late_already_cannot_be_put_off(stage: Stage, ben: Actor) -> None:
    ticket = await asks(ben, TicketKind.CONTACT)
    stage.clock.passes(28 * DAY + 1)

    assert await refused(take_more_time(stage.app, ticket.id, "no time")) == "ticket.no_more_time"


@pytest.mark.parametrize("kind", [TicketKind.REPORT_CHILD, TicketKind.REPORT_INTIMATE, TicketKind.SUPPORT])
async def test_what_is_no_right_cannot_be_put_off(stage: Stage, ben: Actor, kind: TicketKind) -> None:
    ticket = await asks(ben, kind)

    assert await refused(take_more_time(stage.app, ticket.id, "no time")) == "ticket.no_more_time"


async def test_a_number_that_is_none_is_refused(stage: Stage) -> None:
    assert await refused(look_at(stage.app, TicketId("NOSUCH"), "tickets show")) == "ticket.no_such"
