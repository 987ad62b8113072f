"""Where a request stands in line, as near as can be told without the scheduler's memory: one statement over what is open.

Of everybody else in its server one request goes first, and more while its own person's earlier ones cost them turns; of
every other server one, and more while its own server needs turns until then. What is at a worker is first in any case.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import CTE, BigInteger, ColumnElement, Connection, Select, and_, case, cast, func, not_, or_, select

from core.values import Job, JobState, Queued
from storage.tables import JobRow, table

jobs = table(JobRow)
WORK = jobs.c.count * jobs.c.width * jobs.c.height * jobs.c.steps


def place_in_line(connection: Connection, job: Job) -> Queued:
    before = _out_before(job) if job.state is JobState.DRAWING else _before(job)
    number, work = connection.execute(before).one()
    return Queued(job, 1 + number, work)


def _out_before(job: Job) -> Select[*tuple[Any, ...]]:
    """Workers draw what was asked first."""
    return select(func.count(), _sum(WORK)).where(jobs.c.state == JobState.DRAWING, _earlier(job))


def _before(job: Job) -> Select[*tuple[Any, ...]]:
    theirs = and_(jobs.c.server == job.server, jobs.c.person_id == job.person)
    people = (
        select(
            jobs.c.server,
            jobs.c.person_id,
            func.count().label("number"),
            _sum(WORK).label("work"),
            _sum(WORK // jobs.c.weight).label("charge"),
            _sum(case((jobs.c.state == JobState.DRAWING, 1), else_=0)).label("out"),
        )
        .where(jobs.c.state.in_((JobState.QUEUED, JobState.DRAWING)), or_(not_(theirs), _earlier(job)))
        .group_by(jobs.c.server, jobs.c.person_id)
        .cte("people")
    )
    here, own = people.c.server == job.server, people.c.person_id == job.person
    earlier = select(*(_sum(people.c[name]).label(name) for name in FIGURES)).where(here, own).cte("earlier")
    others = select(people).where(here, not_(own)).cte("others")
    beside = _turns_of(others, _only(earlier.c.charge)).cte("beside")
    servers = (
        select(people.c.server, *(_sum(people.c[name]).label(name) for name in (*FIGURES, "out")))
        .where(not_(here))
        .group_by(people.c.server)
        .cte("servers")
    )
    elsewhere = _turns_of(servers, _only(earlier.c.charge) + _only(beside.c.charge)).cte("elsewhere")
    return select(*(sum(_only(part.c[name]) for part in (earlier, beside, elsewhere)) for name in ("number", "work")))


#: Of people and of servers: how many requests, what drawing them takes, and how far that takes them in their turns.
FIGURES = ("number", "work", "charge")


def _turns_of(flows: CTE, charge: ColumnElement[int]) -> Select[*tuple[Any, ...]]:
    """What goes first of all these together: of each one request, and more until they cost as much as `charge`; at least what
    is out, at most what there is.
    """
    each = flows.c.charge // flows.c.number
    wanted = 1 + charge // case((each > 0, each), else_=1)
    wanted = case((wanted > flows.c.out, wanted), else_=flows.c.out)
    turns = case((wanted < flows.c.number, wanted), else_=flows.c.number)
    first = select(flows, turns.label("turns")).subquery()
    return select(*(_sum(first.c.turns * (first.c[name] // first.c.number)).label(name) for name in FIGURES))


def _earlier(job: Job) -> ColumnElement[bool]:
    return or_(jobs.c.created_at < job.created_at, and_(jobs.c.created_at == job.created_at, jobs.c.id < job.id))


def _sum(what: Any) -> ColumnElement[int]:
    return cast(func.coalesce(func.sum(what), 0), BigInteger)


def _only(column: ColumnElement[int]) -> Any:
    """The value of a column of one row."""
    return select(column).scalar_subquery()
