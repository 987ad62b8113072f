"""Sending a receipt to somebody who is known no more: where to is remembered in memory alone, from before they were erased.

A process that ends forgets it; the receipt is found by its number all the same.
"""

from __future__ import annotations

import structlog

from bots.commands.erasing import receipt_lines
from bots.heralding import Chat
from bots.replies import reply
from core.erasing import erasure
from core.errors import Gone, Unavailable
from core.ports import App

log = structlog.get_logger()


class Receipts:
    """For one door."""

    def __init__(self, app: App, chat: Chat) -> None:
        self._app, self._chat = app, chat
        self._where: dict[str, str] = {}

    async def round(self) -> None:
        """Remember who is leaving, and tell those who are gone."""
        leaving = await erasure.addresses(self._app, self._chat.name)
        gone = {code: raw_id for code, raw_id in self._where.items() if code not in leaving}
        told = {code for code, raw_id in gone.items() if await self._is_told(code, raw_id)}
        self._where = {code: raw_id for code, raw_id in (gone | leaving).items() if code not in told}

    async def _is_told(self, code: str, raw_id: str) -> bool:
        """Or need not be told: they thought better of it."""
        found = await erasure.find(self._app, code)
        if found is None:
            return True
        if found.receipt is None:
            return False
        try:
            await self._chat.write_to(raw_id, reply(*receipt_lines(found.receipt), private=True), f"receipt/{code}")
        except Gone:
            log.info("receipt.gone", door=self._chat.name)
        except Unavailable:
            return False
        except Exception:  # one that can't be told holds up nobody else's, and has its number
            log.exception("receipt.failed", door=self._chat.name)
        return True
