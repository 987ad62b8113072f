"""What two workers draw against one, over PostgreSQL, Redis and a bucket, with two chat processes beside them.

    python -m benchmarks.machines [--jobs N] [--delay SECONDS]

Real processes; the model is `flat`, whose drawing is waiting, so that workers do not take the processor from each other.
"""

from __future__ import annotations

import argparse
import asyncio
import time

from rich.console import Console
from rich.table import Table

from bots.wiring import House, open_house
from core import accounts
from core.requests import generation
from core.requests.options import Ask
from core.values import Who
from tests.machines.deployment import Deployment, whole_deployment
from tests.telegram import TelegramServer

GOAL = 1.8
PEOPLE = 4


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m benchmarks.machines", description=__doc__.split("\n")[0])
    options.add_argument("--jobs", type=int, default=60, help="requests of one picture, for each number of workers")
    options.add_argument("--delay", type=float, default=0.25, help="seconds a picture takes to draw")
    chosen = options.parse_args()
    with whole_deployment(durable=True, flat_delay=str(chosen.delay)) as deployment:
        drawn = asyncio.run(measure(deployment, chosen.jobs))
    show(drawn, chosen.delay)


async def measure(deployment: Deployment, jobs: int) -> dict[int, float]:
    """Pictures a second, by how many workers draw."""
    async with TelegramServer() as telegram:
        for _ in range(2):
            deployment.start("chat", telegram_token=telegram.token, telegram_api=telegram.url)
        drawn = {}
        with open_house(deployment.settings()) as house:
            people = [await enter(house, f"person {number}") for number in range(PEOPLE)]
            for workers in (1, 2):
                deployment.start("worker")
                await draw(house, people, 2 * workers)  # they are up, and have drawn something
                began = time.perf_counter()
                await draw(house, people, jobs)
                drawn[workers] = jobs / (time.perf_counter() - began)
    return drawn


async def enter(house: House, name: str) -> Who:
    who = Who("terminal", name)
    await accounts.agree(house.app, who)
    return who


async def draw(house: House, people: list[Who], jobs: int) -> None:
    """Ask for so many pictures, and wait for the last."""
    for number in range(jobs):
        await generation.request(house.app, people[number % len(people)], Ask(prompt=f"star {number}"))
    await house.app.dispatch.stir()
    while await house.app.database.run(lambda tx: tx.jobs.count_drawing() + len(tx.jobs.queued_fences())):
        await asyncio.sleep(0.05)


def show(drawn: dict[int, float], delay: float) -> None:
    table = Table(title=f"Pictures a second, at {delay} s a picture")
    table.add_column("workers")
    table.add_column("pictures/s", justify="right")
    table.add_column("of one worker", justify="right")
    table.add_column("of what drawing alone allows", justify="right")
    for workers, rate in drawn.items():
        table.add_row(str(workers), f"{rate:.2f}", f"{rate / drawn[1]:.2f}", f"{rate * delay / workers:.2f}")
    console = Console()
    console.print(table)
    reached = drawn[2] / drawn[1]
    console.print(f"Two workers draw {reached:.2f} times what one does; the goal of {GOAL} is "
                  f"{'reached' if reached >= GOAL else 'missed'}.")  # fmt: skip


if __name__ == "__main__":
    main()
