"""How long a request waits for nothing: from asking to the worker's start, when nobody else is there.

    python -m benchmarks.waiting [--requests N] [--large]

The house and its background run here, the worker is a process; the model is `flat` without a delay. `--large`: over
PostgreSQL, Redis and a bucket instead of SQLite, a pipe and a folder. Bare durable commits of the same minute stand beside.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.ledger import bare_commits, timed
from bots.background import Background
from bots.settings import Settings
from bots.wiring import House, open_house
from core import accounts
from core.requests import generation
from core.requests.options import Ask
from core.values import Who
from core.values.wishes import Finished, News, Started
from storage.database import open_engine, sqlite_url
from tests.machines.deployment import whole_deployment

GOAL = (2, 5e-3)  #: bare commits and seconds, from the booked request to the worker's start
WARM_UP = 10


class Heard:
    """A dispatch that notes when news came."""

    def __init__(self, real: Any) -> None:
        self._real = real
        self.at: dict[str, dict[type, float]] = {}
        self.over = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    async def news(self) -> AsyncIterator[News]:
        async for news in self._real.news():
            if isinstance(news, Started | Finished):
                self.at.setdefault(news.job, {})[type(news)] = time.perf_counter()
            yield news
            if isinstance(news, Finished):
                self.over.set()


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m benchmarks.waiting", description=__doc__.split("\n")[0])
    options.add_argument("--requests", type=int, default=200)
    options.add_argument("--large", action="store_true")
    chosen = options.parse_args()
    with settings_of(large=chosen.large) as settings, open_house(settings) as house:
        commit = bare_commits(open_engine(settings.database_url or sqlite_url(settings.data / "bare.db")))
        seconds, cpu = asyncio.run(measure(house, chosen.requests, commit))
    show(seconds, cpu, "PostgreSQL, Redis, bucket" if chosen.large else "SQLite, pipe, folder")


@contextmanager
def settings_of(*, large: bool) -> Iterator[Settings]:
    if large:
        with whole_deployment(durable=True, flat_delay="0") as deployment:
            deployment.start("worker")
            yield deployment.settings()
    else:
        with tempfile.TemporaryDirectory(prefix="benchmark-", dir=Path()) as folder:
            yield Settings(
                _env_file=None,
                data=Path(folder).resolve(),
                model="flat",
                flat_delay=0,
                open_jobs=0,
                requests_per_minute=0,
                welcome_credits=1_000_000,
            )  # type: ignore[call-arg]


async def measure(house: House, requests: int, commit: Any) -> tuple[dict[str, list[float]], float]:
    """Seconds of each part, and of processor time this process spends on a whole request."""
    dispatch = Heard(house.dispatch)
    app = replace(house.app, dispatch=dispatch)
    background = Background(app)
    seconds: dict[str, list[float]] = {"bare commit": [], "asking": [], "booked to start": [], "asked to start": []}
    running = [asyncio.create_task(work) for work in (house.dispatch.run(), background.run())]
    who = Who("terminal", "ana")
    await accounts.agree(app, who)
    await app.safety.load()
    cpu = 0.0
    try:
        for number in range(-WARM_UP, requests):
            bare = timed(commit)
            dispatch.over.clear()
            spent, asked = time.process_time(), time.perf_counter()
            job = (await generation.request(app, who, Ask(prompt="a star"))).job
            booked = time.perf_counter()
            background.stir()
            await dispatch.over.wait()
            await asyncio.sleep(0.02)  # what it leaves to be done is done
            started = dispatch.at[job][Started]
            if number >= 0:
                cpu += time.process_time() - spent
                for part, took in zip(seconds, (bare, booked - asked, started - booked, started - asked), strict=True):
                    seconds[part].append(took)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    return seconds, cpu / requests


def show(seconds: dict[str, list[float]], cpu: float, where: str) -> None:
    table = Table(title=f"{len(seconds['asking'])} requests, one at a time, over {where}")
    for heading in ("", "median ms", "p99 ms", "bare commits"):
        table.add_column(heading, justify="left" if not heading else "right")
    bare = median(seconds["bare commit"])
    for part, took in seconds.items():
        p99 = sorted(took)[int(len(took) * 0.99)]
        table.add_row(part, f"{median(took) * 1e3:.2f}", f"{p99 * 1e3:.2f}", f"{median(took) / bare:.1f}")
    console = Console()
    console.print(table)
    allowed = GOAL[0] * bare + GOAL[1]
    verdict = "reached" if median(seconds["booked to start"]) <= allowed else "missed"
    console.print(f"From booked to start in at most 2 bare commits and 5 ms ({allowed * 1e3:.1f} ms) is {verdict}.")
    console.print(f"A whole request, looked at, encoded, kept: {cpu * 1e3:.1f} ms of this process's processor time.")


if __name__ == "__main__":
    main()
