"""Writing to whoever runs the bot, and what came of it: at every door, for banned people too, and never for strangers."""

from __future__ import annotations

import pytest

from core.rights import tickets
from core.values.letters import TicketKind
from tests.cast import Actor, Stage, keys_of, read

WORDS = "It said --steps 30 is wrong, and that is all I know."
COMMANDS = {
    "support": TicketKind.SUPPORT,
    "feedback": TicketKind.FEEDBACK,
    "contact": TicketKind.CONTACT,
    "correct": TicketKind.CORRECT,
    "appeal": TicketKind.APPEAL,
}


@pytest.mark.parametrize("command", COMMANDS)
async def test_what_somebody_writes_has_a_number_and_a_day_and_can_be_read_again(
    stage: Stage, ben: Actor, command: str
) -> None:
    answer = await ben.says(f"/{command} {WORDS}")
    (ticket,) = await tickets.unanswered(stage.app)

    assert answer.private
    assert keys_of(answer) == ["ticket.opened", "ticket.by"]
    assert ticket.id in read(answer)
    assert (ticket.kind, ticket.door) == (COMMANDS[command], ben.who.door)
    assert ticket.id in read(await ben.says("/requests"))
    assert WORDS in read(await ben.says(f"/requests {ticket.id.lower()}"))


@pytest.mark.parametrize("command", COMMANDS)
async def test_a_banned_person_may_write_and_a_stranger_learns_where_to(
    stage: Stage, zed: Actor, ana: Actor, command: str
) -> None:
    assert keys_of(await zed.says(f"/{command} please")) == ["ticket.opened", "ticket.by"]
    assert keys_of(await zed.says("/requests")) == ["ticket.intro", "ticket.line", "ticket.how"]

    assert keys_of(await ana.says(f"/{command} please")) == ["ticket.no_account"]
    assert keys_of(await ana.says("/requests")) == ["start.first"]
    assert len(await tickets.unanswered(stage.app)) == 1


async def test_an_answer_is_shown_to_its_person(stage: Stage, ben: Actor) -> None:
    await ben.says("/contact Which key is mine?")
    (ticket,) = await tickets.unanswered(stage.app)
    await tickets.answer(stage.app, ticket.id, "Nobody but you can use it.")

    shown = await ben.says(f"/requests {ticket.id}")
    assert "Nobody but you can use it." in read(shown)
    assert "ticket.answer" in keys_of(shown)


async def test_nothing_is_no_question(ben: Actor) -> None:
    assert keys_of(await ben.says("/support")) == ["parse.missing_message"]


async def test_what_is_too_long_is_refused_and_not_kept(stage: Stage, ben: Actor) -> None:
    assert keys_of(await ben.says(f"/support {'x' * 2_001}")) == ["ticket.too_long"]
    assert await tickets.unanswered(stage.app) == []


async def test_many_requests_have_pages(ben: Actor) -> None:
    for number in range(11):
        await ben.says(f"/feedback thought {number}")

    first = await ben.says("/requests")
    assert len(first.lines) == 12
    second = await ben.presses("Next page")
    assert len(second.lines) == 3
    assert keys_of(await ben.says("/requests --page 3")) == ["ticket.past_end"]


async def test_a_number_of_nobodys_is_unknown(ben: Actor) -> None:
    assert keys_of(await ben.says("/requests NOSUCH")) == ["ticket.unknown"]
