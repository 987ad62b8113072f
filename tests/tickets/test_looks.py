"""Whoever runs the bot and looks at a person's data leaves a trace that the person may see."""

from __future__ import annotations

from bots import operating
from core.rights import tickets
from core.values.letters import TicketKind
from tests.cast import Actor, Stage, read
from tests.tickets.asking import person_of, refused


async def looks_at(stage: Stage, ben: Actor) -> list[str]:
    person = await person_of(ben)
    return [look.command for look in await stage.app.database.run(lambda tx: tx.looks.of(person))]


async def test_looking_at_credits_giving_some_and_weighing_are_looks(stage: Stage, ben: Actor) -> None:
    named = f"terminal:{ben.who.raw_id}"
    await operating.balance(stage.app, named)
    await operating.grant(stage.app, named, "5", "gift")
    await operating.weight(stage.app, named, None)

    assert await looks_at(stage, ben) == ["weight", "credits grant", "credits show"]


async def test_reading_a_ticket_is_a_look_and_listing_them_is_none(stage: Stage, ben: Actor) -> None:
    ticket = await tickets.ask(stage.app, ben.who, TicketKind.SUPPORT, "help")
    await tickets.unanswered(stage.app)
    assert await looks_at(stage, ben) == []

    await tickets.look_at(stage.app, ticket.id, "tickets show")
    assert await looks_at(stage, ben) == ["tickets show"]


async def test_a_look_shows_in_mydata_and_says_with_which_command(stage: Stage, ben: Actor) -> None:
    ticket = await tickets.ask(stage.app, ben.who, TicketKind.SUPPORT, "help")
    assert "tickets show" not in read(await ben.says("/mydata"))

    await tickets.look_at(stage.app, ticket.id, "tickets show")
    assert "tickets show" in read(await ben.says("/mydata"))


async def test_what_is_refused_before_anybody_is_found_is_no_look(stage: Stage, ben: Actor) -> None:
    assert await refused(operating.balance(stage.app, "terminal:nobody")) == "operator.unknown"
    assert await looks_at(stage, ben) == []


async def test_each_look_says_when(stage: Stage, ben: Actor) -> None:
    person, then = await person_of(ben), stage.clock.now()
    await operating.balance(stage.app, f"terminal:{ben.who.raw_id}")
    stage.clock.passes(1_000)

    (look,) = await stage.app.database.run(lambda tx: tx.looks.of(person))
    assert look.at == then
