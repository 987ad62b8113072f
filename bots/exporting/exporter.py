"""Making the exports that were not made while somebody waited, one after the other, beside everything else."""

from __future__ import annotations

from typing import Final

import structlog

from bots.exporting.making import make
from core.errors import Unavailable
from core.ports import App
from core.records import Records
from core.values import Moment
from core.values.holdings import Export

log = structlog.get_logger()

LOOK: Final = 2.0  #: seconds between two looks at what is to be made, where nobody calls


class Exporter:
    """Of one process. Any number may look: an export is made by whoever claims it first."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def round(self) -> None:
        """Make everything that nobody makes."""
        for export in await self._app.database.run(_unmade, self._app.clock.now()):
            try:
                await make(self._app, export)
            except Unavailable as later:
                log.info("export.later", error=later.key)


def _unmade(tx: Records, now: Moment) -> list[Export]:
    return tx.exports.unmade(now)
