"""A bot's queue in a real database, and a process that chooses from it: people ask, workers take as much as they are given."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from core.credits import LedgerAccountId, Milli
from core.records import NewIdentity, Records
from core.requests import scheduling
from core.requests.line import Line
from core.rules import START_DEADLINE
from core.values import Job, JobId, JobState, Moment, Person, PersonId, Queued, Reason, Settings
from storage.database import SqlDatabase

NOW = 1_800_000_000_000


class Hall:
    def __init__(self, database: SqlDatabase) -> None:
        self.database = database
        self.now = NOW
        self._numbers = count(1)
        self._people: set[str] = set()

    def asks(
        self,
        person: str,
        server: str = "terminal",
        *,
        times: int = 1,
        count: int = 1,
        steps: int = 12,
        model: str = "starter",
        weight: int = 1,
        at: int | None = None,
    ) -> list[JobId]:
        """Somebody asks so many times for so many pictures; each time a millisecond later. `at`: by a clock of their own."""
        settings = Settings(model, "square", 128, 128, steps, 3.0)
        wanted = []
        for _ in range(times):
            self.now += 1
            moment = Moment(self.now if at is None else at)
            job = Job(
                id=JobId(f"{next(self._numbers):032}"),
                person=PersonId(person),
                door="terminal",
                state=JobState.QUEUED,
                settings=settings,
                seed=1,
                count=count,
                private=False,
                price_each=Milli(0),
                sealed_words=None,
                fence=0,
                attempts=0,
                created_at=moment,
                deadline=Moment(moment + START_DEADLINE),
                server=server,
                weight=weight,
            )
            wanted.append(job)
        self.database.transact(self._add, person, wanted)
        return [job.id for job in wanted]

    def chooses(self, line: Line, room: int = 1) -> list[Job]:
        """What is sent out when there is room for so many more."""
        out = self.database.transact(lambda tx: tx.jobs.count_drawing())
        chosen = self.database.transact(scheduling.choose, out + room, Moment(self.now), line)
        line.kept()
        return [dispatched.job for dispatched in chosen]

    def serves(self, line: Line, times: int = 1) -> list[str]:
        """Whose jobs are sent out, one after the other; each is drawn before the next."""
        had = []
        for _ in range(times):
            for job in self.chooses(line):
                had.append(str(job.person))
                self.draws(job.id)
        return had

    def draws(self, *jobs: JobId) -> None:
        """They are over."""
        self.database.transact(_close, jobs, JobState.DONE, Moment(self.now))

    def cancels(self, *jobs: JobId) -> None:
        self.database.transact(_close, jobs, JobState.CANCELLED, Moment(self.now))

    def breaks(self, job: Job) -> None:
        """Its worker is gone: back into the queue."""
        self.database.transact(scheduling.attempt_over, job.id, job.fence, Moment(self.now))

    def place(self, job: JobId) -> int:
        return self.queued(job).place

    def queued(self, job: JobId) -> Queued:
        return self.database.transact(_in_line, job)

    def _add(self, tx: Records, person: str, wanted: Sequence[Job]) -> None:
        if person not in self._people:
            self._people.add(person)
            somebody = Person(PersonId(person), LedgerAccountId(f"account of {person}"), False, 1)
            tx.people.add(somebody, NewIdentity("terminal", f"lookup of {person}", b"sealed"), Moment(self.now))
        for job in wanted:
            tx.jobs.add(job)
            tx.wishes.add(job.id, job.count)


def _close(tx: Records, jobs: Sequence[JobId], state: JobState, now: Moment) -> None:
    for job in jobs:
        tx.jobs.close(job, state, Reason.CANCELLED if state is JobState.CANCELLED else None, now)


def _in_line(tx: Records, job: JobId) -> Queued:
    found = tx.jobs.get(job)
    assert found is not None
    return tx.jobs.in_line(found)
