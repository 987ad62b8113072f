"""Which jobs are out at a worker: choosing, leases, fences, attempts, deadlines. Knows no worker and no pipe."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import Unavailable
from core.ports import App
from core.records import Dispatches, Records
from core.requests import references
from core.requests.generation import end, words_of
from core.requests.line import Line
from core.requests.options import in_style
from core.rules import ATTEMPTS, HEARTBEAT, LEASE
from core.values import Job, JobId, JobState, Moment, Reason
from core.values.wishes import Lost, Progress, Started, Wish


@dataclass(frozen=True)
class Dispatched:
    """A job that just left the queue under a new fence, and which of its pictures are still to be drawn."""

    job: Job
    indexes: tuple[int, ...]
    lease_until: Moment


class Scheduler:
    """Sends queued jobs out, in one process at a time. It remembers who had their turn; a new one begins as if nobody had."""

    def __init__(self, app: App) -> None:
        self._app, self._line = app, Line(app.board)

    async def dispatch(self) -> int:
        """Send queued jobs out until the window is full. Returns how many went. Nobody else may be at it meanwhile.

        A job that cannot be made ready (its key store is away, its words do not open) goes back and must not hold up the
        others; raises an ExceptionGroup of what went wrong. Its deadline ends it when it stays so.
        """
        sent, failures = 0, list[Exception]()
        while chosen := await self._choose():
            failed = [failure for one in chosen if (failure := await self._send(one)) is not None]
            sent += len(chosen) - len(failed)
            failures += failed
            if not failed or any(isinstance(failure, Unavailable) for failure in failed):
                break  # what is away for one is away for the next
        if failures:
            raise ExceptionGroup("jobs that could not be sent", failures)
        return sent

    async def _choose(self) -> list[Dispatched]:
        app = self._app
        if not app.dispatch.window:
            return []
        chosen = await app.database.run(choose, app.dispatch.window, app.clock.now(), self._line)
        self._line.kept()
        return chosen

    async def _send(self, dispatched: Dispatched) -> Exception | None:
        """What went wrong, if anything did."""
        job = dispatched.job
        try:
            wishes = await _wishes(self._app, dispatched)
            await self._app.dispatch.send(wishes)
        except Exception as failure:  # noqa: BLE001 - it is raised with the others
            self._line.put_aside(job.id)
            await attempt_ended(self._app, job.id, job.fence)
            return failure
        return None


def choose(tx: Records, window: int, now: Moment, line: Line | None = None) -> list[Dispatched]:
    """Move those out whose turn it is, no more than the window has room for. Raises each one's fence."""
    line = Line() if line is None else line
    line.catch_up(tx, now)
    room = window - tx.jobs.count_drawing()
    lease_until = Moment(now + LEASE)
    chosen: list[Dispatched] = []
    while len(chosen) < room and (waiting := line.next(now)) is not None:
        if tx.jobs.dispatch(waiting.job, waiting.fence, lease_until):
            line.sent(waiting, now)
            moved = tx.jobs.get(waiting.job)
            assert moved is not None
            chosen.append(Dispatched(moved, tuple(tx.wishes.pending(moved.id)), lease_until))
        else:
            line.drop(waiting.job)
    return chosen


class Leases:
    """Renews leases from a worker's news, at most once a HEARTBEAT. A worker that speaks is alive for all it was sent:
    what waits there behind another job must not be sent out again meanwhile.
    """

    def __init__(self, app: App) -> None:
        self._app, self._renewed = app, Moment(0)

    async def started(self, news: Started) -> None:
        self._renewed = now = self._app.clock.now()
        lease_until = Moment(now + LEASE)
        job = await self._app.database.run(_start, news.job, news.fence, self._app.dispatch.out, lease_until)
        if job is not None:
            self._app.board.begin(job, now)

    async def progress(self, _news: Progress) -> None:
        now = self._app.clock.now()
        if now - self._renewed >= HEARTBEAT:
            self._renewed = now
            await self._app.database.run(_renew, self._app.dispatch.out, Moment(now + LEASE))


async def drawing(app: App) -> Dispatches:
    """Every dispatch that counts, wherever it is."""
    return await app.database.run(_drawing)


async def being_drawn(app: App, job: JobId, fence: int) -> Job | None:
    """The job, when this dispatch of it still counts."""
    return await app.database.run(_under_fence, job, fence)


async def bear(app: App) -> None:
    """No lease runs out while what workers bring cannot be kept: that is no fault of theirs."""
    await app.database.run(_renew_all, Moment(app.clock.now() + LEASE))


async def attempt_ended(app: App, job: JobId, fence: int) -> None:
    """The worker is through with this dispatch, or is gone."""
    app.board.end(job)
    await references.destroy(app, await app.database.run(attempt_over, job, fence, app.clock.now()))


async def worker_lost(app: App, news: Lost) -> None:
    for job, fence in news.dispatches:
        await attempt_ended(app, job, fence)


async def recover(app: App) -> int:
    """At the start of the only serving process: whatever was out is out no more. Returns how many jobs that were."""
    out = await drawing(app)
    for job, fence in sorted(out):
        await attempt_ended(app, job, fence)
    return len(out)


async def reclaim(app: App) -> int:
    """What time alone decides: leases that ran out, jobs nobody started in time, holds that outlived everything.

    A transaction for each job: one that locked several accounts could wait in a circle with another.
    """
    now = app.clock.now()
    overdue = await app.database.run(due, now)
    for one in overdue:
        await references.destroy(app, await app.database.run(take_in, one, now))
        await app.dispatch.cancel(one.job, one.fence)
    return len(overdue)


@dataclass(frozen=True)
class Due:
    """A job whose time is up. `reason` ends it; None only ends its attempt."""

    job: JobId
    fence: int
    reason: Reason | None


def due(tx: Records, now: Moment) -> list[Due]:
    silent = [Due(job.id, job.fence, _too_late(job, now)) for job in tx.jobs.leaderless(now)]
    late = [Due(job.id, job.fence, Reason.TOO_LATE) for job in tx.jobs.late(now)]
    unwanted = [Due(job.id, job.fence, Reason.CANCELLED) for job in tx.jobs.of_restricted()]  # a crash left them open
    held_too_long = [job for id_ in tx.ledger.expired_holds(now) if (job := tx.jobs.get(id_)) is not None]
    return silent + late + unwanted + [Due(job.id, job.fence, Reason.EXPIRED) for job in held_too_long]


def take_in(tx: Records, overdue: Due, now: Moment) -> Job | None:
    """The job, when this ended it."""
    if overdue.reason is None:
        return attempt_over(tx, overdue.job, overdue.fence, now)
    without = JobState.CANCELLED if overdue.reason is Reason.CANCELLED else JobState.FAILED
    return end(tx, overdue.job, overdue.fence, without, overdue.reason, now)


def attempt_over(tx: Records, job_id: JobId, fence: int, now: Moment) -> Job | None:
    """Back to the queue, or given up after ATTEMPTS starts. A stale fence changes nothing. The job, when it is over."""
    job = tx.jobs.lock(job_id)
    if job is None or not job.state.is_open:
        return job
    if job.fence != fence or job.state is not JobState.DRAWING:
        return None
    if job.attempts >= ATTEMPTS:
        return end(tx, job_id, fence, JobState.FAILED, Reason.CRASHED, now)
    tx.jobs.requeue(job_id, fence, now)
    return None


def _under_fence(tx: Records, job_id: JobId, fence: int) -> Job | None:
    job = tx.jobs.get(job_id)
    return job if job is not None and job.fence == fence and job.state is JobState.DRAWING else None


def _drawing(tx: Records) -> Dispatches:
    return frozenset((job.id, job.fence) for job in tx.jobs.drawing())


async def _wishes(app: App, dispatched: Dispatched) -> list[Wish]:
    job = dispatched.job
    style, model = app.catalogue.style(job.settings.style), app.catalogue.model(job.settings.model)
    words = in_style(await words_of(app, job), style, model)
    reference = await references.opened(app, job)
    return [
        Wish(
            job=job.id,
            index=index,
            fence=job.fence,
            seed=job.seed + index,
            prompt=words.prompt,
            negative=words.negative,
            settings=job.settings,
            expires_at=job.deadline + LEASE * ATTEMPTS,
            reference=reference,
        )
        for index in dispatched.indexes
    ]


def _too_late(job: Job, now: Moment) -> Reason | None:
    """A job that was sent out and never begun has its deadline still; one that was begun has its attempts instead."""
    return Reason.TOO_LATE if job.attempts == 0 and job.deadline <= now else None


def _start(tx: Records, job: JobId, fence: int, out: Dispatches, lease_until: Moment) -> Job | None:
    """The job, when this dispatch of it still counts."""
    begun = tx.jobs.start(job, fence, lease_until)
    _renew(tx, out, lease_until)
    return tx.jobs.get(job) if begun else None


def _renew_all(tx: Records, lease_until: Moment) -> None:
    _renew(tx, _drawing(tx), lease_until)


def _renew(tx: Records, out: Dispatches, lease_until: Moment) -> None:
    for job, fence in sorted(out):
        tx.jobs.renew(job, fence, lease_until)
