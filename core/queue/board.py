"""What is being drawn right now and how fast drawing goes, in memory: a restart forgets it and loses nothing. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from core.rules import HOLD_LIFE
from core.values import Job, JobId, Moment, Settings

LEARNING: Final = 0.2  #: weight of the newest picture in the learnt speed
FASTEST: Final = 1e-8  #: seconds a unit of work takes at least: nobody pays too much for what was never measured


@dataclass(frozen=True)
class Drawing:
    """A job at the worker. `preview` is a small JPEG that the safety check has passed, or None."""

    job: Job
    index: int
    step: int
    steps: int
    since: Moment
    preview: bytes | None = field(default=None, repr=False)
    previewed_at: int = 0

    @property
    def share(self) -> float:
        """How much of the whole request is drawn, 0 to 1."""
        return (self.index + self.step / max(1, self.steps)) / self.job.count


class Board:
    """Every drawing under way, and the seconds a unit of work takes, learnt from those that finished."""

    def __init__(self) -> None:
        self._drawings: dict[JobId, Drawing] = {}
        self._seconds_per_work: float | None = None
        self._of_models: dict[str, float] = {}  #: the same of each model by itself
        self.error: float | None = None  #: how far estimates were off, as a share of the time it took, smoothed

    def begin(self, job: Job, now: Moment) -> None:
        """The end of what another process hears of is not heard here: it is forgotten once it must be over."""
        for old in [old for old, drawing in self._drawings.items() if now - drawing.since > HOLD_LIFE]:
            del self._drawings[old]
        self._drawings[job.id] = Drawing(job, 0, 0, job.settings.steps, now)

    def step(self, job: JobId, index: int, step: int, steps: int) -> Drawing | None:
        """The drawing as it stands now; None for one that nobody began here."""
        if (drawing := self._drawings.get(job)) is None:
            return None
        kept = drawing.preview if drawing.index == index else None
        self._drawings[job] = replace(drawing, index=index, step=step, steps=steps, preview=kept)
        return self._drawings[job]

    def show(self, job: JobId, preview: bytes | None, now: Moment) -> Drawing | None:
        if (drawing := self._drawings.get(job)) is None:
            return None
        self._drawings[job] = replace(drawing, preview=preview, previewed_at=now)
        return self._drawings[job]

    def drawn(self, job: JobId, now: Moment) -> None:
        """Learn from one finished picture; the next one of the job begins now."""
        if (drawing := self._drawings.get(job)) is None:
            return
        self._learn(drawing.job.settings, (now - drawing.since) / 1000)
        self._drawings[job] = replace(drawing, index=drawing.index + 1, step=0, since=now, preview=None, previewed_at=0)

    def end(self, job: JobId) -> None:
        self._drawings.pop(job, None)

    def of(self, job: JobId) -> Drawing | None:
        return self._drawings.get(job)

    def seconds(self, work: int) -> float | None:
        """How long so much work takes here, in seconds; None before anything was measured."""
        return None if self._seconds_per_work is None else work * self._seconds_per_work

    def predict(self, model: str, work: int) -> float:
        """How long so much work takes this model, in seconds; by what all models took where it has drawn nothing yet."""
        return work * self._of_models.get(model, self._seconds_per_work or FASTEST)

    def _learn(self, settings: Settings, seconds: float) -> None:
        took, usual = seconds / settings.work, self._seconds_per_work
        of_model = self._of_models.get(settings.model, took)
        self._of_models[settings.model] = of_model + LEARNING * (took - of_model)
        if usual is None:
            self._seconds_per_work = took
            return
        if seconds > 0:
            off = abs(settings.work * usual - seconds) / seconds
            self.error = off if self.error is None else self.error + LEARNING * (off - self.error)
        self._seconds_per_work = usual + LEARNING * (took - usual)
