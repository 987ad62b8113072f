"""Writing to whoever runs the bot, reporting what should not be here, and what came of it. Open to banned people too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from bots.commands.asks import Report
from bots.commands.erasing import standing_lines
from bots.declaring import Commands, Option
from bots.replies import Button, Line, Reply, reply, say
from bots.texts import render
from core.erasing import erasure
from core.errors import Refused
from core.ports import App
from core.rights import reports, tickets
from core.rules import HOUR
from core.values import PictureId, Who
from core.values.letters import Ticket, TicketKind

commands = Commands()

PAGE: Final = 10  #: tickets on one page
CHILD, INTIMATE = "child", "intimate"


@dataclass(frozen=True)
class Letter:
    message: Annotated[str, Option(main=True, verbatim=True)]


@dataclass(frozen=True)
class Requests:
    ticket: Annotated[str, Option(main=True)] = ""
    page: Annotated[int, Option(low=1, high=1_000)] = 1


@commands("support", private=True)
async def support(app: App, who: Who, ask: Letter) -> Reply:
    """A question, or something that does not work."""
    return await _send(app, who, TicketKind.SUPPORT, ask)


@commands("feedback", private=True)
async def feedback(app: App, who: Who, ask: Letter) -> Reply:
    """What somebody thinks of it."""
    return await _send(app, who, TicketKind.FEEDBACK, ask)


@commands("contact", private=True)
async def contact(app: App, who: Who, ask: Letter) -> Reply:
    """Anything about privacy, for whoever answers for it."""
    return await _send(app, who, TicketKind.CONTACT, ask)


@commands("correct", private=True)
async def correct(app: App, who: Who, ask: Letter) -> Reply:
    """Something about them is wrong that they can't change themselves."""
    return await _send(app, who, TicketKind.CORRECT, ask)


@commands("appeal", private=True)
async def appeal(app: App, who: Who, ask: Letter) -> Reply:
    """A ban, or a picture that was refused, is to be looked at again by a person."""
    return await _send(app, who, TicketKind.APPEAL, ask)


@commands("report", private=True, anyone=True)
async def report(app: App, who: Who, ask: Report) -> Reply:
    """A picture that should not be here, the account of a child, or a picture of a body that was never allowed."""
    named, _, more = ask.id.strip().partition(" ")
    more = more.strip()
    if named.lower() == CHILD:
        return await _report_child(app, who, " ".join(filter(None, (more, ask.reason))))
    if named.lower() == INTIMATE:
        return await _report_intimate(app, who, ask, more)
    picture = PictureId(named.upper()[:40])
    ticket = await reports.report_picture(app, who, picture, ask.reason or more)
    return reply(say("report.done", id=picture, ticket=ticket.id, due=ticket.due_at), private=True)


@commands("requests", private=True)
async def requests(app: App, who: Who, ask: Requests) -> Reply:
    """What one asked of whoever runs the bot, or did by right: state, day it is due, answer."""
    if ask.ticket.strip():
        if (erased := await erasure.find(app, ask.ticket)) is not None:
            return reply(*standing_lines(erased, app.clock.now()), private=True)
        return await _one(app, await tickets.one(app, who, ask.ticket))
    found = await tickets.mine(app, who)
    if not found:
        return reply(say("ticket.none"), private=True)
    shown = found[(ask.page - 1) * PAGE : ask.page * PAGE]
    if not shown:
        raise Refused("ticket.past_end", page=ask.page)
    more = (Button(say("button.next_page"), "requests", Requests(page=ask.page + 1)),)
    return reply(
        say("ticket.intro", n=len(found)),
        *(say("ticket.line", id=ticket.id, kind=_kind(ticket), state=_state(ticket)) for ticket in shown),
        say("ticket.how"),
        buttons=more if ask.page * PAGE < len(found) else (),
        private=True,
    )


async def _send(app: App, who: Who, kind: TicketKind, ask: Letter) -> Reply:
    return _opened(await tickets.ask(app, who, kind, ask.message))


async def _report_child(app: App, who: Who, text: str) -> Reply:
    if not text:
        raise Refused("report.child_how")
    return _opened(await reports.report_child(app, who, text))


async def _report_intimate(app: App, who: Who, ask: Report, where: str) -> Reply:
    """Raises Refused naming every element that the law asks for and that is missing."""
    elements = {
        "signed": bool(ask.signed.strip()),
        "where": bool(where),
        "good_faith": bool(ask.good_faith),
        "contact": bool(ask.contact.strip()),
    }
    missing = tuple(say(f"intimate.{name}") for name, given in elements.items() if not given)
    if missing:
        raise Refused("report.intimate_how", missing=missing)
    said = say("intimate.text", where=where, signed=ask.signed, contact=ask.contact, reason=ask.reason)
    return _opened(await reports.report_intimate(app, who, render(said)))


def _opened(ticket: Ticket) -> Reply:
    hours = (ticket.due_at - ticket.asked_at) // HOUR
    soon = say("ticket.within", hours=hours) if hours <= 48 else say("ticket.by", due=ticket.due_at)
    return reply(say("ticket.opened", id=ticket.id), soon, private=True)


async def _one(app: App, ticket: Ticket) -> Reply:
    lines = [
        say("ticket.line", id=ticket.id, kind=_kind(ticket), state=_state(ticket)),
        say("ticket.asked", at=ticket.asked_at, due=ticket.due_at),
    ]
    if ticket.about and ticket.kind is TicketKind.REPORT:
        lines.append(say("ticket.about", picture=ticket.about))
    if text := await tickets.text_of(app, ticket):
        lines.append(say("ticket.text", text=text))
    if text := await tickets.answer_of(app, ticket):
        lines.append(say("ticket.so_far" if ticket.is_open else "ticket.answer", text=text))
    return reply(*lines, private=True)


def _kind(ticket: Ticket) -> Line:
    return say(f"ticket_kind.{ticket.kind}")


def _state(ticket: Ticket) -> Line:
    if ticket.outcome is None:
        return say("ticket.open", due=ticket.due_at)
    return say(f"ticket_outcome.{ticket.outcome}", at=ticket.closed_at)
