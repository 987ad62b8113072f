"""`python -m tests.telegram.process`: a bot with nothing but the Telegram door, as a process of its own to be killed.

Its settings come from DARKROOM_* variables, as everywhere; its pace is quicker than Telegram's, so that a test is.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from dataclasses import replace
from pathlib import Path

from bots import logs
from bots.background import Background
from bots.on_telegram import Telegram
from bots.on_telegram.access import load_access
from bots.on_telegram.progress import Throttle
from bots.settings import load_settings
from bots.wiring import House, only_server, open_house
from core.requests import scheduling
from tests.telegram.actor import UNHURRIED

PATIENCE = "TELEGRAM_PATIENCE"  #: seconds for one answer of Telegram
STALLS = "TELEGRAM_STALLS"  #: a folder: how late the loop was is written there, by what its file `phase` says


async def serve(house: House, door: Telegram) -> None:
    """As a serving process does it, until SIGTERM."""
    background = Background(house.app, chats=[door])
    door.stir = background.stir
    end = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, end.set)
    await scheduling.recover(house.app)
    await door.start()
    async with asyncio.TaskGroup() as tasks:
        beside = [tasks.create_task(work) for work in (house.dispatch.run(), background.run())]
        if folder := os.environ.get(STALLS):
            beside.append(tasks.create_task(watch_the_loop(Path(folder))))
        await end.wait()
        for task in beside:
            task.cancel()
    await door.close()


async def watch_the_loop(folder: Path) -> None:
    """Until cancelled, wake every millisecond and note by how much each waking was late."""
    late: dict[str, list[float]] = {}
    phase, looked = "", 0.0
    try:
        while True:
            begun = time.perf_counter()
            if begun - looked > 0.1:
                phase = (folder / "phase").read_text() if (folder / "phase").exists() else ""
                looked = begun = time.perf_counter()
            await asyncio.sleep(0.001)
            late.setdefault(phase, []).append(time.perf_counter() - begun - 0.001)
    finally:
        wanted = {phase: late[phase] for phase in ("idle", "busy") if phase in late}
        (folder / "stalls.json").write_text(json.dumps(wanted))


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
