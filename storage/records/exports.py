"""The verbs of `core.records.Exports`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, delete, func, insert, select, update

from core.values import Moment, PersonId
from core.values.holdings import Export, Piece
from core.values.letters import TicketId
from storage.records.tables import ExportPartRow, ExportRow, table

exports, parts = table(ExportRow), table(ExportPartRow)


class SqlExports:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, export: Export) -> None:
        self._connection.execute(
            insert(exports).values(
                ticket_id=export.ticket,
                person_id=export.person,
                door=export.door,
                images_only=export.images_only,
                most=export.most,
                handle=export.handle,
                attempt=export.attempt,
                claimed_until=export.claimed_until,
                done=export.done,
                total=export.total,
                parts=export.parts,
                told=export.told,
                tries=export.tries,
                fetched_at=export.fetched_at,
                asked_at=export.asked_at,
                until=export.until,
            )
        )

    def get(self, ticket: TicketId) -> Export | None:
        return self._one(select(exports).where(exports.c.ticket_id == ticket))

    def newest(self, person: PersonId) -> Export | None:
        mine = select(exports).where(exports.c.person_id == person)
        return self._one(mine.order_by(exports.c.asked_at.desc(), exports.c.ticket_id).limit(1))

    def of_handle(self, handle: str) -> Export | None:
        return self._one(select(exports).where(exports.c.handle == handle))

    def unmade(self, now: Moment) -> list[Export]:
        waiting = select(exports).where(exports.c.parts == 0, exports.c.claimed_until <= now, exports.c.until > now)
        return self._found(waiting.order_by(exports.c.asked_at, exports.c.ticket_id))

    def untold(self, door: str, now: Moment) -> list[Export]:
        made = select(exports).where(exports.c.door == door, ~exports.c.told, exports.c.until > now)
        return self._found(made.order_by(exports.c.asked_at, exports.c.ticket_id))

    def claim(self, ticket: TicketId, attempt: str, until: Moment, now: Moment) -> bool:
        free = update(exports).where(
            exports.c.ticket_id == ticket, exports.c.parts == 0, exports.c.claimed_until <= now
        )
        return self._connection.execute(free.values(attempt=attempt, claimed_until=until, done=0)).rowcount == 1

    def note(self, ticket: TicketId, attempt: str, done: int, total: int, claimed_until: Moment) -> bool:
        mine = update(exports).where(exports.c.ticket_id == ticket, exports.c.attempt == attempt)
        changed = mine.values(done=done, total=total, claimed_until=claimed_until)
        return self._connection.execute(changed).rowcount == 1

    def add_pieces(self, export: Export, pieces: Sequence[Piece]) -> None:
        for piece in pieces:
            self._connection.execute(
                insert(parts).values(
                    ticket_id=export.ticket,
                    part=piece.part,
                    piece=piece.number,
                    person_id=export.person,
                    blob=piece.blob,
                    size=piece.size,
                    until=export.until,
                )
            )

    def made(self, ticket: TicketId, attempt: str, count: int, until: Moment) -> bool:
        mine = update(exports).where(exports.c.ticket_id == ticket, exports.c.attempt == attempt)
        if not self._connection.execute(mine.values(parts=count, until=until)).rowcount:
            return False
        self._connection.execute(update(parts).where(parts.c.ticket_id == ticket).values(until=until))
        return True

    def told(self, ticket: TicketId) -> None:
        self._connection.execute(update(exports).where(exports.c.ticket_id == ticket).values(told=True))

    def pieces(self, ticket: TicketId, part: int | None = None) -> list[Piece]:
        of_it = select(parts).where(parts.c.ticket_id == ticket)
        if part is not None:
            of_it = of_it.where(parts.c.part == part)
        rows = self._connection.execute(of_it.order_by(parts.c.part, parts.c.piece))
        return [Piece(row.part, row.piece, row.blob, row.size) for row in rows]

    def sizes(self, ticket: TicketId) -> list[int]:
        each = select(func.sum(parts.c.size)).where(parts.c.ticket_id == ticket)
        return [
            int(size) for size in self._connection.execute(each.group_by(parts.c.part).order_by(parts.c.part)).scalars()
        ]

    def forget_pieces(self, ticket: TicketId) -> None:
        self._connection.execute(delete(parts).where(parts.c.ticket_id == ticket))

    def fetch(self, handle: str, now: Moment) -> bool:
        unused = update(exports).where(exports.c.handle == handle, exports.c.fetched_at.is_(None))
        return self._connection.execute(unused.values(fetched_at=now)).rowcount == 1

    def try_code(self, handle: str, most: int) -> bool:
        more = update(exports).where(exports.c.handle == handle, exports.c.tries < most)
        return self._connection.execute(more.values(tries=exports.c.tries + 1)).rowcount == 1

    def renew(self, ticket: TicketId, handle: str) -> None:
        again = update(exports).where(exports.c.ticket_id == ticket)
        self._connection.execute(again.values(handle=handle, tries=0, fetched_at=None))

    def _one(self, statement: Select[Any]) -> Export | None:
        return next(iter(self._found(statement)), None)

    def _found(self, statement: Select[Any]) -> list[Export]:
        return [_export(row) for row in self._connection.execute(statement)]


def _export(row: Any) -> Export:
    return Export(
        ticket=TicketId(row.ticket_id),
        person=PersonId(row.person_id),
        door=row.door,
        images_only=bool(row.images_only),
        most=row.most,
        handle=row.handle,
        asked_at=Moment(row.asked_at),
        until=Moment(row.until),
        attempt=row.attempt,
        claimed_until=Moment(row.claimed_until),
        done=row.done,
        total=row.total,
        parts=row.parts,
        told=bool(row.told),
        tries=row.tries,
        fetched_at=None if row.fetched_at is None else Moment(row.fetched_at),
    )
