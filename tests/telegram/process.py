"""`python -m tests.telegram.process`: a bot with nothing but the Telegram door, as a process of its own to be killed.

Its settings come from DARKROOM_* variables, as everywhere; its pace is quicker than Telegram's, so that a test is.
"""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import replace

from bots import logs
from bots.background import Background
from bots.on_telegram import Telegram
from bots.on_telegram.access import load_access
from bots.on_telegram.progress import Throttle
from bots.settings import load_settings
from bots.wiring import House, only_server, open_house
from core import scheduling
from tests.telegram.actor import UNHURRIED

PATIENCE = "TELEGRAM_PATIENCE"  #: seconds for one answer of Telegram


async def serve(house: House, door: Telegram) -> None:
    """As a serving process does it, until SIGTERM."""
    background = Background(house.app, door)
    door.stir = background.stir
    end = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, end.set)
    await scheduling.recover(house.app)
    await door.start()
    async with asyncio.TaskGroup() as tasks:
        beside = [tasks.create_task(work) for work in (house.dispatch.run(), background.run(), door.run())]
        await end.wait()
        for task in beside:
            task.cancel()
    await door.close()


def main() -> None:
    settings = load_settings()
    logs.set_up(settings.log_level)
    access = load_access(settings)
    assert access is not None
    access = replace(access, patience=float(os.environ.get(PATIENCE, "10")))
    with only_server(settings.data), open_house(settings) as house:
        asyncio.run(serve(house, Telegram(house.app, access, rates=UNHURRIED, throttle=Throttle(0.3, 0.6))))


if __name__ == "__main__":
    main()
