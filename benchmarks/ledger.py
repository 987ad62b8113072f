"""What one paid picture costs the database, from asking to told: each transaction in bare durable commits of the same disk
and minute, and what all of them take of a processor.

    python -m benchmarks.ledger [--postgres] [--repeats N] [--folder FOLDER]

A bare durable commit is a transaction that updates one row, spoken straight to the driver under the product's own settings.
The others are the product's own: hold (`accept` in core/requests/generation.py), choose and send out (`choose` in
core/requests/scheduling.py), started, settle (`keep_picture` of the last picture in core/requests/completion.py), and told.
They take turns, so that a disk that changes its mood changes it for all of them.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, process_time

from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine

from core import accounts
from core.credits import LedgerAccountId, LotId, Milli
from core.ports import Limits
from core.records import Agreed, NewIdentity
from core.requests import completion, generation, scheduling
from core.requests.line import Line
from core.values import DeliveryState, Job, JobId, JobState, Moment, Person, PersonId, Picture, PictureId, Settings
from storage.database import SqlDatabase, open_engine, sqlite_url
from storage.schema import upgrade

GOAL = 3.0  #: bare commits for hold and settle together; two of them are the commits themselves
WARM_UP = 30
PRICE = Milli(1_000)
SETTINGS = Settings("starter", "square", 128, 128, 12, 3.0)
CPU_GOAL = 5.0  #: milliseconds of a processor for all of a job's transactions
BARE = "bare commit"
LEASE = 60_000  #: milliseconds

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
        print_table(*measure(engine, chosen.repeats), engine.dialect.name)
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


def measure(engine: Engine, repeats: int) -> tuple[Seconds, list[float]]:
    """Seconds by step, and seconds of a processor for all the steps of each job."""
    database, line = SqlDatabase(engine), Line()
    bare = bare_commits(engine)
    person = somebody_rich(database)
    seconds: Seconds = {}
    processor: list[float] = []
    for number in range(WARM_UP + repeats):
        now = Moment(1_000_000 + number * 100)
        took = {BARE: timed(bare)}
        before = process_time()
        took |= {name: timed(step) for name, step in steps(database, line, a_job(person, number, now), person.account)}
        if number >= WARM_UP:
            processor.append(process_time() - before)
            for name, spent in took.items():
                seconds.setdefault(name, []).append(spent)
    assert database.transact(lambda tx: tx.ledger.mistakes()) == []
    database.close()
    return seconds, processor


def steps(
    database: SqlDatabase, line: Line, job: Job, account: LedgerAccountId
) -> Iterator[tuple[str, Callable[[], object]]]:
    """The transactions of one job of one picture, in their order; each is to be run before the next is taken."""
    now, sent = job.created_at, 1
    picture = its_picture(job, now)

    def choose() -> None:
        (dispatched,) = database.transact(scheduling.choose, 1, now, line)
        line.kept()
        assert dispatched.job.id == job.id
        assert dispatched.job.fence == sent

    yield "hold", lambda: database.transact(generation.accept, job, account, 0, now)
    yield "choose and send out", choose
    yield "started", lambda: database.transact(lambda tx: tx.jobs.start(job.id, sent, Moment(now + LEASE)))
    yield "settle", lambda: database.transact(completion.keep_picture, picture, sent, now)
    yield "told", lambda: database.transact(lambda tx: tx.deliveries.told(job.id, 0, DeliveryState.DELIVERED))


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


def print_table(seconds: Seconds, processor: list[float], database: str) -> None:
    bare = median(seconds[BARE])
    both = [hold + settle for hold, settle in zip(seconds["hold"], seconds["settle"], strict=True)]
    table = Table(title=f"One job of one picture on {database}, {len(both)} times")
    for heading in ("", "median ms", "95 of 100 under", "bare commits"):
        table.add_column(heading, justify="left" if not heading else "right")
    for step, took in {**seconds, "hold + settle": both}.items():
        table.add_row(
            step, f"{median(took) * 1e3:.2f}", f"{quantiles(took, n=20)[-1] * 1e3:.2f}", f"{median(took) / bare:.1f}"
        )
    console = Console()
    console.print(table)
    console.print(_verdict(f"hold + settle in at most {GOAL:.0f} bare commits", median(both) / bare <= GOAL))
    for step in ("choose and send out", "settle"):
        console.print(_verdict(f"{step} in at most {GOAL:.0f}", median(seconds[step]) / bare <= GOAL))
    spent = median(processor) * 1e3
    console.print(
        _verdict(f"at most {CPU_GOAL:.0f} ms of a processor a job", spent <= CPU_GOAL) + f" It takes {spent:.1f}."
    )


def _verdict(goal: str, reached: bool) -> str:
    return f"The goal, {goal}, is {'reached' if reached else 'missed'}."


if __name__ == "__main__":
    main()
