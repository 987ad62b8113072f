"""A whole `darkroom demo`: the house, its worker, the background and the page, until somebody ends it."""

from __future__ import annotations

import asyncio
import signal

from bots.background import Background
from bots.commands.account import FIRST_WISH
from bots.on_page import Page
from bots.on_page.routes import page_routes
from bots.replies import say
from bots.texts import render
from bots.web import serve
from bots.wiring import House
from core import scheduling
from core.rules import MINIMUM_AGE


async def serve_page(house: House, host: str, port: int) -> int:
    """Serve the page until SIGTERM or Ctrl-C. Returns the exit status; raises BadSettings when it cannot be served there.

    What is queued stays queued, and what nobody was told stays owed.
    """
    page = Page(house.app)
    background = Background(house.app, page)
    page.stir, page.broken = background.stir, lambda: house.dispatch.broken
    end = asyncio.Event()
    for asked in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(asked, end.set)
    async with serve(page_routes(page), host, port) as address:
        await scheduling.recover(house.app)
        for path in house.made:
            print(render(say("terminal.key_made", path=path)))
        print(render(say("page.serving", address=address, age=MINIMUM_AGE, wish=FIRST_WISH)), flush=True)
        async with asyncio.TaskGroup() as tasks:
            beside = [tasks.create_task(work) for work in (house.dispatch.run(), background.run(), page.watch())]
            await end.wait()
            await page.close()
            for task in beside:
                task.cancel()
    return 0
