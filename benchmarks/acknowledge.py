"""How soon people are answered while pictures are drawn, and how long the bot's event loop is held up meanwhile.

    python -m benchmarks.acknowledge [--commands-a-minute N] [--seconds N]

The bot is a process of its own with the Telegram door, the engine `flat` drawing in its worker; Telegram is the loopback
server in this process. An answer is acknowledged when the bot's message about it arrives. The loop of the bot is looked at
every millisecond, first while nothing happens and then under load, in the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

from rich.console import Console
from rich.table import Table

from core.rules import MINIMUM_AGE
from tests.telegram import TelegramServer, User
from tests.telegram.process import STALLS

PEOPLE = 60
IDLE = 8.0  #: seconds at rest before the load
SAID = ("/imagine a yellow star", "/balance", "/help", "/queue", "/settings", "/imagine a red ring --count 2")
SENDS = ("sendMessage", "sendPhoto")


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m benchmarks.acknowledge", description=__doc__.split("\n")[0])
    options.add_argument("--commands-a-minute", type=int, default=1_000)
    options.add_argument("--seconds", type=float, default=60.0)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        acknowledged, stalls = asyncio.run(measure(Path(folder), chosen.commands_a_minute, chosen.seconds))
    show(acknowledged, stalls, chosen.commands_a_minute)


async def measure(folder: Path, a_minute: int, seconds: float) -> tuple[list[float], dict[str, list[float]]]:
    """Seconds until each command was acknowledged, and by how much the bot's loop was late, idle and busy."""
    async with TelegramServer() as telegram:
        people = [telegram.user(f"Person {number}") for number in range(PEOPLE)]
        bot = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.telegram.process", env=environment(folder, telegram)
        )
        await asyncio.gather(*(agree(person) for person in people))
        await asyncio.sleep(2.0)
        mark(folder, "idle")
        await asyncio.sleep(IDLE)
        mark(folder, "busy")
        acknowledged = await load(telegram, people, a_minute, seconds)
        mark(folder, "over")
        bot.send_signal(signal.SIGTERM)
        await bot.wait()
    return acknowledged, json.loads((folder / "stalls.json").read_text())


def environment(folder: Path, telegram: TelegramServer) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DARKROOM_")}
    return kept | {
        "DARKROOM_DATA": str(folder / "data"),
        "DARKROOM_MODEL": "flat",
        "DARKROOM_FLAT_DELAY": "0.1",
        "DARKROOM_OPEN_JOBS": "0",
        "DARKROOM_WELCOME_CREDITS": "1000000",
        "DARKROOM_REQUESTS_PER_MINUTE": "0",
        "DARKROOM_COMMANDS_PER_MINUTE": "0",
        "DARKROOM_TELEGRAM_TOKEN": telegram.token,
        "DARKROOM_TELEGRAM_API": telegram.url,
        STALLS: str(folder),
    }


async def agree(person: User) -> None:
    await person.sends("/start")
    notice = await person.hears("older", within=60)
    person.taps(notice, f"I am {MINIMUM_AGE} or older")
    await person.hears("Welcome!", within=60)


def mark(folder: Path, phase: str) -> None:
    (folder / "phase").write_text(phase)


async def load(telegram: TelegramServer, people: list[User], a_minute: int, seconds: float) -> list[float]:
    """Commands at even distances, each from somebody who was answered."""
    rng, free, acknowledged = random.Random(1), list(people), list[float]()

    async def ask(person: User) -> None:
        begun, known = perf_counter(), len(telegram.calls)
        await person.sends(rng.choice(SAID))
        await telegram.until(
            lambda: any(
                call.method in SENDS and call.acted and str(call.ask.get("chat_id")) == str(person.chat.id)
                for call in telegram.calls[known:]
            ),
            within=60,
        )
        acknowledged.append(perf_counter() - begun)
        free.append(person)

    started, tasks = perf_counter(), set[asyncio.Task[None]]()
    for number in range(round(a_minute * seconds / 60)):
        await asyncio.sleep(max(0.0, started + number * 60 / a_minute - perf_counter()))
        while not free:
            await asyncio.sleep(0.005)
        tasks.add(asyncio.create_task(ask(free.pop(0))))
    await asyncio.gather(*tasks)
    return acknowledged


def share(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def show(acknowledged: list[float], stalls: dict[str, list[float]], a_minute: int) -> None:
    table = Table(title=f"{len(acknowledged)} commands at {a_minute} a minute")
    for heading in ("", "median ms", "p99 ms", "p99.9 ms", "longest ms"):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, values in {"acknowledged": acknowledged, **{f"loop late, {one}": stalls[one] for one in stalls}}.items():
        figures = (median(values), share(values, 0.99), share(values, 0.999), max(values))
        table.add_row(name, *(f"{1000 * figure:.1f}" for figure in figures))
    Console().print(table)


if __name__ == "__main__":
    main()
