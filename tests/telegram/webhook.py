"""Updates pushed to the bot by HTTP, again and again until it answers with a 2xx.

https://core.telegram.org/bots/api#setwebhook and WebhookActor.cpp in tdlib/telegram-bot-api: updates of one chat go out one
after the other, others beside them; the first repetition comes at once, the next after one second, then two, four, …
Plain http and any port are taken, as that server does in its local mode.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import aiohttp

from tests.telegram.updates import Update

if TYPE_CHECKING:
    from tests.telegram.world import World

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
CONNECTIONS = 40
FIRST_DELAY, LONGEST_DELAY = 1.0, 60.0
PATIENCE = 60.0  #: seconds for one answer


class PushedUpdates:
    def __init__(self, world: World, ask: dict[str, Any]) -> None:
        self._world = world
        self.url: str = ask["url"]
        self.connections: int = ask.get("max_connections", CONNECTIONS)
        self._secret: str | None = ask.get("secret_token")
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(PATIENCE))
        self._free = asyncio.Semaphore(self.connections)
        self._lines: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._tasks: set[asyncio.Task[None]] = set()
        self.first_delay = FIRST_DELAY
        self.last_error: tuple[int, str] | None = None
        for update in world.faults.shuffled(world.updates.pending):
            self.push(update)

    def push(self, update: Update) -> None:
        task = asyncio.create_task(self._deliver(update))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._session.close()

    async def _deliver(self, update: Update) -> None:
        async with self._lines[_place(update)], self._free:
            delay = 0.0
            while not await self._post(update):
                await asyncio.sleep(delay)
                delay = min(max(delay * 2, self.first_delay), LONGEST_DELAY)
            if self._world.faults.repeats():
                await self._post(update)
            self._world.updates.drop(update)
            self._world.changed()

    async def _post(self, update: Update) -> bool:
        await self._world.updates.open.wait()
        headers = {SECRET_HEADER: self._secret} if self._secret else {}
        try:
            async with self._session.post(self.url, json=update, headers=headers) as answer:
                if 200 <= answer.status < 300:
                    return True
                why = f"Wrong response from the webhook: {answer.status} {answer.reason}"
        except (aiohttp.ClientError, TimeoutError):
            why = "Connection refused"
        self.last_error = int(self._world.now()), why
        return False


def _place(update: Update) -> int:
    """The chat an update comes from, or the person."""
    payload = next(value for name, value in update.items() if name != "update_id")
    place: int = (payload.get("chat") or payload["from"])["id"]
    return place
