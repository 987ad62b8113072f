"""What people ask of whoever runs the bot, from the question to the answer. Its values are in `core.values.letters`.

What a right is asked with is a ticket too: whoever grants one opens it with `open_ticket` and closes it with `close_ticket`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from core import accounts
from core.errors import Refused
from core.moderation import clean
from core.ports import App, Place
from core.records import Records
from core.rights.notices import notify
from core.rights.places import place_of
from core.rules import DAY, HOUR
from core.values import Moment, PersonId, Who
from core.values.letters import Outcome, Ticket, TicketId, TicketKind

AIM: Final = 7 * DAY  #: no law names a day for a question: what whoever runs the bot aims at
RIGHTS: Final = 28 * DAY  #: GDPR 12(3) says a month, Telegram's standard policy 30 days, CCPA 45: the strictest, always
CHILD: Final = 24 * HOUR  #: GDPR 8 and 17(1)(f), COPPA 312.10: no law names hours, and every one counts
INTIMATE: Final = 48 * HOUR  #: TAKE IT DOWN Act, section 3(a)(3): as soon as possible, at most 48 hours
MORE_TIME: Final = 60 * DAY  #: GDPR 12(3): by two further months, once, and told within the first
REMINDED: Final = 7 * DAY  #: so long before it is due, a ticket is due soon

#: How long an answer may take, from the question.
DUE: Final[Mapping[TicketKind, int]] = MappingProxyType(
    {
        TicketKind.SUPPORT: AIM,
        TicketKind.FEEDBACK: AIM,
        TicketKind.CONTACT: RIGHTS,
        TicketKind.CORRECT: RIGHTS,
        TicketKind.APPEAL: RIGHTS,
        TicketKind.REPORT: AIM,
        TicketKind.REPORT_CHILD: CHILD,
        TicketKind.REPORT_INTIMATE: INTIMATE,
        TicketKind.EXPORT: RIGHTS,
        TicketKind.ERASE: RIGHTS,
        TicketKind.RESTRICT: RIGHTS,
        TicketKind.OBJECT: RIGHTS,
    }
)
#: Written by people in their own words; what a right is asked with is counted towards no limit.
WRITTEN: Final = (
    TicketKind.SUPPORT,
    TicketKind.FEEDBACK,
    TicketKind.CONTACT,
    TicketKind.CORRECT,
    TicketKind.APPEAL,
    TicketKind.REPORT,
    TicketKind.REPORT_CHILD,
    TicketKind.REPORT_INTIMATE,
)
MOST_OPEN: Final = 20  #: of one person, written and not answered
CHARACTERS: Final = 2_000  #: of a text

Check = Callable[[Records], None]  #: raises Refused for what cannot be asked for


# What other rights are asked with


def open_ticket(
    tx: Records,
    id_: TicketId,
    person: PersonId,
    kind: TicketKind,
    door: str,
    now: Moment,
    *,
    about: str = "",
    sealed_text: bytes | None = None,
) -> Ticket:
    """A new ticket with the day it is due. `id_` is from `Ids.short`; the text was sealed for `text_place(id_)`."""
    due = Moment(now + DUE[kind])
    ticket = Ticket(id_, person, kind, door, asked_at=now, due_at=due, about=about, sealed_text=sealed_text)
    tx.tickets.add(ticket)
    return ticket


def close_ticket(
    tx: Records, id_: TicketId, outcome: Outcome, now: Moment, *, sealed_answer: bytes | None = None
) -> bool:
    """Say what became of it. False: it was closed before, and stays as it was."""
    return tx.tickets.close(id_, outcome, sealed_answer, now)


# What people do


async def ask(app: App, who: Who, kind: TicketKind, text: str) -> Ticket:
    """Somebody writes to whoever runs the bot, banned or not. Raises Refused for who has no account."""
    person = await accounts.find(app, who)
    if person is None:
        raise Refused("ticket.no_account")
    return await send(app, person.id, who.door, kind, text)


async def send(
    app: App, person: PersonId, door: str, kind: TicketKind, text: str, about: str = "", check: Check | None = None
) -> Ticket:
    """As `ask`, for a person who was found. Raises Refused, also whatever `check` refuses."""
    id_ = TicketId(app.ids.short())
    text = cleaned(text)
    sealed = await app.keys.seal(person, text_place(id_), text.encode()) if text else None
    return await app.database.run(_send, id_, person, kind, door, app.clock.now(), about, sealed, check)


async def mine(app: App, who: Who) -> list[Ticket]:
    """Everything they asked for, newest first. Raises Refused for who has no account."""
    person = await accounts.known(app, who)
    return await app.database.run(lambda tx: tx.tickets.of(person.id))


async def one(app: App, who: Who, typed: str) -> Ticket:
    """One of their own. Raises Refused for a number that is none of theirs."""
    person = await accounts.known(app, who)
    ticket = await app.database.run(_find, typed)
    if ticket is None or ticket.person != person.id:
        raise Refused("ticket.unknown", id=typed[:40])
    return ticket


async def text_of(app: App, ticket: Ticket) -> str:
    """What was asked, or nothing where no words were needed."""
    return await _opened(app, ticket, text_place(ticket.id), ticket.sealed_text)


async def answer_of(app: App, ticket: Ticket) -> str:
    """What it was answered, or nothing."""
    return await _opened(app, ticket, answer_place(ticket.id), ticket.sealed_answer)


# What whoever runs the bot does


async def unanswered(app: App, *, due: bool = False) -> list[Ticket]:
    """The most urgent first; `due`: only what is overdue or due soon."""
    by = Moment(app.clock.now() + REMINDED) if due else None
    return await app.database.run(lambda tx: tx.tickets.unanswered(by))


async def look_at(app: App, typed: str, command: str) -> Ticket:
    """A ticket whose words are to be read: its person is told of the look. Raises Refused for a number that is none."""
    return await app.database.run(_look_at, typed, command, app.clock.now())


async def answer(app: App, typed: str, text: str) -> Ticket:
    """Close it with an answer, which its person is told of. Raises Refused for what is closed, empty or unknown."""
    text, ticket = _answerable(text), await _open_one(app, typed)
    sealed = await app.keys.seal(ticket.person, answer_place(ticket.id), text.encode())
    return await app.database.run(_answer, ticket, sealed, app.clock.now())


async def take_more_time(app: App, typed: str, reason: str) -> Ticket:
    """Put off what was asked for by right, once and within the first month, with a reason that its person is told.

    Raises Refused where that is not allowed.
    """
    reason, ticket = _answerable(reason), await _open_one(app, typed)
    sealed = await app.keys.seal(ticket.person, answer_place(ticket.id), reason.encode())
    return await app.database.run(_take_more_time, ticket, sealed, app.clock.now())


# How it is kept


def text_place(id_: TicketId) -> Place:
    """Where the text of a ticket lies, for sealing and opening it."""
    return place_of("ticket", "sealed_text", id_)


def answer_place(id_: TicketId) -> Place:
    return place_of("ticket", "sealed_answer", id_)


def cleaned(text: str) -> str:
    """What somebody wrote, line by line. Raises Refused for more than CHARACTERS."""
    if len(text) > CHARACTERS:
        raise Refused("ticket.too_long", most=CHARACTERS, got=len(text))
    lines = [clean(line) for line in unicodedata.normalize("NFC", text).splitlines()]
    return "\n".join(lines).strip()


def _send(
    tx: Records,
    id_: TicketId,
    person: PersonId,
    kind: TicketKind,
    door: str,
    now: Moment,
    about: str,
    sealed: bytes | None,
    check: Check | None,
) -> Ticket:
    if check is not None:
        check(tx)
    if tx.tickets.count_unanswered(person, WRITTEN) >= MOST_OPEN:
        raise Refused("ticket.too_many", most=MOST_OPEN)
    return open_ticket(tx, id_, person, kind, door, now, about=about, sealed_text=sealed)


def _find(tx: Records, typed: str) -> Ticket | None:
    """By its number, however it was typed."""
    named = typed.strip()[:40]
    return tx.tickets.get(TicketId(named.upper())) or tx.tickets.get(TicketId(named.lower()))


def _look_at(tx: Records, typed: str, command: str, now: Moment) -> Ticket:
    ticket = _known(tx, typed)
    tx.looks.add(ticket.person, command, now)
    return ticket


def _answer(tx: Records, ticket: Ticket, sealed: bytes, now: Moment) -> Ticket:
    if not close_ticket(tx, ticket.id, Outcome.ANSWERED, now, sealed_answer=sealed):
        raise Refused("ticket.closed", id=ticket.id)
    notify(tx, ticket.person, "ticket_answered", ticket.asked_at, now)
    return _known(tx, ticket.id)


def _take_more_time(tx: Records, ticket: Ticket, sealed: bytes, now: Moment) -> Ticket:
    late, again = now > ticket.asked_at + RIGHTS, ticket.due_at - ticket.asked_at > RIGHTS
    if DUE[ticket.kind] != RIGHTS or late or again:
        raise Refused("ticket.no_more_time", id=ticket.id)
    due = Moment(ticket.due_at + MORE_TIME)
    if not tx.tickets.postpone(ticket.id, due, sealed):
        raise Refused("ticket.closed", id=ticket.id)
    notify(tx, ticket.person, "ticket_postponed", due, now)
    return replace(ticket, due_at=due, sealed_answer=sealed)


def _known(tx: Records, typed: str) -> Ticket:
    ticket = _find(tx, typed)
    if ticket is None:
        raise Refused("ticket.no_such", id=typed[:40])
    return ticket


async def _open_one(app: App, typed: str) -> Ticket:
    ticket = await app.database.run(_known, typed)
    if not ticket.is_open:
        raise Refused("ticket.closed", id=ticket.id)
    return ticket


def _answerable(text: str) -> str:
    text = cleaned(text)
    if not text:
        raise Refused("ticket.empty")
    return text


async def _opened(app: App, ticket: Ticket, place: Place, sealed: bytes | None) -> str:
    return (await app.keys.open(ticket.person, place, sealed)).decode() if sealed else ""
