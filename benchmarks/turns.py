"""What it costs to say whose turn it is, beside how many people wait, and to send that job out in bare durable commits.

    python -m benchmarks.turns [--postgres] [--people N N N] [--repeats N] [--folder FOLDER]

The first table is the choice alone, in memory: everybody has had turns before and asks again after each, all in one server
(the private chats of a door) or ten in each. The second is the transaction that the leader runs for each job (`choose` in
core/requests/scheduling.py): what is new in the queue is read, the job is chosen, and moved out under a new fence; beside
what beginning to lead and a comparison with the whole queue take. The sizes take turns, so that a machine that changes its
mood changes it for all.
"""

from __future__ import annotations

import argparse
import gc
import random
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import count
from pathlib import Path
from statistics import median
from time import perf_counter

from rich.console import Console
from rich.table import Table
from sqlalchemy import insert, select, text

from benchmarks.ledger import a_database, a_job, bare_commits, somebody_rich, timed
from core.queue.turns import Turns, Waiting
from core.requests import scheduling
from core.requests.line import Line
from core.requests.scheduling import Dispatched
from core.rules import OVERLAP, RESYNC, SECOND
from core.values import Job, JobId, JobState, Moment, PersonId
from storage.database import SqlDatabase, open_engine
from storage.records.jobs import SqlJobs, jobs, wishes
from storage.records.people import people
from storage.schema import upgrade

GOAL = 1.5  #: how much more a choice may cost among 100,000 people than among 100
PEOPLE = (100, 10_000, 100_000)
TEN = 10  #: people of a server, where not all are in one
WARM_UP = 500  #: choices of a size before it is measured: another size had the processor's caches until then
ROUNDS = 20
COSTS = (1, 1, 1, 2, 4)  #: most pictures are alike
STEPS = ("bare commit", "choose and send out", "begin to lead", "compare everything")
PERSON = {"banned": False, "notice_version": 1, "created_at": 0, "weight": 1}
ARRANGEMENTS = {"all in one server": None, "ten in each server": TEN}


def main(argv: Sequence[str] | None = None) -> None:
    options = argparse.ArgumentParser(prog="python -m benchmarks.turns", description=__doc__.split("\n")[0])
    options.add_argument("--postgres", action="store_true", help="a PostgreSQL server with fsync on, instead of SQLite")
    options.add_argument("--people", type=int, nargs="+", default=PEOPLE, help="how many wait, the fewest first")
    options.add_argument("--repeats", type=int, default=200, help="jobs that are sent out of each size")
    options.add_argument("--folder", type=Path, default=Path(), help="on which disk; default: this folder's")
    chosen = options.parse_args(argv)
    console = Console()
    show_choices(console, {name: choices(chosen.people, size) for name, size in ARRANGEMENTS.items()})
    with ExitStack() as opened:
        queues = [
            Queue(opened.enter_context(a_database(chosen.postgres, chosen.folder)), size) for size in chosen.people
        ]
        show_sending(console, sending(queues, chosen.repeats), "PostgreSQL" if chosen.postgres else "SQLite")
        for queue in queues:
            queue.close()


class Crowd:
    """So many people in line, who ask again whenever they were served."""

    def __init__(self, size: int, in_each: int | None) -> None:
        self._random = random.Random(size)
        self._numbers = count()
        self._turns = Turns(lambda waiting: waiting.work)
        for person in self._random.sample(range(size), size):
            self._ask(PersonId(f"person {person}"), f"server {person // in_each if in_each else 0}")
        self.choose(2 * size)

    def choose(self, times: int) -> float:
        """Seconds for each choice."""
        turns, spent = self._turns, 0.0
        for _ in range(times):
            before = perf_counter()
            waiting = turns.next("starter", Moment(0))
            assert waiting is not None
            turns.take(waiting, Moment(0))
            spent += perf_counter() - before
            self._ask(waiting.person, waiting.server)
        return spent / times

    def _ask(self, person: PersonId, server: str) -> None:
        now, work = Moment(next(self._numbers)), 10**6 * self._random.choice(COSTS)
        self._turns.add(Waiting(now, JobId(f"{now:032x}"), 0, server, person, "starter", work, 1, Moment(0)))


def choices(sizes: Sequence[int], in_each: int | None) -> dict[int, float]:
    """Seconds for a choice among so many."""
    crowds = {size: Crowd(size, in_each) for size in sizes}
    took: dict[int, list[float]] = {size: [] for size in sizes}
    gc.collect()
    gc.freeze()
    for _ in range(ROUNDS):
        for size, crowd in crowds.items():
            crowd.choose(WARM_UP)
            took[size] += [crowd.choose(100) for _ in range(10)]
    gc.unfreeze()
    return {size: median(spent) for size, spent in took.items()}


def sending(queues: Sequence[Queue], repeats: int) -> dict[str, dict[int, float]]:
    """Seconds for each step, by how many wait."""
    took: dict[str, dict[int, list[float]]] = {step: {queue.size: [] for queue in queues} for step in STEPS}
    for _ in range(3):
        for queue in queues:
            took["begin to lead"][queue.size].append(timed(queue.lead))
            took["compare everything"][queue.size].append(timed(queue.compare))
    for _ in range(repeats):
        for queue in queues:
            took["bare commit"][queue.size].append(timed(queue.bare))
            took["choose and send out"][queue.size].append(timed(queue.send))
            queue.ask_again()
    return {step: {size: median(spent) for size, spent in sizes.items()} for step, sizes in took.items()}


class Queue:
    """So many people in a database, each with one job in line. Ten go and come in a second."""

    def __init__(self, url: str, size: int) -> None:
        engine = open_engine(url)
        upgrade(engine, "records")
        self.size, self.bare = size, bare_commits(engine)
        self._database, self._line, self._now = SqlDatabase(engine), Line(), Moment(10**12)
        self._somebody, self._numbers = somebody_rich(self._database), count()
        wanted = [self._job(f"person {number}") for number in range(size)]
        with engine.begin() as connection:
            connection.execute(insert(people), [PERSON | {"id": job.person} for job in wanted])
            SqlJobs(connection).add(wanted[0])
            row = dict(connection.execute(select(jobs)).mappings().one())
            rows = [row | {"id": job.id, "person_id": job.person, "seed": job.seed} for job in wanted[1:]]
            connection.execute(insert(jobs), rows)
            connection.execute(insert(wishes), [{"job_id": job.id, "index": 0, "state": "pending"} for job in wanted])
            connection.execute(text("ANALYZE"))  # as a server does by itself, a little later
        self._now = Moment(self._now + 2 * OVERLAP)

    def close(self) -> None:
        self._database.close()

    def lead(self) -> None:
        self._line = Line()
        self._choose(0)

    def compare(self) -> None:
        self._now = Moment(self._now + RESYNC)
        self._choose(0)

    def send(self) -> None:
        (self._sent,) = self._choose(1)

    def ask_again(self) -> None:
        """What was sent out is drawn, and its person asks for more."""
        self._now = Moment(self._now + SECOND // 10)
        over, wanted = self._sent.job, self._job(self._sent.job.person)
        self._database.transact(lambda tx: tx.jobs.close(over.id, JobState.DONE, None, self._now))
        self._database.transact(lambda tx: (tx.jobs.add(wanted), tx.wishes.add(wanted.id, 1)))

    def _choose(self, window: int) -> list[Dispatched]:
        chosen = self._database.transact(scheduling.choose, window, self._now, self._line)
        self._line.kept()
        return chosen

    def _job(self, person: str) -> Job:
        return replace(
            a_job(self._somebody, next(self._numbers), self._now), person=PersonId(person), server="terminal"
        )


def show_choices(console: Console, found: dict[str, dict[int, float]]) -> None:
    sizes = list(next(iter(found.values())))
    table = Table(title="A choice among so many waiting people, in microseconds")
    for heading in ("", *(f"{size:,}" for size in sizes), "most / fewest"):
        table.add_column(heading, justify="right" if heading else "left")
    for name, took in found.items():
        figures = (f"{seconds * 1e6:.1f}" for seconds in took.values())
        table.add_row(name, *figures, f"{took[sizes[-1]] / took[sizes[0]]:.2f}")
    console.print(table)


def show_sending(console: Console, found: dict[str, dict[int, float]], database: str) -> None:
    bare, sent = found["bare commit"], found["choose and send out"]
    sizes = list(bare)
    table = Table(title=f"With so many people in line on {database}, in milliseconds")
    for heading in ("", *(f"{size:,}" for size in sizes), "most / fewest"):
        table.add_column(heading, justify="right" if heading else "left")
    for step, took in found.items():
        figures = (f"{seconds * 1e3:.2f}" for seconds in took.values())
        table.add_row(step, *figures, f"{took[sizes[-1]] / took[sizes[0]]:.2f}")
    table.add_row("sending, in bare commits", *(f"{sent[size] / bare[size]:.1f}" for size in sizes), "")
    console.print(table)
    grown = sent[sizes[-1]] / sent[sizes[0]]
    verdict = "reached" if grown <= GOAL else "missed"
    console.print(
        f"Among {sizes[-1]:,} people a job that is chosen and sent out costs {grown:.2f} times what it does among "
        f"{sizes[0]:,}. The goal, at most {GOAL} times, is {verdict}."
    )


if __name__ == "__main__":
    main()
