"""What nobody answered by the day it was due shows in the figures and in `darkroom top`, as a number alone."""

from __future__ import annotations

from bots.watching.top import look
from core.rights import tickets
from core.rules import HOUR
from core.values.letters import TicketKind
from tests.cast import Actor, Stage
from tests.watching.looking import Watching
from tests.watching.test_top import shown


async def test_an_overdue_ticket_shows_until_it_is_answered(stage: Stage, seen: Watching, ben: Actor) -> None:
    ticket = await tickets.ask(stage.app, ben.who, TicketKind.REPORT_CHILD, "that one")
    assert await seen.operator.figure("darkroom_tickets_overdue") == 0
    assert "overdue" not in "\n".join(shown(await look(seen.house)))

    stage.clock.passes(24 * HOUR + 1)
    assert await seen.operator.figure("darkroom_tickets_overdue") == 1
    frame = shown(await look(seen.house))
    assert "answers overdue  1 " in "\n".join(frame)
    assert max(map(len, frame)) <= 80
    assert len(frame) <= 24

    await tickets.answer(stage.app, ticket.id, "looked into")
    assert await seen.operator.figure("darkroom_tickets_overdue") == 0
