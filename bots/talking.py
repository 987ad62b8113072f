"""A whole `darkroom talk`: the house, its worker, the background and one terminal, from the first line to the last picture."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from bots.background import Background
from bots.on_terminal import Terminal, lines
from bots.replies import reply, say
from bots.texts import render
from bots.wiring import House
from core import scheduling

LOOK = 0.2  #: seconds between two looks at what is still owed, at the end of input


async def talk(house: House, person: str, folder: Path, *, as_json: bool) -> int:
    """Converse until the input ends and nothing is owed any more. Returns the exit status."""
    terminal = Terminal(house.app, person, folder, sys.stdout, as_json=as_json)
    background = Background(house.app, terminal)
    await scheduling.recover(house.app)
    for path in house.made:
        print(render(say("terminal.key_made", path=path)), file=sys.stderr)
    conversation = asyncio.current_task()
    assert conversation is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, conversation.cancel)
    worker = asyncio.create_task(house.dispatch.run())
    beside = asyncio.create_task(background.run())
    try:
        interactive = sys.stdin.isatty() and not as_json
        async for line in lines(prompt="› " if interactive else ""):
            await terminal.hear(line)
            background.stir()
        while await terminal.outstanding():
            if house.dispatch.broken:
                await terminal.tell(reply(say("waiting.still_down"), error="unavailable"))
                return 1
            await asyncio.sleep(LOOK)
        return 0
    except asyncio.CancelledError:  # SIGTERM: what is queued stays queued, what is owed stays owed
        return 0
    finally:
        for task in (beside, worker):
            task.cancel()
        await asyncio.gather(beside, worker, return_exceptions=True)
