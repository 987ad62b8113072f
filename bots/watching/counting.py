"""Hears at the ports what happens, and counts it: the core knows nothing of it. What is not counted goes straight through.

What a transaction did is counted once it is kept, by the verbs it used.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from functools import cached_property, partial, wraps
from inspect import iscoroutinefunction
from typing import Any, cast

from bots.watching.metrics import Metrics
from core.ports import App, Blobs, Clock, Database, Dispatch, Keys
from core.rates import Rates
from core.rules import SECOND
from core.values import DeliveryState, Job, JobId, JobState, Moment, Reason
from core.values.wishes import Drawn, Lost, News

Happened = Callable[[], None]  #: to be called once the transaction is kept


def counted(app: App, metrics: Metrics) -> App:
    """The same bot, with everything that happens counted."""
    return replace(
        app,
        database=cast(Database, CountedDatabase(app.database, metrics, app.clock)),
        keys=cast(Keys, Guarded(app.keys, metrics)),
        blobs=cast(Blobs, Guarded(app.blobs, metrics)),
        dispatch=cast(Dispatch, CountedDispatch(app, metrics)),
        rates=CountedRates(metrics),
        meter=metrics,
    )


class Over:
    """Stands before something and is taken for it; `_behind` does what is not named here."""

    def __init__(self, behind: Any) -> None:
        self._behind = behind

    def __getattr__(self, name: str) -> Any:
        return getattr(self._behind, name)


class Guarded(Over):
    """A store whose failures are counted."""

    def __init__(self, behind: Any, metrics: Metrics) -> None:
        super().__init__(behind)
        self._metrics = metrics

    def __getattr__(self, name: str) -> Any:
        verb = super().__getattr__(name)
        if not iscoroutinefunction(verb):
            return verb

        @wraps(verb)
        async def guarded(*args: Any, **kwargs: Any) -> Any:
            with self._metrics.failures():
                return await verb(*args, **kwargs)

        return guarded


class CountedDispatch(Guarded):
    """Whoever reads the news leads, and so each picture is counted in one process."""

    def __init__(self, app: App, metrics: Metrics) -> None:
        super().__init__(app.dispatch, metrics)
        self._board, self._clock = app.board, app.clock

    async def news(self) -> AsyncIterator[News]:
        async for news in self._behind.news():
            if isinstance(news, Lost):
                self._metrics.lost(len(news.dispatches))
            if isinstance(news, Drawn) and (drawing := self._board.of(news.job)) is not None:
                self._metrics.drew(drawing.job.settings.model, (self._clock.now() - drawing.since) / SECOND)
            yield news


class CountedRates(Rates):
    def __init__(self, metrics: Metrics) -> None:
        super().__init__()
        self._metrics = metrics

    def take(self, kind: str, name: str, per_minute: int, burst: int, now: int) -> float:
        wait = super().take(kind, name, per_minute, burst, now)
        if wait:
            self._metrics.limited(kind)
        return wait


class CountedDatabase(Over):
    def __init__(self, behind: Database, metrics: Metrics, clock: Clock) -> None:
        super().__init__(behind)
        self._metrics, self._clock = metrics, clock

    async def run(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        heard: list[Happened] = []
        now = self._clock.now()
        with self._metrics.failures():
            done = await self._behind.run(
                lambda tx: fn(HeardRecords(tx, self._metrics, heard.append, now), *args, **kwargs)
            )
        for happened in heard:
            happened()
        return done


class HeardRecords(Over):
    """`core.records.Records` of one transaction, the verbs of which are heard where they say what is counted."""

    def __init__(self, tx: Any, metrics: Metrics, note: Callable[[Happened], None], now: Moment) -> None:
        super().__init__(tx)
        self._metrics, self._note, self._now = metrics, note, now

    @cached_property
    def jobs(self) -> HeardJobs:
        return HeardJobs(self._behind.jobs, self._metrics, self._note, self._now)

    @cached_property
    def wishes(self) -> HeardWishes:
        return HeardWishes(self._behind.wishes, self._metrics, self._note)

    @cached_property
    def deliveries(self) -> HeardDeliveries:
        return HeardDeliveries(self._behind, self._metrics, self._note)


class HeardJobs(Over):
    def __init__(self, jobs: Any, metrics: Metrics, note: Callable[[Happened], None], now: Moment) -> None:
        super().__init__(jobs)
        self._metrics, self._note, self._now = metrics, note, now

    def add(self, job: Job) -> None:
        self._behind.add(job)
        self._note(partial(self._metrics.accepted, job.door))

    def start(self, job: JobId, fence: int, lease_until: Moment) -> bool:
        begun: bool = self._behind.start(job, fence, lease_until)
        if not begun:
            self._note(self._metrics.started_in_vain)
        elif (started := self._behind.get(job)).attempts == 1:
            self._note(partial(self._metrics.waited, (self._now - started.created_at) / SECOND))
        return begun

    def requeue(self, job: JobId, fence: int, now: Moment) -> bool:
        back: bool = self._behind.requeue(job, fence, now)
        if back:
            self._note(self._metrics.requeued)
        return back

    def close(self, job: JobId, state: JobState, reason: Reason | None, now: Moment) -> None:
        self._behind.close(job, state, reason, now)
        self._note(partial(self._metrics.ended, state, reason))

    def leaderless(self, now: Moment) -> list[Job]:
        silent: list[Job] = self._behind.leaderless(now)
        if silent:
            self._note(partial(self._metrics.leases_expired, len(silent)))
        return silent


class HeardWishes(Over):
    def __init__(self, wishes: Any, metrics: Metrics, note: Callable[[Happened], None]) -> None:
        super().__init__(wishes)
        self._metrics, self._note = metrics, note

    def drawn(self, job: JobId, index: int) -> bool:
        drawn: bool = self._behind.drawn(job, index)
        if drawn:
            self._note(self._metrics.kept)
        return drawn

    def refuse(self, job: JobId, index: int, reason: Reason) -> bool:
        refused: bool = self._behind.refuse(job, index, reason)
        if refused:
            self._note(partial(self._metrics.withheld, reason))
        return refused


class HeardDeliveries(Over):
    def __init__(self, tx: Any, metrics: Metrics, note: Callable[[Happened], None]) -> None:
        super().__init__(tx.deliveries)
        self._jobs, self._metrics, self._note = tx.jobs, metrics, note

    def told(self, job: JobId, index: int, state: DeliveryState) -> bool:
        told: bool = self._behind.told(job, index, state)
        if told and (asked := self._jobs.get(job)) is not None:
            self._note(partial(self._metrics.told, asked.door, state))
        return told
