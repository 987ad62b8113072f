"""When the books are checked while a process serves. What is right is storage/records/ledger_check.py's to say."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import structlog

from bots.repeating import again_and_again
from core.ports import App
from core.records import Records
from core.values import Moment
from storage.database import SqlDatabase

log = structlog.get_logger()

AUDIT_TICK: Final = 10.0  #: seconds between two looks whether a check is due
CHECKED: Final = 3600.0  #: seconds between two checks
CHECKED_AGAIN: Final = 300.0  #: after a check that found something


class Auditor:
    """Has the books checked: at the start, every hour where this process leads, and sooner again after trouble."""

    def __init__(self, app: App, database: SqlDatabase, leads: Callable[[], bool]) -> None:
        self._app, self._database, self._leads = app, database, leads
        self._looked = 0.0
        self.mistakes: int | None = None  #: that the last check found; None before the first is done
        self.checked_at: Moment | None = None

    async def run(self) -> None:
        await again_and_again("audit", self.check_if_due, seconds=AUDIT_TICK)

    async def check_if_due(self) -> None:
        since = time.monotonic() - self._looked
        if self.mistakes is None or (self.mistakes and since >= CHECKED_AGAIN) or (self._leads() and since >= CHECKED):
            await self.check()

    async def check(self) -> None:
        mistakes = await self._database.look(_mistakes)
        self.mistakes, self.checked_at, self._looked = len(mistakes), self._app.clock.now(), time.monotonic()
        if mistakes:
            log.error("books.wrong", count=len(mistakes))


def _mistakes(tx: Records) -> list[str]:
    return tx.ledger.mistakes()
