"""What the bot does to one drawn picture until it is kept, one thing after the other, by the picture's size.

A picture waits for the one before it. So this bounds how many a second one bot takes, however quickly they are drawn; what
the database adds stands in benchmarks/ledger.py.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TypeVar

from rich.table import Table

from benchmarks.models import Shelf
from benchmarks.whole_bot import Desk, a_house
from core import accounts
from core.ports import App
from core.requests.completion import picture_place
from core.values import PersonId, Who
from core.values.wishes import Pixels
from tests.generated import busy

SIDES = (128, 512, 1024)

Seconds = dict[str, list[float]]
R = TypeVar("R")


def measure(shelf: Shelf, rounds: int) -> dict[int, Seconds]:
    """By the side of the picture."""
    return asyncio.run(_measure(shelf, rounds))


async def _measure(shelf: Shelf, rounds: int) -> dict[int, Seconds]:
    took: dict[int, Seconds] = {side: {} for side in SIDES}
    with TemporaryDirectory(prefix="benchmark-") as folder, a_house(Path(folder), shelf, "tiny") as house:
        await house.app.safety.load()
        await (desk := Desk(house.app, Path(folder) / "pictures")).agrees()
        person = await accounts.find(house.app, Who(desk.name, desk.person))
        assert person is not None
        for number in range(1 + rounds):
            for side in SIDES:
                image = busy(side, side, number)
                pixels = Pixels(side, side, image.tobytes())
                await keep(house.app, person.id, f"pictures/{side}/{number}/1", pixels, took[side] if number else {})
    return took


async def keep(app: App, person: PersonId, blob: str, pixels: Pixels, took: Seconds) -> None:
    """As core.requests.completion does it."""

    async def timed(name: str, work: Awaitable[R]) -> R:
        began = time.perf_counter()
        done = await work
        took.setdefault(name, []).append(time.perf_counter() - began)
        return done

    await timed("safety check", app.safety.look(pixels))
    encoded = await timed("mark, PNG, credentials", app.encoder.encode(pixels, "png"))
    sealed = await timed("seal", app.keys.seal(person, picture_place(blob), encoded.data))
    await timed("put on disk", app.blobs.put(blob, sealed))


def table(took: dict[int, Seconds]) -> Table:
    steps = next(iter(took.values()))
    times = len(next(iter(steps.values())))
    made = Table(title=f"ms from drawn to kept, {times} times", title_justify="left")
    for heading in ("", *steps, "together", "at most, a second"):
        made.add_column(heading, justify="right" if heading else "left")
    for side, spent in took.items():
        together = median(map(sum, zip(*spent.values(), strict=True)))
        figures = (f"{1000 * median(seconds):.1f}" for seconds in spent.values())
        made.add_row(f"{side} px", *figures, f"{1000 * together:.1f}", f"{1 / together:.0f}")
    return made
