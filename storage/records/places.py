"""Where a request stands in line, as near as can be told without the scheduler's memory: one statement over what is open.

Before it goes what its own person asked earlier; of everybody else in its server as much as that costs, and one request
more where they came into line first; and of every other server as much as all this costs, and one request more likewise.
What is at a worker goes before it in any case.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, text

from core.values import Job, JobState, Queued

EARLIER: Final = "(created_at < :asked OR created_at = :asked AND id < :job)"

#: Workers draw what was asked first.
AT_WORK: Final = text(
    f"""
    SELECT count(*), CAST(coalesce(sum(count * width * height * steps), 0) AS BIGINT)
    FROM job
    WHERE state = 'drawing' AND {EARLIER}
    """  # noqa: S608 - made of our own words only, here and below
)


def _first(flows: str, cost: str, since: str) -> str:
    """What goes first of these flows: of each as many requests as cost so much, and one more of a flow that was there before;
    at least what is out, at most what there is.
    """
    each = "CASE WHEN charge < number THEN 1 ELSE charge / number END"
    turns = f"{cost} / {each} + CASE WHEN since < {since} THEN 1 ELSE 0 END"
    return f"""
    SELECT CAST(coalesce(sum(turns), 0) AS BIGINT) AS number,
           CAST(coalesce(sum(turns * (work / number)), 0) AS BIGINT) AS work,
           CAST(coalesce(sum(turns * (charge / number)), 0) AS BIGINT) AS charge
    FROM (SELECT number, work, charge,
                 CASE WHEN turns > number THEN number WHEN turns < out THEN out ELSE turns END AS turns
          FROM (SELECT number, work, charge, out, {turns} AS turns FROM {flows}) AS wanted) AS granted
    """  # noqa: S608


#: A flow's `charge` is its work by weight: how far that takes it in its turns.
IN_LINE: Final = text(
    f"""
    WITH people AS (
        SELECT server, person_id, count(*) AS number, min(created_at) AS since,
               CAST(sum(count * width * height * steps) AS BIGINT) AS work,
               CAST(sum(count * width * height * steps / weight) AS BIGINT) AS charge,
               CAST(sum(CASE WHEN state = 'drawing' THEN 1 ELSE 0 END) AS BIGINT) AS out
        FROM job
        WHERE state IN ('queued', 'drawing') AND (server <> :server OR person_id <> :person OR {EARLIER})
        GROUP BY server, person_id),
    own AS (
        SELECT CAST(coalesce(sum(number), 0) AS BIGINT) AS number, CAST(coalesce(sum(work), 0) AS BIGINT) AS work,
               CAST(coalesce(sum(charge), 0) AS BIGINT) AS charge, coalesce(min(since), :asked) AS since
        FROM people
        WHERE server = :server AND person_id = :person),
    others AS (SELECT * FROM people WHERE server = :server AND person_id <> :person),
    beside AS ({_first("others", "(SELECT charge FROM own)", "(SELECT since FROM own)")}),
    here AS (
        SELECT own.number + beside.number AS number, own.work + beside.work AS work, own.charge + beside.charge AS charge,
               coalesce((SELECT min(since) FROM people WHERE server = :server), :asked) AS since
        FROM own, beside),
    servers AS (
        SELECT CAST(sum(number) AS BIGINT) AS number, min(since) AS since, CAST(sum(work) AS BIGINT) AS work,
               CAST(sum(charge) AS BIGINT) AS charge, CAST(sum(out) AS BIGINT) AS out
        FROM people
        WHERE server <> :server
        GROUP BY server),
    elsewhere AS ({_first("servers", "(SELECT charge FROM here)", "(SELECT since FROM here)")})
    SELECT here.number + elsewhere.number, here.work + elsewhere.work
    FROM here, elsewhere
    """  # noqa: S608
)


def place_in_line(connection: Connection, job: Job) -> Queued:
    whose = {"server": job.server, "person": job.person, "job": job.id, "asked": job.created_at}
    if job.state is JobState.DRAWING:
        before = connection.execute(AT_WORK, {name: whose[name] for name in ("job", "asked")})
    else:
        before = connection.execute(IN_LINE, whose)
    number, work = before.one()
    return Queued(job, 1 + number, work)
