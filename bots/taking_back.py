"""Taking messages back that show pictures of people who are being erased: one by one, until none is left. Knows no chat."""

from __future__ import annotations

from typing import Protocol

import structlog

from core.erasing import erasure
from core.errors import Unavailable
from core.ports import App
from core.records import Copy
from core.values.receipts import Taken

log = structlog.get_logger()


class Leaves(Protocol):
    """A door to a platform on which messages of ours stay behind."""

    name: str

    async def take_back(self, copy: Copy, /) -> Taken:
        """Delete the message about a picture, or see to it that it shows nothing. Twice is once.

        Raises Unavailable when it is worth trying later.
        """
        ...


class TakesBack:
    """For one door. A platform that wants a pause gets it, and what is left waits for a later round."""

    def __init__(self, app: App, door: Leaves) -> None:
        self._app, self._door = app, door
        self._not_before = 0

    async def round(self) -> None:
        if self._app.clock.now() < self._not_before:
            return
        for copy in await erasure.copies(self._app, self._door.name):
            try:
                taken = await self._door.take_back(copy)
            except Unavailable as later:
                self._not_before = self._app.clock.now() + int((later.retry_after or 1.0) * 1_000)
                log.info("copies.later", door=self._door.name)
                return
            except Exception:  # one that can't be taken back holds up nobody else's
                log.exception("copy.left", door=self._door.name, job=copy.job)
                taken = Taken.LEFT
            await erasure.took_back(self._app, copy, taken)
