"""When the probes are run while a process serves. What they look at is in bots/probes.py."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from bots.probes import probed
from bots.repeating import again_and_again
from core.ports import App
from core.rights import probing
from core.rights.probing import Probe
from core.rules import DAY, SECOND

PROBE_TICK: Final = 10.0  #: seconds between two looks whether a round is due
PROBED: Final = DAY / SECOND  #: seconds between two rounds
PROBED_AGAIN: Final = 600.0  #: after a round in which something failed: a sweep may be all that it takes


class Prober:
    """Has the probes run where this process leads: as it begins to, every day, and sooner again after a failure."""

    def __init__(self, app: App, probes: tuple[Probe, ...], leads: Callable[[], bool]) -> None:
        self._app, self._probes, self._leads = app, probes, leads
        self._due = 0.0

    async def run(self) -> None:
        await again_and_again("probe", self.probe_if_due, seconds=PROBE_TICK)

    async def probe_if_due(self) -> None:
        if self._leads() and time.monotonic() >= self._due:
            await self.probe()

    async def probe(self) -> None:
        """One round, written down."""
        found = await probed(self._app, self._probes)
        await probing.note(self._app, found)
        well = all(one.passed for one in found)
        self._due = time.monotonic() + (PROBED if well else PROBED_AGAIN)
