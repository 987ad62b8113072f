"""The form of one machine, besieged: `darkroom up` with its worker over a pipe, SQLite, and a folder."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bots.settings import PREFIX, Settings
from tests.chaos.proxy import Proxy, Tcp
from tests.chaos.records import sqlite_query
from tests.chaos.slots import Slot, moment
from tests.chaos.stands import DELAY, SHORT_PAUSE, Stand
from tests.crashes.processes import workers
from tests.machines.deployment import UNLIMITED
from tests.telegram import TelegramServer

LONG_PAUSE = 8.0  #: seconds
ORPHANED = 5.0  #: seconds a worker may outlive its bot: one that still starts must come to read its pipe first


@asynccontextmanager
async def one_machine(telegram: TelegramServer, rng: random.Random, model: str, network: float) -> AsyncIterator[Stand]:
    """`darkroom up` with its worker over a pipe, SQLite, and a folder."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="darkroom-chaos-")))
        proxy = await stack.enter_async_context(Proxy("bot:telegram", Tcp.of(telegram.url), rng.randrange(1_000)))
        delay = DELAY[model] + os.getpid() / 1e9  # a worker's arguments hold it, which tells ours from others'
        values = {**UNLIMITED, "model": model, "data": str(folder / "data"), "flat_delay": str(delay)}
        values |= {"telegram_token": telegram.token, "telegram_api": f"http://127.0.0.1:{proxy.port}"}
        values |= {"log_level": "info"}
        kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        environment = kept | {PREFIX + name.upper(): value for name, value in values.items()}
        bot = Slot("bot", "up", folder, environment)
        settings = Settings(_env_file=None, **values)  # type: ignore[arg-type]
        query = sqlite_query(folder / "data" / "darkroom.db")
        stand = Stand(rng, [bot], [proxy], query, settings, folder=folder)
        hits = _EmbeddedHits(stand, bot, f" {delay} ")
        stand.add("bot", "bot", 8, hits.kill_bot)
        stand.add("worker", "worker", 8, hits.kill_worker)
        stand.add("pause of the bot", "bot", 2, stand.pause, bot, LONG_PAUSE)
        stand.add("pause of the worker", "worker", 2, hits.pause_worker)
        stand.disturb_all(network)
        try:
            yield stand
        finally:
            bot.kill()
            await hits.bury()


@dataclass
class _EmbeddedHits:
    stand: Stand
    bot: Slot
    mark: str

    async def kill_bot(self) -> None:
        if self.stand.rng.random() < 0.1:
            self.bot.pause()
            await self.stand.rest(self.stand.rng.uniform(0, 0.3))
        self._note_orphans()
        self.bot.kill()
        await self.bury()
        await self.stand.rest(moment(self.stand.rng, 0.5))
        self.bot.start()

    async def kill_worker(self) -> None:
        self._note_orphans()
        for worker in await asyncio.to_thread(workers, self.mark):
            worker.kill()

    async def pause_worker(self) -> None:
        paused = await asyncio.to_thread(workers, self.mark)
        for worker in paused:
            worker.stop()
        await self.stand.rest(moment(self.stand.rng, SHORT_PAUSE))
        for worker in paused:
            with suppress(ProcessLookupError):
                os.kill(worker.pid, signal.SIGCONT)

    async def bury(self) -> None:
        """No worker is to outlive its bot; one that is paused can't end by itself."""
        until = time.monotonic() + ORPHANED
        while left := await asyncio.to_thread(workers, self.mark):
            for worker in left:
                with suppress(ProcessLookupError):
                    os.kill(worker.pid, signal.SIGCONT)
            if time.monotonic() > until:
                self.stand.wrong.append(f"{len(left)} workers outlived their bot by {ORPHANED} seconds")
                for worker in left:
                    worker.kill()
            await asyncio.sleep(0.02)

    def _note_orphans(self) -> None:
        with suppress(OSError):
            for job, fence, attempts in self.stand.query(
                "SELECT id, fence, attempts FROM job WHERE state = 'drawing' AND attempts > 0"
            ):
                self.stand.orphans.orphaned(job, (fence, attempts))
