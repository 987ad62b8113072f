"""What the bot is told: updates wait here until it has confirmed them, by polling on or by answering a webhook.

https://core.telegram.org/bots/api#getupdates and `process_get_updates_query` in tdlib/telegram-bot-api.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from tests.telegram.refusals import conflict

if TYPE_CHECKING:
    from tests.telegram.webhook import PushedUpdates

Update = dict[str, Any]

FIRST = 800_000_001
LONGEST_POLL = 50  #: seconds
UNASKED = frozenset({"chat_member", "message_reaction", "message_reaction_count"})  #: only for who names them


class Delivery(Protocol):
    """What may go wrong on the way."""

    def shuffled(self, updates: Sequence[Update]) -> list[Update]: ...

    def repeats(self) -> bool: ...


class Updates:
    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery
        self._next = FIRST
        self.pending: list[Update] = []
        self._again: list[Update] = []  #: faults: handed out once more although they were confirmed
        self._wanted: frozenset[str] | None = None
        self._poller: asyncio.Future[None] | None = None
        self.webhook: PushedUpdates | None = None
        self.open = asyncio.Event()

    def number(self, kind: str, payload: dict[str, Any]) -> Update:
        return {"update_id": self._next, kind: payload}

    def add(self, update: Update) -> None:
        """Kinds the bot does not want are dropped now: a later wish "doesn't affect updates created before the call"."""
        self._next += 1
        kind = next(name for name in update if name != "update_id")
        if kind in UNASKED if self._wanted is None else kind not in self._wanted:
            return
        self.pending.append(update)
        if self.webhook:
            self.webhook.push(update)
        elif self._poller and not self._poller.done():
            self._poller.set_result(None)

    def wants(self, kinds: list[str] | None) -> None:
        """None: as before. An empty list: everything but what must be asked for."""
        if kinds is not None:
            self._wanted = frozenset(kinds) or None

    @property
    def wanted(self) -> list[str] | None:
        return None if self._wanted is None else sorted(self._wanted)

    async def poll(self, offset: int, limit: int, timeout: float) -> list[Update]:
        if self.webhook:
            why = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
            raise conflict(why)
        self.dismiss("terminated by other getUpdates request; make sure that only one bot instance is running")
        self._confirm(offset)
        if not self.pending and not self._again and timeout > 0:
            await self._wait(min(timeout, LONGEST_POLL))
        return self._batch(limit)

    def dismiss(self, why: str) -> None:
        """The poller that waits loses against a newer one."""
        if self._poller and not self._poller.done():
            self._poller.set_exception(conflict(why))

    def opens(self) -> None:
        self.open.set()

    def closes(self) -> None:
        """The server goes down: nobody waits any more, and nothing is pushed."""
        self.open.clear()
        if self._poller and not self._poller.done():
            self._poller.set_result(None)

    def drop(self, update: Update | None = None) -> None:
        """Forget what was delivered, or everything."""
        self.pending = [one for one in self.pending if update is not None and one is not update]

    def _confirm(self, offset: int) -> None:
        """All below a positive offset is confirmed; a negative one keeps so many from the end and forgets the rest."""
        if offset < 0:
            del self.pending[:offset]
        self.pending = [update for update in self.pending if update["update_id"] >= offset]

    async def _wait(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        poller = self._poller = loop.create_future()
        timer = loop.call_later(seconds, lambda: poller.done() or poller.set_result(None))
        try:
            await poller
        finally:
            timer.cancel()
            if self._poller is poller:
                self._poller = None

    def _batch(self, limit: int) -> list[Update]:
        again, self._again = self._again, []
        fresh = self.pending[:limit]
        self._again += [update for update in fresh if self._delivery.repeats()]
        return self._delivery.shuffled([*again, *fresh][:limit])
