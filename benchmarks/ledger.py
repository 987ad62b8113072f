"""What one paid picture costs the database: hold and settle, stated in bare durable commits of the same disk and minute.

    python -m benchmarks.ledger [--postgres] [--repeats N] [--folder FOLDER]

A bare durable commit is a transaction that updates one row, spoken straight to the driver under the product's own settings.
Hold and settle are the product's two transactions: `accept` in core/requests/generation.py, and `keep_picture` of the last
picture in core/requests/completion.py. The three take turns, so that a disk that changes its mood changes it for all of them.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine

from core import accounts
from core.credits import LedgerAccountId, LotId, Milli
from core.ports import Limits
from core.records import Agreed, NewIdentity
from core.requests import completion, generation, scheduling
from core.values import Job, JobId, JobState, Moment, Person, PersonId, Picture, PictureId, Settings
from storage.database import SqlDatabase, open_engine, sqlite_url
from storage.schema import upgrade

GOAL = 3.0  #: bare commits for hold and settle together; two of them are the commits themselves
WARM_UP = 30
PRICE = Milli(1_000)
SETTINGS = Settings("starter", "square", 128, 128, 12, 3.0)
STEPS = ("bare commit", "hold", "settle")

Seconds = dict[str, list[float]]


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m benchmarks.ledger", description=__doc__.split("\n")[0])
    options.add_argument("--postgres", action="store_true", help="a PostgreSQL server with fsync on, instead of SQLite")
    options.add_argument("--repeats", type=int, default=400)
    options.add_argument("--folder", type=Path, default=Path(), help="on which disk; default: this folder's")
    chosen = options.parse_args()
    with a_database(chosen.postgres, chosen.folder) as url:
        engine = open_engine(url)
        upgrade(engine, "records")
        print_table(measure(engine, chosen.repeats), engine.dialect.name)
        engine.dispose()


@contextmanager
def a_database(postgres: bool, parent: Path) -> Iterator[str]:
    if postgres:
        from tests.databases import postgres_programs, postgres_server

        programs = postgres_programs()
        if programs is None:
            raise SystemExit("PostgreSQL is not installed")
        with postgres_server(programs, durable=True, parent=parent) as server:
            yield server.create("records")
    else:
        with tempfile.TemporaryDirectory(prefix="benchmark-", dir=parent) as folder:
            yield sqlite_url(Path(folder).resolve() / "records.db")


def measure(engine: Engine, repeats: int) -> Seconds:
    database = SqlDatabase(engine)
    bare = bare_commits(engine)
    person = somebody_rich(database)
    seconds: Seconds = {step: [] for step in STEPS}
    for number in range(WARM_UP + repeats):
        now = Moment(1_000_000 + number)
        job = a_job(person, number, now)
        took = [timed(bare)]
        took.append(timed(lambda: database.transact(generation.accept, job, person.account, 0, now)))  # noqa: B023
        (sent,) = database.transact(scheduling.choose, 1, now)
        picture = its_picture(job, now)
        took.append(timed(lambda: database.transact(completion.keep_picture, picture, sent.job.fence, now)))  # noqa: B023
        if number >= WARM_UP:
            for step, spent in zip(STEPS, took, strict=True):
                seconds[step].append(spent)
    assert database.transact(lambda tx: tx.ledger.mistakes()) == []
    database.close()
    return seconds


def bare_commits(engine: Engine) -> Callable[[], None]:
    """The least a durable transaction can be: no library between, one row, the same connection settings."""
    connection = engine.raw_connection()
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE bare (id INTEGER PRIMARY KEY, number INTEGER)")
    cursor.execute("INSERT INTO bare VALUES (1, 0)")
    connection.commit()
    begin = "BEGIN IMMEDIATE" if engine.dialect.name == "sqlite" else None  # psycopg begins by itself

    def commit() -> None:
        if begin:
            cursor.execute(begin)
        cursor.execute("UPDATE bare SET number = number + 1 WHERE id = 1")
        connection.commit()

    return commit


def timed(step: Callable[[], object]) -> float:
    before = perf_counter()
    step()
    return perf_counter() - before


def somebody_rich(database: SqlDatabase) -> Person:
    person = Person(PersonId("person"), LedgerAccountId("account"), banned=False, notice_version=1)
    limits = Limits(open_jobs=0, welcome=Milli(10**12))
    identity = NewIdentity("terminal", "lookup", b"sealed")
    return database.transact(accounts.enroll, person, identity, Agreed(1, 16, ""), LotId("lot"), limits, Moment(0))


def a_job(person: Person, number: int, now: Moment) -> Job:
    return Job(
        id=JobId(f"{number:032x}"),
        person=person.id,
        door="terminal",
        state=JobState.QUEUED,
        settings=SETTINGS,
        seed=number,
        count=1,
        private=False,
        price_each=PRICE,
        sealed_words=bytes(200),
        fence=0,
        attempts=0,
        created_at=now,
        deadline=Moment(now + generation.START_DEADLINE),
    )


def its_picture(job: Job, now: Moment) -> Picture:
    blob = f"pictures/{job.id}/0/1"
    width, height = SETTINGS.width, SETTINGS.height
    return Picture(PictureId(f"p{job.seed}"), job.id, 0, job.person, job.seed, blob, width, height, "png", now)


def print_table(seconds: Seconds, database: str) -> None:
    bare = median(seconds["bare commit"])
    both = [hold + settle for hold, settle in zip(seconds["hold"], seconds["settle"], strict=True)]
    table = Table(title=f"Hold and settle on {database}, {len(both)} times")
    for heading in ("", "median ms", "95 of 100 under", "bare commits"):
        table.add_column(heading, justify="left" if not heading else "right")
    for step, took in {**seconds, "hold + settle": both}.items():
        table.add_row(
            step, f"{median(took) * 1e3:.2f}", f"{quantiles(took, n=20)[-1] * 1e3:.2f}", f"{median(took) / bare:.1f}"
        )
    console = Console()
    console.print(table)
    verdict = "reached" if median(both) / bare <= GOAL else "missed"
    console.print(f"The goal, hold + settle in at most {GOAL:.0f} bare commits, is {verdict}.")


if __name__ == "__main__":
    main()
