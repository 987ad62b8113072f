"""Reports of before they were tickets are tickets now, with the words they were sealed with."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import text

from core.ports import Place
from core.rights.tickets import text_of
from core.rules import DAY
from core.values import PersonId
from core.values.letters import TicketId, TicketKind, TicketState
from storage.database import SqlDatabase, open_engine, sqlite_url
from storage.keys import PersonKeys
from storage.schema import create_at, upgrade
from tests.cast import LOOKUP, MASTER, StandingClock, build_stage

REPORT = "0123456789abcdef0123456789abcdef"


async def test_an_older_report_is_an_open_ticket_and_can_be_read(tmp_path: Path) -> None:
    engine = open_engine(sqlite_url(tmp_path / "older.db"))
    with engine.begin() as connection:
        create_at(connection, "records", "0004")
    key_store = open_engine(sqlite_url(tmp_path / "keys.db"))
    upgrade(key_store, "keys")
    keys = PersonKeys(key_store, MASTER, LOOKUP, StandingClock())
    await keys.create(PersonId("p"))
    sealed = await keys.seal(PersonId("p"), Place("report", "sealed_reason", REPORT), b"it is rude")
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO person (id, banned, notice_version, created_at, weight) VALUES ('p', false, 1, 1, 1)")
        )
        connection.execute(
            text("INSERT INTO identity VALUES ('l', 'p', 'telegram', :sealed, 1)"), {"sealed": b"sealed"}
        )
        connection.execute(
            text("INSERT INTO report (id, person_id, picture_id, sealed_reason, at) VALUES (:id, 'p', 'PIC', :why, 5)"),
            {"id": REPORT, "why": sealed},
        )
    assert upgrade(engine, "records")

    database = SqlDatabase(engine)
    stage = build_stage(tmp_path, database)
    (ticket,) = await database.run(lambda tx: tx.tickets.of(PersonId("p")))
    assert (ticket.id, ticket.kind, ticket.state) == (TicketId(REPORT), TicketKind.REPORT, TicketState.OPEN)
    assert (ticket.about, ticket.door, ticket.asked_at, ticket.due_at) == ("PIC", "telegram", 5, 5 + 7 * DAY)
    assert await text_of(stage.app, ticket) == "it is rude"
    database.close()
