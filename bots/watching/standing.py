"""How things stand at this moment, as numbers: what is read when Prometheus asks, and not counted as it happens.

Numbers of the stores are the same in every process that serves them: take their maximum, not their sum.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic, NamedTuple, TypeVar

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from bots.watching.auditing import Auditor
from bots.watching.health import Crowd, Health, Readiness, State
from bots.watching.metrics import DOORS, OTHER
from core.credits import Milli
from core.errors import Unavailable
from core.periods import Keeping
from core.ports import App, Dispatch
from core.records import Records
from core.rules import CREDIT, SECOND
from core.values import DeliveryState, JobState, Moment
from core.values.figures import Books, Movement, UnderWay, Untold
from storage.database import SqlDatabase

BOOKS_AT_MOST: Final = 30.0  #: seconds between two looks at very many rows, at least
BOOKS_SHARE: Final = 50  #: and at least so many times as long as the last one took
HEALTH: Final = {State.OK: 1.0, State.DEGRADED: 0.5, State.FAILED: 0.0}

Values = dict[tuple[str, ...], float]  #: by the labels' values
T = TypeVar("T")


@dataclass(frozen=True)
class Line:
    """What one short transaction says."""

    waiting: list[Moment]
    under_way: list[UnderWay]
    untold: Untold
    overdue: int


@dataclass(frozen=True)
class Seen:
    """Everything that was read, at one moment. What could not be read is None, and no number stands for it."""

    at: Moment
    line: Line | None
    books: Books | None
    kept_since: (
        Moment | None
    )  #: since when the oldest was to be gone that is still here; the moment itself when nothing is
    window: int
    out: int
    workers: int
    queues: dict[str, int]
    estimate_error: float | None
    leads: dict[str, bool]
    readiness: Readiness
    mistakes: int | None
    checked_at: Moment | None
    disk_free: float


class Gauge(NamedTuple):
    name: str
    help: str
    labels: tuple[str, ...]
    read: Callable[[Seen], Values]
    counts: bool = False  #: it only grows


def _one(value: float | None) -> Values:
    return {} if value is None else {(): float(value)}


def _age(seen: Seen, since: Moment | None) -> float:
    return 0.0 if since is None else max(0, seen.at - since) / SECOND


def _jobs(seen: Seen) -> Values:
    if seen.line is None:
        return {}
    return {(JobState.QUEUED,): len(seen.line.waiting), (JobState.DRAWING,): len(seen.line.under_way)}


def _untold(seen: Seen) -> Values:
    if seen.line is None:
        return {}
    found: Values = {(door, state): 0 for door in DOORS for state in (DeliveryState.OWED, DeliveryState.HELD)}
    for (door, state), count in seen.line.untold.items():
        labels = (door if door in DOORS else OTHER, state)
        found[labels] = found.get(labels, 0) + count
    return found


def _moved(seen: Seen) -> Values:
    if seen.books is None:
        return {}
    return {(movement,): seen.books.moved.get(movement, Milli(0)) / CREDIT for movement in Movement}


def _outstanding(seen: Seen) -> Values:
    if seen.books is None:
        return {}
    return {("spendable",): seen.books.spendable / CREDIT, ("held",): seen.books.held / CREDIT}


def _health(seen: Seen) -> Values:
    return {(finding.what,): HEALTH[finding.state] for finding in seen.readiness.findings}


GAUGES: Final = (
    Gauge("darkroom_jobs", "Requests that are open.", ("state",), _jobs),
    Gauge(
        "darkroom_oldest_queued_seconds",
        "How long the request that waits longest has waited.",
        (),
        lambda seen: {} if seen.line is None else _one(_age(seen, next(iter(seen.line.waiting), None))),
    ),
    Gauge(
        "darkroom_tickets_overdue",
        "What people asked for, and nobody answered by the day it was due.",
        (),
        lambda seen: _one(seen.line.overdue if seen.line else None),
    ),
    Gauge("darkroom_deliveries_open", "Outcomes whose people were not told yet.", ("platform", "state"), _untold),
    Gauge("darkroom_credits", "Credits that moved, from the books.", ("movement",), _moved, counts=True),
    Gauge("darkroom_credits_outstanding", "Credits that people have.", ("part",), _outstanding),
    Gauge(
        "darkroom_holds_open",
        "Requests that credits are held for.",
        (),
        lambda seen: _one(seen.books.open_holds if seen.books else None),
    ),
    Gauge(
        "darkroom_oldest_hold_seconds",
        "How long credits have been held for the oldest open request.",
        (),
        lambda seen: {} if seen.books is None else _one(_age(seen, seen.books.oldest_hold)),
    ),
    Gauge(
        "darkroom_ledger_check_errors",
        "Places where the books were wrong when this process last checked them.",
        (),
        lambda seen: _one(seen.mistakes),
    ),
    Gauge(
        "darkroom_ledger_checked_timestamp_seconds",
        "When this process last checked the books.",
        (),
        lambda seen: _one(seen.checked_at / SECOND if seen.checked_at else None),
    ),
    Gauge(
        "darkroom_oldest_overdue_seconds",
        "How long the oldest that was to be deleted has been here since.",
        (),
        lambda seen: {} if seen.kept_since is None else _one(_age(seen, seen.kept_since)),
    ),
    Gauge("darkroom_window", "Requests that may be out at workers at once.", (), lambda seen: _one(seen.window)),
    Gauge("darkroom_window_used", "Requests that are out, as the leader knows.", (), lambda seen: _one(seen.out)),
    Gauge("darkroom_workers", "Workers that live.", (), lambda seen: _one(seen.workers)),
    Gauge(
        "darkroom_dispatch_entries",
        "Wishes and results that lie in Redis.",
        ("queue",),
        lambda seen: {(queue,): count for queue, count in seen.queues.items()},
    ),
    Gauge(
        "darkroom_estimate_error_ratio",
        "How far off the waits were that people were told, as a share of what it took.",
        (),
        lambda seen: _one(seen.estimate_error),
    ),
    Gauge(
        "darkroom_leads",
        "Whether this process leads what only one should do.",
        ("role",),
        lambda seen: {(role,): float(leads) for role, leads in seen.leads.items()},
    ),
    Gauge("darkroom_health", "What /readyz finds: 1 fine, 0.5 degraded, 0 failed.", ("check",), _health),
    Gauge("darkroom_disk_free_ratio", "Of the disk with the data folder.", (), lambda seen: _one(seen.disk_free)),
)


class Seldom(Generic[T]):
    """What costs more the longer the bot lives is read again only after a while. None while it cannot be read."""

    def __init__(self, look: Callable[[], Awaitable[T]]) -> None:
        self._look = look
        self._found: T | None = None
        self._again = 0.0

    async def read(self) -> T | None:
        begun = time.monotonic()
        if begun >= self._again:
            try:
                self._found = await self._look()
            except Unavailable:
                self._found = None
            took = time.monotonic() - begun
            self._again = time.monotonic() + max(BOOKS_AT_MOST, BOOKS_SHARE * took)
        return self._found


class Standing:
    """A collector of prometheus_client. `read` is to be awaited before each collection, which itself waits for nothing."""

    def __init__(
        self,
        app: App,
        dispatch: Dispatch,
        database: SqlDatabase,
        health: Health,
        auditor: Auditor,
        folder: Path,
        leads: Callable[[], dict[str, bool]],
    ) -> None:
        self._app, self._dispatch, self._database = app, dispatch, database
        self._health, self._auditor, self._folder, self._leads = health, auditor, folder, leads
        self._books = Seldom(lambda: database.look(_books))
        self._kept_since = Seldom(lambda: database.look(_kept_since, app.keeping))
        self._seen: Seen | None = None

    async def read(self) -> None:
        dispatch = self._dispatch
        crowd = dispatch if isinstance(dispatch, Crowd) else None
        line, books, kept_since = await self._line(), await self._books.read(), await self._kept_since.read()
        readiness = await self._health.readiness()
        disk = shutil.disk_usage(self._folder)
        self._seen = Seen(
            at=self._app.clock.now(),
            line=line,
            books=books,
            kept_since=kept_since,
            window=dispatch.window,
            out=len(dispatch.out),
            workers=len(crowd.workers) if crowd else int(dispatch.window > 0),
            queues=crowd.queues if crowd else {},
            estimate_error=self._app.board.error,
            leads=self._leads(),
            readiness=readiness,
            mistakes=self._auditor.mistakes,
            checked_at=self._auditor.checked_at,
            disk_free=disk.free / disk.total,
        )

    def describe(self) -> Iterator[Metric]:
        return (_family(gauge, {}) for gauge in GAUGES)

    def collect(self) -> Iterator[Metric]:
        seen = self._seen
        return (_family(gauge, gauge.read(seen) if seen else {}) for gauge in GAUGES)

    async def _line(self) -> Line | None:
        try:
            return await self._database.look(_line, self._app.clock.now())
        except Unavailable:
            return None


def _family(gauge: Gauge, values: Values) -> Metric:
    kind = CounterMetricFamily if gauge.counts else GaugeMetricFamily
    family = kind(gauge.name, gauge.help, labels=gauge.labels)
    for labels, value in values.items():
        family.add_metric(labels, value)
    return family


def _line(tx: Records, now: Moment) -> Line:
    return Line(tx.figures.waiting(), tx.figures.under_way(), tx.figures.untold(), tx.tickets.count_overdue(now))


def _books(tx: Records) -> Books:
    return tx.figures.books()


def _kept_since(tx: Records, keeping: Keeping) -> Moment:
    return tx.expiry.overdue_since(keeping) or keeping.now
