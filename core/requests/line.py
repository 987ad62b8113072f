"""The queue of the database, kept in memory by the one process that leads, and in step with it. Knows no worker.

Nothing here is needed to be right: what is sent out is decided by a conditional UPDATE, and a process that begins to lead
reads the whole queue. Only who had their turn is forgotten then.
"""

from __future__ import annotations

from core.queue.board import Board
from core.queue.turns import Turns, Waiting
from core.records import Records
from core.rules import MODEL_SWITCH, OVERLAP, RESYNC
from core.values import JobId, Moment


class Line:
    """One transaction at a time works with it: it catches up first, and once it is committed it is `kept`."""

    def __init__(self, board: Board | None = None) -> None:
        self._board = board or Board()
        self._turns = Turns(self._cost, MODEL_SWITCH * 1_000)
        self._loaded: str | None = None  #: the model of what was sent out last
        self._aside: set[JobId] = set()
        self._newest = Moment(0)
        self._from = Moment(0)  #: what was queued before is read
        self._compared_at: Moment | None = None
        self._unkept: tuple[Moment, Moment | None] | None = None  #: the same two, once the transaction is committed

    def catch_up(self, tx: Records, now: Moment) -> None:
        """Read what was queued since the last time, and now and then compare everything."""
        if self._unkept:
            self._from = Moment(0)  # the last transaction was lost: what it took is queued still
        due = self._compared_at is None or not 0 <= now - self._compared_at < RESYNC
        if due:
            self._aside.clear()
        self._read(tx, self._from)
        if due:
            self._compare(tx)
        # Other clocks may be ahead of ours or behind it, and a transaction may begin well before others see it.
        self._unkept = (Moment(min(self._newest, now) - OVERLAP), now if due else self._compared_at)

    def kept(self) -> None:
        assert self._unkept, "it caught up before"
        (self._from, self._compared_at), self._unkept = self._unkept, None

    def next(self, now: Moment) -> Waiting | None:
        """Whose turn it is. It stays in line until it is sent or dropped."""
        return self._turns.next(self._loaded, now)

    def sent(self, waiting: Waiting, now: Moment) -> None:
        self._turns.take(waiting, now)
        self._loaded = waiting.model

    def drop(self, job: JobId) -> None:
        """It is not queued any more."""
        self._turns.discard(job)

    def put_aside(self, job: JobId) -> None:
        """It was sent, and could not be made ready: until the next comparison it does not hold up the others."""
        self._aside.add(job)

    def _read(self, tx: Records, since: Moment) -> None:
        for waiting in tx.jobs.queued_since(since):
            self._newest = max(self._newest, waiting.queued_at)
            if waiting.job not in self._aside:
                self._turns.add(waiting)

    def _compare(self, tx: Records) -> None:
        queued, known = tx.jobs.queued_fences(), self._turns.fences()
        for job, _ in known - queued:
            self._turns.discard(job)
        if queued - known:
            self._read(tx, Moment(0))

    def _cost(self, waiting: Waiting) -> int:
        """Microseconds, by what the model took so far."""
        return int(self._board.predict(waiting.model, waiting.work) * 1_000_000)
