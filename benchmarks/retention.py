"""How long a sweep holds others up: every transaction of one in which very much is due, beside a bare durable commit.

    python -m benchmarks.retention [--postgres] [--requests N] [--folder FOLDER]

So many requests with a picture each, buttons, updates and messages, half of them due; pictures are due for a third by the
operator's period, by a server's and by their people's each. One account that is nobody's any more has thousands of bookings.
What is measured is each transaction of core/erasing/retention.py, from its beginning until it is on the disk: on SQLite
whoever writes waits for as long; the look at what is overdue only reads, and nobody waits for it. Blobs are left out.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection, Engine, insert, text

from benchmarks.ledger import a_database, bare_commits, timed
from core.datamap import Until
from core.erasing import retention
from core.periods import Keeping, Periods
from core.requests import gallery
from core.rules import DAY
from core.values import Moment, PictureId
from storage.database import SqlDatabase, open_engine
from storage.records.tables import (
    ButtonRow,
    DeliveryRow,
    InboxRow,
    JobRow,
    PersonRow,
    PictureRow,
    PreferenceRow,
    ServerRow,
    TicketRow,
    WishRow,
    table,
)
from storage.schema import upgrade

GOAL = 0.025  #: seconds that one transaction may take, mostly
OFTEN = 20  #: what is done less often says nothing of what is usual
NOW = Moment(2_000_000_000_000)
PEOPLE = 2_000  #: with a wish of their own
BOOKINGS = 3_000  #: of the account that goes
PERIODS = Periods({Until.PICTURE_DELETED: 300 * DAY})


def main(argv: Sequence[str] | None = None) -> None:
    options = argparse.ArgumentParser(prog="python -m benchmarks.retention", description=__doc__.split("\n")[0])
    options.add_argument("--postgres", action="store_true", help="a PostgreSQL server with fsync on, instead of SQLite")
    options.add_argument("--requests", type=int, default=100_000, help="how many there are, half of them due")
    options.add_argument("--folder", type=Path, default=Path(), help="on which disk; default: this folder's")
    chosen = options.parse_args(argv)
    with ExitStack() as opened:
        engine = open_engine(opened.enter_context(a_database(chosen.postgres, chosen.folder)))
        upgrade(engine, "records")
        with engine.begin() as connection:
            fill(connection, chosen.requests)
        with engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE"))
        bare = bare_commits(engine)
        took = {"bare commit": [timed(bare) for _ in range(100)]} | swept(engine)
        show(Console(), took, chosen.requests, "PostgreSQL" if chosen.postgres else "SQLite")
        engine.dispose()


def fill(connection: Connection, requests: int) -> None:
    """Rows as the product writes them, many at a time. What began 400 days ago is due by now, what began today is not."""
    old, new = NOW - 400 * DAY, NOW - DAY
    people = [f"p{number:06}" for number in range(PEOPLE)]
    person = {"banned": False, "notice_version": 1, "created_at": 0, "weight": 1, "policy_seen": 1, "restricted": False}
    _insert(connection, PersonRow, [person | {"id": one, "last_active": NOW} for one in people])
    preference = {"shape": "square", "private": False, "format": "png", "model": "", "style": "", "keep_days": 30}
    _insert(connection, PreferenceRow, [preference | {"person_id": one} for one in people[: PEOPLE // 3]])
    _insert(connection, ServerRow, [{"id": "s1", "keep_days": 30, "created_at": 0}])
    job = dict.fromkeys(
        ("width", "height", "steps", "count", "price_each", "fence", "attempts", "deadline", "weight"), 1
    )
    job |= {"door": "terminal", "model": "m", "shape": "square", "guidance": 1, "style": "", "lora": "", "seed": 1}
    job |= {"lora_strength": 1, "strength": 0, "private": False, "sealed_words": bytes(200), "queued_at": old}
    for start in range(0, requests, 10_000):
        jobs, pictures, rest = [], [], []
        for number in range(start, min(requests, start + 10_000)):
            of, kind = f"{number:032x}", number % 6
            drawn = old if kind == 0 else NOW - 40 * DAY if kind in (1, 2) else new
            whose = people[number % (PEOPLE // 3)] if kind == 1 else people[PEOPLE // 3 + number % (PEOPLE // 2)]
            server = "s1" if kind == 2 else "s0"
            # requests of kind 3 are old and have no picture any more
            ended = old if kind == 3 else drawn
            made = {
                "id": of,
                "person_id": whose,
                "state": "done",
                "created_at": ended,
                "ended_at": ended,
                "server": server,
            }
            jobs.append(job | made)
            if kind != 3:
                picture = {
                    "id": of,
                    "job_id": of,
                    "index": 0,
                    "person_id": whose,
                    "seed": 1,
                    "blob": of,
                    "hidden": False,
                }
                picture |= {"width": 1, "height": 1, "format": "png", "drawn_at": drawn, "server": server}
                pictures.append(picture)
            rest.append({"job_id": of, "index": 0, "state": "drawn"})
        _insert(connection, JobRow, jobs)
        _insert(connection, PictureRow, pictures)
        _insert(connection, WishRow, rest)
        _insert(connection, DeliveryRow, [one | {"state": "delivered"} for one in rest])
        due = [NOW - 1 if number % 2 else NOW + DAY for number in range(start, min(requests, start + 10_000))]
        named = [(f"b{start + number}", until) for number, until in enumerate(due)]
        _insert(connection, InboxRow, [{"update": name, "until": until} for name, until in named])
        button = {"person_id": people[0], "sealed_deed": bytes(200)}
        _insert(connection, ButtonRow, [button | {"handle": name, "until": until} for name, until in named])
        ticket = {
            "person_id": people[0],
            "kind": "support",
            "state": "closed",
            "about": "",
            "outcome": "",
            "door": "page",
        }
        ticket |= {"asked_at": 0, "due_at": 0}
        tickets = [ticket | {"id": name, "closed_at": old if until < NOW else new} for name, until in named[::10]]
        _insert(connection, TicketRow, tickets)
    _spend(connection)


def _spend(connection: Connection) -> None:
    """One account with very many bookings, whose person is gone."""
    connection.execute(text("INSERT INTO ledger_account (id, debt, version, created_at) VALUES ('a', 0, 0, 0)"))
    numbers = [{"id": f"grant:{number}", "lot": f"l{number}"} for number in range(BOOKINGS)]
    for statement in (
        "INSERT INTO ledger_tx (id, account_id, kind, booked_at, reason_code, input_hash) "
        "VALUES (:id, 'a', 'grant', 0, '', '')",
        "INSERT INTO credit_lot (id, account_id, kind, amount, available, held, disputed, spent, removed, priority, "
        "source_key, created_at) VALUES (:lot, 'a', 'promo', 1, 1, 0, 0, 0, 0, 1, :id, 0)",
        "INSERT INTO ledger_entry (tx_id, account, lot_id, delta) VALUES (:id, 'issued:promo', :lot, -1)",
        "INSERT INTO ledger_entry (tx_id, account, lot_id, delta) VALUES (:id, 'user:a', :lot, 1)",
    ):
        connection.execute(text(statement), numbers)


def swept(engine: Engine) -> dict[str, list[float]]:
    """Seconds of every transaction, by what it does, in the order of a sweep."""
    database, keeping = SqlDatabase(engine), Keeping(PERIODS, NOW)
    took: dict[str, list[float]] = {}

    def does(what: str, fn: Callable[..., Any], *arguments: Any) -> Any:
        before = perf_counter()
        found = database.transact(fn, *arguments)
        took.setdefault(what, []).append(perf_counter() - before)
        return found

    while does("hide what is past its age", retention._hide_aged, keeping):
        pass
    after: str | None = ""
    while after is not None:
        _, after = does("hide what people want no longer", retention._hide_unwanted, keeping, after)
    last = PictureId("")
    while hidden := does("find what is hidden", retention._hidden, last):
        for picture in hidden:
            does("forget a picture", gallery._remove, picture)
        last = hidden[-1].id
    for name in database.transact(retention._tables):
        while does(f"forget rows of {name}", retention._forget, name, keeping):
            pass
    books: str | None = ""
    while books is not None:
        what = f"close an account with {BOOKINGS:,} bookings, or look for one"
        _, books = does(what, retention._close_books, keeping, books)
    does("count what is spared", retention._spared, keeping)
    does("look since when something is overdue", lambda tx: tx.expiry.overdue_since(keeping))
    database.close()
    return took


def show(console: Console, took: dict[str, list[float]], requests: int, database: str) -> None:
    shown = Table(title=f"A sweep over {requests:,} requests on {database}, in milliseconds")
    for heading in ("transaction", "how many", "half of them", "the longest"):
        shown.add_column(heading, justify="left" if heading == "transaction" else "right")
    for what, spent in took.items():
        shown.add_row(what, f"{len(spent):,}", f"{median(spent) * 1e3:.2f}", f"{max(spent) * 1e3:.2f}")
    console.print(shown)
    often = {what: median(spent) for what, spent in took.items() if len(spent) >= OFTEN}
    worst = max(often, key=lambda what: often[what])
    verdict = "reached" if often[worst] <= GOAL else "missed"
    console.print(f"Goal, no more than {GOAL * 1e3:.0f} ms in one: {verdict} ({worst}: {often[worst] * 1e3:.1f} ms).")


def _insert(connection: Connection, row: type[Any], rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(table(row)), rows)


if __name__ == "__main__":
    main()
