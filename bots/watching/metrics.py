"""What is counted while a process serves, in a registry of its own. Knows no store, no port and no page.

Labels come from closed sets: states, reasons, keys of sentences, names in the code, models of the catalogue. What is in none
of them counts as `other`, so that nobody's name, chat, server or request can become a label.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, disable_created_metrics
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from structlog.typing import EventDict

from bots.texts import sentences
from core.errors import Unavailable
from core.values import DeliveryState, JobState, Reason

OTHER: Final = "other"
NONE: Final = "none"
DOORS: Final = ("discord", "page", "telegram", "terminal")
ENDINGS: Final[tuple[tuple[str, str], ...]] = (
    (JobState.DONE, NONE),
    (JobState.DONE, Reason.CRASHED),
    (JobState.FAILED, NONE),
    (JobState.FAILED, Reason.CRASHED),
    (JobState.FAILED, Reason.TOO_LATE),
    (JobState.FAILED, Reason.EXPIRED),
    (JobState.CANCELLED, Reason.CANCELLED),
)
PICTURES: Final = ("drawn", Reason.REFUSED, Reason.UNCHECKED)
TOLD: Final = (DeliveryState.DELIVERED, DeliveryState.UNCERTAIN, DeliveryState.UNDELIVERABLE)
STORES: Final = ("database.unavailable", "keys.unavailable", "blobs.unavailable", "dispatch.unavailable")
LIMITS: Final = ("commands", "requests")
NEWS: Final = ("drawn", "started")
LEVELS: Final = ("warning", "error", "critical")

WAITS: Final = (0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800)  #: seconds
DRAWINGS: Final = (0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120, 300)
LATENESS: Final = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)

_EVENT: Final = re.compile(r"[a-z_]+(\.[a-z_]+)*")  #: how names of events are written in the code


class Metrics:
    """`core.ports.Meter`, and a verb for everything else that is counted."""

    def __init__(self, models: Collection[str] = ()) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # they would double the number of series, to say when this process began
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._models, self._keys = frozenset(models), frozenset((*sentences("en"), *STORES))
        self._accepted = self._counter("jobs_accepted", "Requests that were paid for and queued.", "door")
        self._ended = self._counter("jobs_ended", "Requests that are over, and why.", "state", "reason")
        self._requeued = self._counter("jobs_requeued", "Requests that went back to the queue, to be drawn again.")
        self._leases = self._counter("leases_expired", "Requests whose worker was not heard for too long.")
        self._lost = self._counter("dispatches_lost", "Requests that were out at a worker that is gone.")
        self._fences = self._counter("fence_rejections", "News of workers that counted no more.", "news")
        self._pictures = self._counter(
            "pictures", "Pictures that came from a worker, and what became of them.", "result"
        )
        self._delivered = self._counter("deliveries", "Outcomes that people were told.", "platform", "result")
        self._refused = self._counter("refusals", "Commands that were answered with trouble.", "key")
        self._limited = self._counter("rate_limited", "Commands and requests that came too often.", "limit")
        self._unavailable = self._counter("unavailable", "Times that a store did not do what it was asked.", "key")
        self._logged = self._counter(
            "log_lines", "Lines of the log that say that something is wrong.", "level", "event"
        )
        self._waited = self._histogram("queue_wait_seconds", "From a request to the first of its drawing.", WAITS)
        self._drew = self._histogram("drawing_seconds", "What a worker took for one picture.", DRAWINGS, "model")
        self._late = self._histogram("loop_lateness_seconds", "By how much the event loop's tick was late.", LATENESS)
        self._begin_at_zero()

    # core.ports.Meter

    def refused(self, key: str) -> None:
        self._refused.labels(self._known(key)).inc()

    def outdated(self) -> None:
        self._fences.labels("drawn").inc()

    # What bots/watching/counting.py hears

    def accepted(self, door: str) -> None:
        self._accepted.labels(_one_of(DOORS, door)).inc()

    def ended(self, state: JobState, reason: Reason | None) -> None:
        self._ended.labels(state, reason or NONE).inc()

    def requeued(self) -> None:
        self._requeued.inc()

    def leases_expired(self, count: int) -> None:
        self._leases.inc(count)

    def lost(self, count: int) -> None:
        self._lost.inc(count)

    def started_in_vain(self) -> None:
        self._fences.labels("started").inc()

    def waited(self, seconds: float) -> None:
        self._waited.observe(seconds)

    def drew(self, model: str, seconds: float) -> None:
        self._drew.labels(_one_of(self._models, model)).observe(seconds)

    def kept(self) -> None:
        self._pictures.labels("drawn").inc()

    def withheld(self, reason: Reason) -> None:
        self._pictures.labels(_one_of(PICTURES, reason)).inc()

    def told(self, door: str, state: DeliveryState) -> None:
        self._delivered.labels(_one_of(DOORS, door), state).inc()

    def limited(self, limit: str) -> None:
        self._limited.labels(_one_of(LIMITS, limit)).inc()

    @contextmanager
    def failures(self) -> Iterator[None]:
        """What is raised as Unavailable meanwhile is counted."""
        try:
            yield
        except Unavailable as error:
            self._unavailable.labels(self._known(error.key)).inc()
            raise

    # What bots/watching/outside.py tells

    def late(self, seconds: float) -> None:
        self._late.observe(seconds)

    def logged(self, _logger: Any, method: str, line: EventDict) -> EventDict:
        """A processor of structlog, which changes nothing."""
        level = "error" if method == "exception" else method
        if level in LEVELS:
            event = str(line.get("event"))
            self._logged.labels(level, event if _EVENT.fullmatch(event) else OTHER).inc()
        return line

    @contextmanager
    def hearing_the_log(self) -> Iterator[None]:
        before = structlog.get_config()["processors"]
        structlog.configure(processors=[self.logged, *before])
        try:
            yield
        finally:
            structlog.configure(processors=before)

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """Everything as Prometheus reads it, and the content type of that."""
        encode, content_type = choose_encoder(accept)
        return encode(self.registry), content_type

    # How it is kept

    def add(self, collector: Collector) -> None:
        """From now on this is read too whenever somebody asks."""
        self.registry.register(collector)

    def _begin_at_zero(self) -> None:
        """What was never counted is 0 from the start: a first time would otherwise not show as a rise."""
        for counter, labels in (
            (self._accepted, _singles(DOORS)),
            (self._ended, ENDINGS),
            (self._fences, _singles(NEWS)),
            (self._pictures, _singles(PICTURES)),
            (self._limited, _singles(LIMITS)),
            (self._unavailable, _singles(STORES)),
            (self._delivered, [(door, state) for door in DOORS for state in TOLD]),
        ):
            for values in labels:
                counter.labels(*values)

    def _known(self, key: str) -> str:
        return _one_of(self._keys, key)

    def _counter(self, name: str, help_: str, *labels: str) -> Counter:
        return Counter(f"darkroom_{name}", help_, labels, registry=self.registry)

    def _histogram(self, name: str, help_: str, buckets: Iterable[float], *labels: str) -> Histogram:
        return Histogram(f"darkroom_{name}", help_, labels, buckets=tuple(buckets), registry=self.registry)


def _singles(values: Iterable[str]) -> list[tuple[str, ...]]:
    return [(value,) for value in values]


def _one_of(known: Collection[str], value: str) -> str:
    return value if value in known else OTHER
