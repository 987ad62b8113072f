"""`darkroom top`: how the bot is doing, seen from its stores alone, so that it works beside whatever runs. Shows nobody's name.

`look` reads, `draw` makes a picture of it that fits the terminal, `watch` does both again and again.
"""

from __future__ import annotations

import asyncio
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from bots.health import Crowd
from bots.replies import say
from bots.texts import render
from bots.wiring import House
from core.errors import Unavailable
from core.figures import UnderWay, Untold, at_share
from core.ports import Records
from core.rules import HOUR, MINUTE, SECOND
from core.values import JobId, Moment
from core.wishes import Progress
from storage.redis_house import Worker

REFRESH: Final = 1.0  #: seconds
SPEED_OVER: Final = 5  #: minutes that the speed is the mean of
HISTORY: Final = 60  #: minutes that are shown at most
ERRORS_OVER: Final = HOUR
BARS: Final = " ▁▂▃▄▅▆▇█"
MOST_HEARD: Final = 1_000  #: requests that steps are remembered of
LEAST_ROWS: Final = 3  #: of workers, however low the terminal


@dataclass(frozen=True)
class Stores:
    """What one transaction says."""

    waiting: list[Moment]
    under_way: list[UnderWay]
    by_minute: dict[int, int]
    failed: dict[str, int]
    untold: Untold
    leaders: dict[str, int]


@dataclass(frozen=True)
class Doing:
    """One worker, or one request that is out where workers are not known by name."""

    worker: str
    model: str = ""
    picture: int = 0  #: which one is being drawn, from 1; 0: none
    count: int = 0
    step: int = 0  #: of that picture, as far as it is heard
    steps: int = 0
    attempts: int = 0
    asked: float = 0.0  #: seconds ago


@dataclass(frozen=True)
class Frame:
    """Everything at one moment; waits in seconds."""

    queued: int
    drawing: int
    wait_half: float
    wait_most: float
    wait_longest: float
    speed: float  #: pictures a minute
    history: tuple[int, ...]  #: pictures of each minute, the running one last
    workers: tuple[Doing, ...]
    leaders: dict[str, float]  #: seconds that each role is led for
    owed: dict[str, int]
    failed: dict[str, int]
    trouble: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


Steps = dict[tuple[JobId, int], Progress]  #: the newest of each request that is out, by its fence


async def look(house: House, heard: Steps | None = None) -> Frame:
    """Raises Unavailable when the database can't be read. `heard` is what `listen` keeps."""
    now = house.app.clock.now()
    stores = await house.database.look(_read, now)
    crowd = house.dispatch if isinstance(house.dispatch, Crowd) else None
    away = crowd is not None and not await crowd.look()
    waits = sorted(max(0, now - asked) for asked in stores.waiting)
    this_minute = now // MINUTE
    history = tuple(stores.by_minute.get(this_minute - back, 0) for back in reversed(range(HISTORY)))
    return Frame(
        queued=len(stores.waiting),
        drawing=len(stores.under_way),
        wait_half=at_share(waits, 0.5) / SECOND,
        wait_most=at_share(waits, 0.95) / SECOND,
        wait_longest=at_share(waits, 1.0) / SECOND,
        speed=_speed(history, now),
        history=history,
        workers=tuple(_doing(stores.under_way, crowd.workers if crowd else None, heard or {}, now)),
        leaders=_leaders(stores.leaders),
        owed=_owed(stores.untold),
        failed=stores.failed,
        trouble=render(say("top.redis_away")) if away else "",
    )


async def listen(house: House, heard: Steps) -> None:
    """Keep what workers on other machines say of their steps, until cancelled."""
    if not isinstance(house.dispatch, Crowd):
        return
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(house.dispatch.watch())
        async for passing in house.dispatch.passing():
            if isinstance(passing, Progress):
                heard[passing.job, passing.fence] = passing
                if len(heard) > MOST_HEARD:
                    del heard[next(iter(heard))]


def _read(tx: Records, now: Moment) -> Stores:
    return Stores(
        waiting=tx.figures.waiting(),
        under_way=tx.figures.under_way(),
        by_minute=tx.figures.drawn_by_minute(Moment((now // MINUTE - HISTORY + 1) * MINUTE)),
        failed=tx.figures.failed(Moment(now - ERRORS_OVER)),
        untold=tx.figures.untold(),
        leaders=tx.figures.leaders(now),
    )


def _speed(history: tuple[int, ...], now: Moment) -> float:
    """Over the last whole minutes, and what has passed of the running one."""
    minutes = SPEED_OVER - 1 + now % MINUTE / MINUTE
    return sum(history[-SPEED_OVER:]) / minutes


def _doing(under_way: list[UnderWay], workers: tuple[Worker, ...] | None, heard: Steps, now: Moment) -> Iterator[Doing]:
    """Workers by their names where they are known. What lies behind what they draw waits there, and is no line of its own."""
    if workers is None:
        for number, out in enumerate(under_way):
            yield _drawn(render(say("top.nameless", number=number + 1)), out, None, now)
        return
    by_job: dict[tuple[JobId, int], UnderWay] = {(out.job, out.fence): out for out in under_way}
    for worker in workers:
        taken = by_job.get(worker.drawing) if worker.drawing else None
        if taken is None:
            yield Doing(worker.name, " ".join(worker.models))
        else:
            yield _drawn(worker.name, taken, heard.get((taken.job, taken.fence)), now)


def _drawn(name: str, out: UnderWay, progress: Progress | None, now: Moment) -> Doing:
    return Doing(
        name,
        out.model,
        picture=min(out.count, out.drawn + 1) if out.attempts else 0,
        count=out.count,
        step=progress.step if progress else 0,
        steps=progress.steps if progress else 0,
        attempts=out.attempts,
        asked=max(0, now - out.asked_at) / SECOND,
    )


def _leaders(until: dict[str, int]) -> dict[str, float]:
    """Roles without the hash of a token at their end."""
    return {":".join(role.split(":")[:2]).removeprefix("door:"): left / SECOND for role, left in sorted(until.items())}


def _owed(untold: Untold) -> dict[str, int]:
    owed: dict[str, int] = {}
    for (door, _), count in sorted(untold.items()):
        owed[door] = owed.get(door, 0) + count
    return owed


# A picture of it


def draw(frame: Frame, width: int, height: int) -> RenderableType:
    """One frame, no wider than that, and no higher where there is room for a few workers."""
    rows = max(LEAST_ROWS, height - 12 - bool(frame.trouble))
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
    named = {reason or render(say("top.withheld")): count for reason, count in frame.failed.items()}
    grid.add_row(render(say("top.failed")), Text(_counts(named), style="red" if named else ""))
    return grid


def _counts(counts: dict[str, int]) -> str:
    return " · ".join(f"{name} {count:,}" for name, count in counts.items()) or "–"


# Again and again


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


@contextmanager
def _keys(ended: asyncio.Event) -> Iterator[None]:
    """Set it when `q` is pressed, without waiting for Enter. The terminal is left as it was."""
    if not sys.stdin.isatty():
        yield
        return
    loop, keyboard = asyncio.get_running_loop(), sys.stdin.fileno()
    before = termios.tcgetattr(keyboard)

    def pressed() -> None:
        if sys.stdin.read(1) in ("q", "Q", ""):
            ended.set()

    tty.setcbreak(keyboard)
    loop.add_reader(keyboard, pressed)
    try:
        yield
    finally:
        loop.remove_reader(keyboard)
        termios.tcsetattr(keyboard, termios.TCSADRAIN, before)
