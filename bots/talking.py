"""A whole `darkroom talk`: the house, its worker, the background and one terminal, from the first line to the last picture."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

from bots.background import Background
from bots.leading import leading
from bots.on_terminal import Terminal, lines
from bots.repeating import again_and_again
from bots.replies import reply, say
from bots.texts import render
from bots.wiring import House
from core.erasing import replaying, retention
from core.requests import scheduling
from core.rights import publishing

LOOK = 0.2  #: seconds between two looks at what is still owed, at the end of input


async def talk(house: House, person: str, folder: Path, *, as_json: bool) -> int:
    """Converse until the input ends and nothing is owed any more. Returns the exit status.

    SIGTERM and Ctrl-C end it at once: what is queued stays queued, what is owed stays owed.
    """
    house = replace(house, app=await publishing.published(house.app))
    terminal = Terminal(house.app, person, folder, sys.stdout, as_json=as_json)
    background = Background(house.app, terminal, leading=leading(house.app, shared=house.shared))
    await retention.put_in_force(house.app)
    await replaying.replay(house.app)
    if not house.shared:
        await scheduling.recover(house.app)
    for path in house.made:
        print(render(say("terminal.key_made", path=path)), file=sys.stderr)
    conversation = asyncio.current_task()
    assert conversation is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, conversation.cancel)
    try:
        async with asyncio.TaskGroup() as tasks:
            beside = [
                tasks.create_task(house.dispatch.run()),
                tasks.create_task(background.run()),
                tasks.create_task(again_and_again("exports", terminal.hand_over)),
            ]
            status = await _converse(house, terminal, background, prompt="" if as_json else "› ")
            for task in beside:
                task.cancel()
        return status
    except asyncio.CancelledError:
        return 0
    finally:
        await house.dispatch.close()


async def _converse(house: House, terminal: Terminal, background: Background, prompt: str) -> int:
    try:
        async for line in lines(prompt=prompt if sys.stdin.isatty() else ""):
            await terminal.hear(line)
            background.stir()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nothing is left to flush to
    while not terminal.closed and await terminal.outstanding():
        if house.dispatch.broken:
            await terminal.say(reply(say("waiting.still_down"), error="unavailable"))
            return 1
        await asyncio.sleep(LOOK)
    return 0
