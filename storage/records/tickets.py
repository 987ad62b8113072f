"""The verbs of `core.records.Tickets`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select, update

from core.values import Moment, PersonId
from core.values.letters import Outcome, Ticket, TicketId, TicketKind, TicketState
from storage.records.tables import TicketRow, table

tickets = table(TicketRow)


class SqlTickets:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, ticket: Ticket) -> None:
        self._connection.execute(
            insert(tickets).values(
                id=ticket.id,
                person_id=ticket.person,
                kind=ticket.kind,
                state=ticket.state,
                about=ticket.about,
                outcome=ticket.outcome or "",
                sealed_text=ticket.sealed_text,
                sealed_answer=ticket.sealed_answer,
                door=ticket.door,
                asked_at=ticket.asked_at,
                due_at=ticket.due_at,
                closed_at=ticket.closed_at,
            )
        )

    def get(self, ticket: TicketId) -> Ticket | None:
        return next(iter(self._found(select(tickets).where(tickets.c.id == ticket))), None)

    def of(self, person: PersonId) -> list[Ticket]:
        mine = select(tickets).where(tickets.c.person_id == person)
        return self._found(mine.order_by(tickets.c.asked_at.desc(), tickets.c.id))

    def unanswered(self, due_by: Moment | None = None) -> list[Ticket]:
        waiting = select(tickets).where(tickets.c.state == TicketState.OPEN)
        if due_by is not None:
            waiting = waiting.where(tickets.c.due_at <= due_by)
        return self._found(waiting.order_by(tickets.c.due_at, tickets.c.id))

    def count_unanswered(self, person: PersonId, kinds: Sequence[TicketKind]) -> int:
        waiting = select(func.count()).where(
            tickets.c.person_id == person, tickets.c.state == TicketState.OPEN, tickets.c.kind.in_(kinds)
        )
        return self._connection.execute(waiting).scalar_one()

    def count_overdue(self, now: Moment) -> int:
        late = select(func.count()).where(tickets.c.state == TicketState.OPEN, tickets.c.due_at < now)
        return self._connection.execute(late).scalar_one()

    def close(self, ticket: TicketId, outcome: Outcome, sealed_answer: bytes | None, now: Moment) -> bool:
        closed = update(tickets).where(tickets.c.id == ticket, tickets.c.state == TicketState.OPEN)
        values = {"state": TicketState.CLOSED, "outcome": outcome, "sealed_answer": sealed_answer, "closed_at": now}
        return self._connection.execute(closed.values(**values)).rowcount == 1

    def postpone(self, ticket: TicketId, due_at: Moment, sealed_reason: bytes) -> bool:
        later = update(tickets).where(tickets.c.id == ticket, tickets.c.state == TicketState.OPEN)
        return self._connection.execute(later.values(due_at=due_at, sealed_answer=sealed_reason)).rowcount == 1

    def _found(self, statement: Select[Any]) -> list[Ticket]:
        return [_ticket(row) for row in self._connection.execute(statement)]


def _ticket(row: Any) -> Ticket:
    return Ticket(
        id=TicketId(row.id),
        person=PersonId(row.person_id),
        kind=TicketKind(row.kind),
        door=row.door,
        asked_at=Moment(row.asked_at),
        due_at=Moment(row.due_at),
        state=TicketState(row.state),
        about=row.about,
        outcome=Outcome(row.outcome) if row.outcome else None,
        sealed_text=None if row.sealed_text is None else bytes(row.sealed_text),
        sealed_answer=None if row.sealed_answer is None else bytes(row.sealed_answer),
        closed_at=None if row.closed_at is None else Moment(row.closed_at),
    )
