"""The verbs of `core.records.Jobs` and `core.records.Wishes`. States move by conditional UPDATEs under a fence."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Connection,
    RowMapping,
    Select,
    Update,
    and_,
    bindparam,
    exists,
    false,
    func,
    insert,
    select,
    update,
)

from core.credits import Milli
from core.queue.turns import Waiting
from core.values import Job, JobId, JobState, Moment, PersonId, Queued, Reason, Settings, WishState
from storage.records.places import place_in_line
from storage.records.statements import JOB
from storage.records.tables import JobRow, PersonRow, WishRow, table

jobs, wishes, people = table(JobRow), table(WishRow), table(PersonRow)
OPEN = (JobState.QUEUED, JobState.DRAWING)
#: The fields of `Waiting`, in their order.
WAITING = (
    jobs.c.created_at,
    jobs.c.id,
    jobs.c.fence,
    jobs.c.server,
    jobs.c.person_id,
    jobs.c.model,
    jobs.c.count * jobs.c.width * jobs.c.height * jobs.c.steps,
    jobs.c.weight,
    jobs.c.queued_at,
)
LEASE: Any = bindparam("lease")


def _under(state: JobState) -> Update:
    """A job in a state, under the fence it was read with."""
    return update(jobs).where(jobs.c.id == JOB, jobs.c.fence == bindparam("at_fence"), jobs.c.state == state)


# Every request runs these.

_ONE = select(jobs).where(jobs.c.id == JOB)
_LOCKED = _ONE.with_for_update()
_NEW_IN_LINE = (
    select(*WAITING)
    .where(jobs.c.state == JobState.QUEUED, jobs.c.queued_at >= bindparam("since"))
    .order_by(jobs.c.queued_at)
)
_AT_WORK = select(func.count()).where(jobs.c.state == JobState.DRAWING)
_SEND_OUT = _under(JobState.QUEUED).values(state=JobState.DRAWING, fence=jobs.c.fence + 1, lease_until=LEASE)
_START = _under(JobState.DRAWING).values(attempts=jobs.c.attempts + 1, lease_until=LEASE)
_RENEW = _under(JobState.DRAWING).values(lease_until=LEASE)
_CLOSE = (
    update(jobs)
    .where(jobs.c.id == JOB)
    .values(
        state=bindparam("over"),
        reason=bindparam("why"),
        fence=jobs.c.fence + 1,
        lease_until=None,
        ended_at=bindparam("now"),
    )
)

_OF_JOB = wishes.c.job_id == JOB
_PENDING = _OF_JOB & (wishes.c.state == WishState.PENDING)
_MISSING = select(wishes.c.index).where(_PENDING).order_by(wishes.c.index)
_COUNT_DRAWN = select(func.count()).where(_OF_JOB, wishes.c.state == WishState.DRAWN)
_IS_DRAWN = update(wishes).where(_PENDING, wishes.c.index == bindparam("at")).values(state=WishState.DRAWN)
_FAIL = update(wishes).where(_PENDING).values(state=WishState.FAILED)


class SqlJobs:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, job: Job) -> None:
        self._connection.execute(
            insert(jobs),
            {
                "id": job.id,
                "person_id": job.person,
                "door": job.door,
                "state": job.state,
                "model": job.settings.model,
                "shape": job.settings.shape,
                "width": job.settings.width,
                "height": job.settings.height,
                "steps": job.settings.steps,
                "guidance": job.settings.guidance,
                "style": job.settings.style,
                "lora": job.settings.lora,
                "lora_strength": job.settings.lora_strength,
                "strength": job.settings.strength,
                "seed": job.seed,
                "count": job.count,
                "private": job.private,
                "price_each": job.price_each,
                "sealed_words": job.sealed_words,
                "sealed_origin": job.sealed_origin,
                "reference": job.reference,
                "fence": job.fence,
                "attempts": job.attempts,
                "created_at": job.created_at,
                "deadline": job.deadline,
                "server": job.server,
                "weight": job.weight,
                "queued_at": job.created_at,
            },
        )

    def get(self, job: JobId) -> Job | None:
        return self._one(_ONE, job)

    def lock(self, job: JobId) -> Job | None:
        return self._one(_LOCKED, job)

    def open_of(self, person: PersonId) -> list[Job]:
        return self._all(and_(jobs.c.person_id == person, jobs.c.state.in_(OPEN)))

    def in_line(self, job: Job) -> Queued:
        return place_in_line(self._connection, job)

    def open_in(self, server: str) -> int:
        return self._count(jobs.c.server == server, jobs.c.state.in_(OPEN))

    def queued_since(self, moment: Moment) -> list[Waiting]:
        return [Waiting(*row) for row in self._connection.execute(_NEW_IN_LINE, {"since": moment})]

    def queued_fences(self) -> set[tuple[JobId, int]]:
        queued = select(jobs.c.id, jobs.c.fence).where(jobs.c.state == JobState.QUEUED)
        return {(job, fence) for job, fence in self._connection.execute(queued)}

    def drawing(self) -> list[Job]:
        return self._all(jobs.c.state == JobState.DRAWING)

    def count_drawing(self) -> int:
        return self._connection.execute(_AT_WORK).scalar_one()

    def dispatch(self, job: JobId, fence: int, lease_until: Moment) -> bool:
        return self._moved(_SEND_OUT, job, fence, lease=lease_until)

    def start(self, job: JobId, fence: int, lease_until: Moment) -> bool:
        return self._moved(_START, job, fence, lease=lease_until)

    def renew(self, job: JobId, fence: int, lease_until: Moment) -> bool:
        return self._moved(_RENEW, job, fence, lease=lease_until)

    def requeue(self, job: JobId, fence: int, now: Moment) -> bool:
        back = _under(JobState.DRAWING).values(
            state=JobState.QUEUED, fence=jobs.c.fence + 1, lease_until=None, queued_at=now
        )
        return self._moved(back, job, fence)

    def close(self, job: JobId, state: JobState, reason: Reason | None, now: Moment) -> None:
        self._connection.execute(_CLOSE, {"job": job, "over": state, "why": reason, "now": now})

    def forget_words(self, job: JobId) -> None:
        self._connection.execute(update(jobs).where(jobs.c.id == job).values(sealed_words=None))

    def forget_reference(self, job: JobId) -> None:
        self._connection.execute(update(jobs).where(jobs.c.id == job).values(reference=None))

    def with_spent_reference(self) -> list[Job]:
        return self._all(and_(jobs.c.reference.is_not(None), jobs.c.state.not_in(OPEN)))

    def late(self, now: Moment) -> list[Job]:
        """Queued jobs that no worker took up before their deadline; a job that was started once has its attempts instead."""
        return self._all(and_(jobs.c.state == JobState.QUEUED, jobs.c.deadline <= now, jobs.c.attempts == 0))

    def leaderless(self, now: Moment) -> list[Job]:
        return self._all(and_(jobs.c.state == JobState.DRAWING, jobs.c.lease_until <= now))

    def of_restricted(self) -> list[Job]:
        theirs = exists().where(people.c.id == jobs.c.person_id, people.c.restricted != false())
        return self._all(and_(jobs.c.state.in_(OPEN), theirs))

    def _all(self, condition: Any) -> list[Job]:
        in_line = select(jobs).where(condition).order_by(jobs.c.created_at, jobs.c.id)
        return [_job(row) for row in self._connection.execute(in_line).mappings()]

    def _count(self, *conditions: Any) -> int:
        return self._connection.execute(select(func.count()).where(*conditions)).scalar_one()

    def _moved(self, statement: Update, job: JobId, fence: int, **values: Any) -> bool:
        return self._connection.execute(statement, {"job": job, "at_fence": fence, **values}).rowcount == 1

    def _one(self, statement: Select[Any], job: JobId) -> Job | None:
        row = self._connection.execute(statement, {"job": job}).mappings().one_or_none()
        return None if row is None else _job(row)


class SqlWishes:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, job: JobId, count: int) -> None:
        self._connection.execute(
            insert(wishes), [{"job_id": job, "index": index, "state": WishState.PENDING} for index in range(count)]
        )

    def pending(self, job: JobId) -> list[int]:
        return list(self._connection.execute(_MISSING, {"job": job}).scalars())

    def drawn(self, job: JobId, index: int) -> bool:
        return self._connection.execute(_IS_DRAWN, {"job": job, "at": index}).rowcount == 1

    def refuse(self, job: JobId, index: int, reason: Reason) -> bool:
        refused = update(wishes).where(
            wishes.c.job_id == job, wishes.c.index == index, wishes.c.state == WishState.PENDING
        )
        return self._connection.execute(refused.values(state=WishState.FAILED, reason=reason)).rowcount == 1

    def fail_pending(self, job: JobId) -> int:
        return self._connection.execute(_FAIL, {"job": job}).rowcount

    def count_drawn(self, job: JobId) -> int:
        return self._connection.execute(_COUNT_DRAWN, {"job": job}).scalar() or 0


def _job(row: RowMapping) -> Job:
    return Job(
        id=JobId(row["id"]),
        person=PersonId(row["person_id"]),
        door=row["door"],
        state=JobState(row["state"]),
        settings=_settings(row),
        seed=row["seed"],
        count=row["count"],
        private=bool(row["private"]),
        price_each=Milli(row["price_each"]),
        sealed_words=None if row["sealed_words"] is None else bytes(row["sealed_words"]),
        sealed_origin=None if row["sealed_origin"] is None else bytes(row["sealed_origin"]),
        fence=row["fence"],
        attempts=row["attempts"],
        created_at=Moment(row["created_at"]),
        deadline=Moment(row["deadline"]),
        reference=row["reference"],
        server=row["server"],
        weight=row["weight"],
    )


def _settings(row: RowMapping) -> Settings:
    return Settings(
        model=row["model"],
        shape=row["shape"],
        width=row["width"],
        height=row["height"],
        steps=row["steps"],
        guidance=row["guidance"],
        style=row["style"],
        lora=row["lora"],
        lora_strength=row["lora_strength"],
        strength=row["strength"],
    )
