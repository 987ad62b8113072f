"""`darkroom top` on a terminal: one frame that fits it, again and again. Knows no store."""

from __future__ import annotations

import asyncio
import os
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Final

from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from bots.replies import say
from bots.texts import render
from bots.watching.top import HISTORY, SPEED_OVER, Doing, Frame, Steps, listen, look
from bots.wiring import House
from core.errors import Unavailable

REFRESH: Final = 1.0  #: seconds
BARS: Final = " ▁▂▃▄▅▆▇█"
OVERKEPT: Final = 3_600  #: seconds that something may be here after it was to be deleted, before it is shown
LEAST_ROWS: Final = 3  #: of workers, however low the terminal


async def show_once(house: House, console: Console) -> None:
    console.print(draw(await look(house), console.width, console.height))


async def watch(house: House, console: Console) -> None:
    """Until `q` or Ctrl-C. What can't be read for a while is said, over what was read last."""
    ended = asyncio.Event()
    frame = Frame(0, 0, 0, 0, 0, 0, (0,) * HISTORY, (), {}, {}, {})
    heard: Steps = {}
    listening = asyncio.create_task(listen(house, heard))
    try:
        with _keys(ended), Live(console=console, screen=True, auto_refresh=False) as live:
            while not ended.is_set():
                try:
                    frame = await look(house, heard)
                except Unavailable:
                    frame = replace(frame, trouble=render(say("top.database_away")))
                live.update(draw(frame, console.width, console.height), refresh=True)
                with suppress(TimeoutError):
                    async with asyncio.timeout(REFRESH):
                        await ended.wait()
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


def draw(frame: Frame, width: int, height: int) -> RenderableType:
    """One frame, no wider than that, and no higher where there is room for a few workers."""
    rows = max(LEAST_ROWS, height - 12 - bool(frame.trouble) - bool(frame.overdue) - _late(frame))
    parts: list[RenderableType] = [
        _now(frame),
        _waits(frame),
        _history(frame, width - 4),
        Text(),
        _workers(frame, rows),
        Text(),
        _facts(frame),
    ]
    if frame.trouble:
        parts.append(Text(frame.trouble, style="bold red", no_wrap=True, overflow="ellipsis"))
    return Panel(
        Group(*parts),
        title="[bold]Darkroom",
        subtitle=render(say("top.end")),
        box=box.ROUNDED,
        border_style="red" if frame.trouble else "cyan",
        width=width,
    )


def _now(frame: Frame) -> Text:
    queued = (f"{frame.queued:,}", "bold yellow" if frame.queued else "bold green")
    return Text.assemble(
        queued,
        f" {render(say('top.queued'))}   ",
        (f"{frame.drawing:,}", "bold green"),
        f" {render(say('top.drawing'))}   ",
        (f"{frame.speed:.1f}", "bold green"),
        f" {render(say('top.speed', minutes=SPEED_OVER))}",
        no_wrap=True,
        overflow="ellipsis",
    )


def _waits(frame: Frame) -> Text:
    waits = say("top.waits", half=frame.wait_half, most=frame.wait_most, longest=frame.wait_longest)
    said = render(waits if frame.queued else say("top.nobody_waits"))
    return Text(said, style="dim", no_wrap=True, overflow="ellipsis")


def _history(frame: Frame, room: int) -> Text:
    """A bar for each minute, as high as its share of the best one."""
    label = render(say("top.history"))
    shown = frame.history[-max(1, min(HISTORY, room - len(label) - 1)) :]
    most = max(*shown, 1)
    bars = "".join(BARS[-(-count * (len(BARS) - 1) // most)] for count in shown)
    return Text.assemble((bars, "cyan"), (f" {label}", "dim"), no_wrap=True, overflow="crop")


def _workers(frame: Frame, rows: int) -> RenderableType:
    if not frame.workers:
        return Text(render(say("top.nobody")), style="dim")
    table = Table(box=None, padding=(0, 2, 0, 0), expand=True, header_style="dim", show_edge=False)
    table.add_column(render(say("top.worker")), no_wrap=True, max_width=24)
    table.add_column(render(say("top.model")), no_wrap=True, max_width=24)
    table.add_column(render(say("top.doing")), no_wrap=True, ratio=1)
    shown = frame.workers if len(frame.workers) <= rows else frame.workers[: rows - 1]
    for doing in shown:
        table.add_row(doing.worker, doing.model, _deed(doing))
    if more := len(frame.workers) - len(shown):
        table.add_row(Text(render(say("top.more", count=more)), style="dim"))
    return table


def _deed(doing: Doing) -> Text:
    if not doing.count:
        return Text(render(say("top.idle")), style="dim")
    if not doing.picture:
        return Text(render(say("top.sent", asked=doing.asked)), style="dim")
    said = render(say("top.draws", picture=doing.picture, count=doing.count))
    step = render(say("top.step", step=doing.step, steps=doing.steps)) if doing.steps else ""
    asked = render(say("top.asked", asked=doing.asked))
    again = render(say("top.again", attempt=doing.attempts)) if doing.attempts > 1 else ""
    return Text.assemble(said, step, asked, (again, "yellow"))


def _facts(frame: Frame) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(no_wrap=True, overflow="ellipsis")
    leaders = " · ".join(f"{role} ({left:.0f} s)" for role, left in frame.leaders.items())
    grid.add_row(render(say("top.leaders")), leaders or render(say("top.alone")))
    owed = sum(frame.owed.values())
    grid.add_row(render(say("top.owed")), Text(_counts(frame.owed), style="yellow" if owed else ""))
    if frame.overdue:
        grid.add_row(render(say("top.overdue")), Text(f"{frame.overdue:,}", style="bold red"))
    if _late(frame):
        grid.add_row(
            render(say("top.overkept")), Text(render(say("top.overkept_for", seconds=frame.overkept)), "bold red")
        )
    named = {reason or render(say("top.withheld")): count for reason, count in frame.failed.items()}
    grid.add_row(render(say("top.failed")), Text(_counts(named), style="red" if named else ""))
    return grid


def _late(frame: Frame) -> bool:
    """A sweep comes every ten minutes, and may take a while."""
    return frame.overkept > OVERKEPT


def _counts(counts: dict[str, int]) -> str:
    return " · ".join(f"{name} {count:,}" for name, count in counts.items()) or "–"


@contextmanager
def _keys(ended: asyncio.Event) -> Iterator[None]:
    """Set it when `q` is pressed, without waiting for Enter. The terminal is left as it was."""
    if not sys.stdin.isatty():
        yield
        return
    loop, keyboard = asyncio.get_running_loop(), sys.stdin.fileno()
    before = termios.tcgetattr(keyboard)

    def pressed() -> None:
        keys = os.read(keyboard, 100)
        if not keys or b"q" in keys.lower():
            ended.set()

    tty.setcbreak(keyboard)
    loop.add_reader(keyboard, pressed)
    try:
        yield
    finally:
        loop.remove_reader(keyboard)
        termios.tcsetattr(keyboard, termios.TCSADRAIN, before)
