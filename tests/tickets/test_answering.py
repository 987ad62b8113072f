"""From a question to its answer: sealed under its person's key, closed once, and its person is told."""

from __future__ import annotations

from sqlalchemy import text

from core.rights import tickets
from core.values.letters import NoticeState, Outcome, TicketKind
from tests.cast import Actor, Stage, enter, keys_of, read
from tests.tickets.asking import person_of, refused, states_of

SECRET = "a heron at the fence"


def rows(stage: Stage) -> list[bytes]:
    with stage.database._engine.connect() as connection:
        found = connection.execute(text("SELECT sealed_text, sealed_answer FROM ticket")).all()
    return [bytes(cell) for row in found for cell in row if cell is not None]


async def test_what_is_asked_and_answered_is_stored_sealed(stage: Stage, ben: Actor) -> None:
    ticket = await tickets.ask(stage.app, ben.who, TicketKind.SUPPORT, SECRET)
    await tickets.answer(stage.app, ticket.id, f"{SECRET}, indeed")

    assert len(rows(stage)) == 2
    assert not any(SECRET.encode() in cell for cell in rows(stage))
    assert SECRET in read(await ben.says(f"/requests {ticket.id}"))


async def test_an_answer_closes_it_and_its_person_is_told_once(stage: Stage, ben: Actor) -> None:
    ticket = await tickets.ask(stage.app, ben.who, TicketKind.SUPPORT, SECRET)
    closed = await tickets.answer(stage.app, ticket.id.lower(), "it was a heron")

    assert (closed.outcome, closed.closed_at) == (Outcome.ANSWERED, stage.clock.now())
    assert await states_of(stage, await person_of(ben)) == {"ticket_answered": NoticeState.OWED}
    assert await tickets.unanswered(stage.app) == []
    assert await refused(tickets.answer(stage.app, ticket.id, "again")) == "ticket.closed"


async def test_an_answer_reaches_only_who_asked(stage: Stage, ben: Actor, zed: Actor) -> None:
    cleo = enter(stage, "cleo")
    await cleo.agrees()
    ticket = await tickets.ask(stage.app, ben.who, TicketKind.SUPPORT, SECRET)
    await tickets.answer(stage.app, ticket.id, "it was a heron")

    told = {actor.who.raw_id: read(await actor.says("/requests")) for actor in (ben, zed, cleo)}
    assert {name for name, said in told.items() if "is answered" in said} == {"ben"}
    assert {name for name, said in told.items() if ticket.id in said} == {"ben"}
    assert "it was a heron" in read(await ben.says(f"/requests {ticket.id}"))


async def test_an_empty_answer_is_none(stage: Stage, ben: Actor) -> None:
    ticket = await tickets.ask(stage.app, ben.who, TicketKind.SUPPORT, SECRET)

    assert await refused(tickets.answer(stage.app, ticket.id, "  \n ")) == "ticket.empty"


async def test_only_its_person_reads_it(stage: Stage, ben: Actor) -> None:
    ticket = await tickets.ask(stage.app, ben.who, TicketKind.SUPPORT, SECRET)
    cleo = enter(stage, "cleo")
    await cleo.agrees()

    assert keys_of(await cleo.says(f"/requests {ticket.id}")) == ["ticket.unknown"]
    assert keys_of(await cleo.says("/requests")) == ["ticket.none"]


async def test_only_so_many_may_wait_for_an_answer(stage: Stage, ben: Actor) -> None:
    for _ in range(tickets.MOST_OPEN):
        last = await tickets.ask(stage.app, ben.who, TicketKind.FEEDBACK, "more")

    assert await refused(tickets.ask(stage.app, ben.who, TicketKind.CONTACT, "more")) == "ticket.too_many"
    await tickets.answer(stage.app, last.id, "thank you")
    await tickets.ask(stage.app, ben.who, TicketKind.CONTACT, "more")


async def test_line_breaks_stay_and_what_nobody_sees_goes(stage: Stage, ben: Actor) -> None:
    ticket = await tickets.ask(stage.app, ben.who, TicketKind.SUPPORT, "one \u202e two\nthree\x00")

    assert await tickets.text_of(stage.app, ticket) == "one two\nthree"
