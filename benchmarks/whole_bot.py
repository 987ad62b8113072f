"""Pictures through the whole bot beside the same pipeline in a bare loop: same model, settings, device and threads.

The bot is the house as it is served: accounts and credits in SQLite, a worker process behind its pipe, the safety check, the
mark and the credentials, sealed blobs, a terminal that is told. Its queue is full. The two take turns, so that a machine that
does other things too does them to both; times of a core are steadier than times of the clock, so both are given.
"""

from __future__ import annotations

import asyncio
import io
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import psutil
from rich.table import Table

from benchmarks.models import PROMPT, Shelf, another_process, draw_bare
from bots import logs
from bots.background import Background
from bots.on_terminal import Terminal
from bots.replies import Reply
from bots.settings import Settings
from bots.wiring import House, open_house
from core.ports import App
from core.rules import MINIMUM_AGE
from core.values import DeliveryState, Owed
from core.values.wishes import Wish

GOAL = 0.95
RAMP = 2  #: pictures before the count begins: by then one is drawn, one waits behind it, and the bot tells a third
PATIENCE = 600.0  #: seconds for one turn
THREADS = {"MainThread": "event loop", "safety": "safety check", "database": "database"}
OTHERS = "encode, seal, store"


@dataclass(frozen=True)
class Turn:
    """Seconds that a picture took: of the clock, and of a core in each process."""

    bare: float
    bare_core: float
    bot: float
    bot_core: float
    worker_core: float
    threads: Counter[str]  #: of the bot's core


class Desk(Terminal):
    """A terminal that notes when it was told each picture."""

    person = "somebody"

    def __init__(self, app: App, folder: Path) -> None:
        super().__init__(app, self.person, folder, io.StringIO(), as_json=True)
        self.told: list[float] = []

    async def agrees(self) -> None:
        await self.hear("/start")
        await self.hear(f"press I am {MINIMUM_AGE} or older")

    async def tell(self, told: Reply, owed: Sequence[Owed]) -> DeliveryState:
        assert told.pictures, "a request failed: what was measured is not drawing"
        state = await super().tell(told, owed)
        self.told.append(time.perf_counter())
        return state


def measure(shelf: Shelf, model: str, pictures: int, rounds: int) -> list[Turn]:
    with another_process(_load, shelf, model) as bare:
        return asyncio.run(_take_turns(shelf, model, pictures, rounds, bare))


async def _take_turns(shelf: Shelf, model: str, pictures: int, rounds: int, bare: ProcessPoolExecutor) -> list[Turn]:
    with TemporaryDirectory(prefix="benchmark-") as folder, a_house(Path(folder), shelf, model) as house:
        desk = Desk(house.app, Path(folder) / "pictures")
        background = Background(house.app, desk)
        beside = [asyncio.create_task(work) for work in (house.dispatch.run(), background.run())]
        try:
            await house.app.safety.load()
            await desk.agrees()
            bot_draws = partial(_draw, desk, background, house)
            loop_draws = partial(asyncio.get_running_loop().run_in_executor, bare, _draw_bare, shelf.wishes(model)[0])
            await bot_draws(RAMP)
            await loop_draws(RAMP)
            return [Turn(*await loop_draws(pictures), *await bot_draws(pictures)) for _ in range(rounds)]
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)


async def _draw(
    desk: Desk, background: Background, house: House, pictures: int
) -> tuple[float, float, float, Counter[str]]:
    """Ask for so many pictures, and a few before them, at once; what one of them took once those few were told."""
    assert house.dispatch.process_id is not None
    worker, drawn = psutil.Process(house.dispatch.process_id), RAMP + pictures
    desk.told.clear()
    before = time.process_time(), core_of(worker), core_of_threads()
    for _ in range(drawn):
        await desk.hear(f"/imagine {PROMPT}")
    background.stir()
    async with asyncio.timeout(PATIENCE):
        while len(desk.told) < drawn:
            await asyncio.sleep(0.005)
    bot_core, worker_core, threads = time.process_time(), core_of(worker), core_of_threads()
    return (
        (desk.told[-1] - desk.told[RAMP - 1]) / pictures,
        (bot_core - before[0]) / drawn,
        (worker_core - before[1]) / drawn,
        Counter({kind: (spent - before[2][kind]) / drawn for kind, spent in threads.items()}),
    )


@contextmanager
def a_house(folder: Path, shelf: Shelf, model: str) -> Iterator[House]:
    settings = Settings(
        data=folder / "data",
        database_url="",
        keys_url="",
        models_file=shelf.catalogue,
        model=model,
        models="",
        device="auto",
        memory=0,
        open_jobs=0,
        requests_per_minute=0,
        commands_per_minute=0,
        welcome_credits=1_000_000,
    )
    with open_house(settings) as house:
        yield house


def core_of(process: psutil.Process) -> float:
    """Seconds of a core that it had so far."""
    times = process.cpu_times()
    return times.user + times.system


def core_of_threads() -> Counter[str]:
    """The same of each kind of thread in this process."""
    names = {thread.native_id: thread.name for thread in threading.enumerate()}
    spent: Counter[str] = Counter()
    for thread in psutil.Process().threads():
        kind = names.get(thread.id, "").partition("_")[0]
        spent[THREADS.get(kind, OTHERS)] += thread.user_time + thread.system_time  # type: ignore[assignment]
    return spent


# In the process of the bare loop

_pipe: Any = None


def _load(shelf: Shelf, model: str) -> None:
    global _pipe
    logs.set_up("error")
    from inference.loading import load
    from inference.memory import place, survey

    machine, entry = survey(shelf.stock), shelf.entry(model)
    _pipe = load(entry, shelf.folder(model), machine, place(entry, shelf.folder(model), machine))


def _draw_bare(wish: Wish, pictures: int) -> tuple[float, float]:
    began, core = time.perf_counter(), time.process_time()
    for seed in range(pictures):
        draw_bare(_pipe, replace(wish, seed=seed))
    return (time.perf_counter() - began) / pictures, (time.process_time() - core) / pictures


# What is shown


def table(measured: dict[str, list[Turn]]) -> Table:
    made = Table(title="ms a picture", title_justify="left")
    made.add_column()
    for model, turns in measured.items():
        made.add_column(f"{model}, {len(turns)} times", justify="right")
    columns = [shown(turns) for turns in measured.values()]
    for name in columns[0]:
        made.add_row(name, *(column[name] for column in columns))
    return made


def shown(turns: Sequence[Turn]) -> dict[str, str]:
    bare, bot = (median(getattr(turn, name) for turn in turns) for name in ("bare", "bot"))
    cores = {
        "bare pipeline": [turn.bare_core for turn in turns],
        "worker": [turn.worker_core for turn in turns],
        "bot": [turn.bot_core for turn in turns],
        **{f"    {kind}": [turn.threads[kind] for turn in turns] for kind in (*THREADS.values(), OTHERS)},
    }
    return {
        "bare pipeline": f"{1000 * bare:.1f}",
        "whole bot": f"{1000 * bot:.1f}",
        f"bare ÷ whole (goal {GOAL})": f"{bare / bot:.2f}",
        **{f"of a core: {name}": f"{1000 * median(spent):.1f}" for name, spent in cores.items()},
    }
