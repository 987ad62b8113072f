"""What it costs to make a file of a picture, and how late the event loop is meanwhile.

    python -m benchmarks.encoding [--seconds N]

Pillow's own PNG beside ours, for what a picture costs where there is no better way; then every step a drawn picture takes.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from rich.console import Console
from rich.table import Table

from core.values.wishes import Pixels
from inference.credentials import Credentials, LabellingEncoder, make_certificates
from inference.marking import Mark
from inference.pictures import Format, encode, image_of
from tests.generated import busy, drawn

SIDES = (128, 512, 1024)
LOOK = 0.001  #: seconds between two looks at the event loop
KINDS = {"drawn": drawn, "busy": busy}
FORMATS: tuple[Format, ...] = ("png", "jpg", "webp")


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m benchmarks.encoding", description=__doc__.split("\n")[0])
    options.add_argument("--seconds", type=float, default=4.0, help="how long the event loop is looked at each time")
    chosen = options.parse_args()
    credentials = Credentials(make_certificates())
    Console(width=120).print(costs(credentials))
    Console(width=120).print(asyncio.run(lateness(LabellingEncoder(credentials), chosen.seconds)))


def costs(credentials: Credentials) -> Table:
    table = Table(title="ms of one core (kB of file)", title_justify="left")
    table.add_column()
    mark, cells = Mark(b"any"), dict[str, list[str]]()
    for side in SIDES:
        for kind, make in KINDS.items():
            table.add_column(f"{side} {kind}", justify="right")
            plain = pixels_of(make(side, side, 1))
            steps: dict[str, Callable[[], bytes]] = {
                "PNG, Pillow's default": partial(pillow_png, plain),
                "PNG, Pillow's level 1": partial(pillow_png, plain, compress_level=1),
                "PNG, Pillow's level 1, run lengths": partial(pillow_png, plain, compress_level=1, compress_type=3),
                "PNG, ours": lambda: encode(plain, "png").data,  # noqa: B023
                "JPEG": lambda: encode(plain, "jpg").data,  # noqa: B023
                "WebP": lambda: encode(plain, "webp").data,  # noqa: B023
                "the mark": lambda: mark.put(plain).data,  # noqa: B023
                **{f"mark, {one} and label": partial(finished, mark, credentials, plain, one) for one in FORMATS},
            }
            for name, step in steps.items():
                made, took = timed(step)
                size = "" if name == "the mark" else f" ({len(made) / 1000:,.0f})"
                cells.setdefault(name, []).append(f"{took:.1f}{size}")
    for name, row in cells.items():
        table.add_row(name, *row)
    return table


async def lateness(encoder: LabellingEncoder, seconds: float) -> Table:
    """By how much the event loop comes late to what was due, while one picture after the other is encoded beside it."""
    table = Table(title="the event loop is late by, ms", title_justify="left")
    for heading in ("while", "median", "99 %", "99.9 %", "most", "pictures a second"):
        table.add_column(heading, justify="left" if heading == "while" else "right")
    await show(table, "nothing happens", partial(asyncio.sleep, 0.02), seconds)
    for side in SIDES[1:]:
        plain = pixels_of(busy(side, side, 1))
        for file_format in FORMATS:
            await show(table, f"{side} px become {file_format}", partial(encoder.encode, plain, file_format), seconds)
        foreign = encode(plain, "jpg").data
        await show(table, f"{side} px are looked at for a mark", partial(encoder.verify, foreign), seconds)
    return table


async def show(table: Table, name: str, work: Callable[[], Awaitable[Any]], seconds: float) -> None:
    await work()
    end, late, done = time.monotonic() + seconds, list[float](), 0

    async def working() -> None:
        nonlocal done
        while time.monotonic() < end:
            await work()
            done += 1

    task = asyncio.create_task(working())
    while time.monotonic() < end:
        began = time.perf_counter()
        await asyncio.sleep(LOOK)
        late.append(1000 * (time.perf_counter() - began - LOOK))
    await task
    late.sort()
    shares = (late[int(len(late) * share)] for share in (0.5, 0.99, 0.999))
    table.add_row(name, *(f"{share:.1f}" for share in shares), f"{late[-1]:.1f}", f"{done / seconds:.1f}")


def pixels_of(image: Any) -> Pixels:
    return Pixels(image.width, image.height, image.tobytes())


def pillow_png(plain: Pixels, **how: int) -> bytes:
    file = io.BytesIO()
    image_of(plain).save(file, "PNG", **how)
    return file.getvalue()


def finished(mark: Mark, credentials: Credentials, plain: Pixels, file_format: Format) -> bytes:
    return credentials.label(encode(mark.put(plain), file_format).data, file_format)


def timed(step: Callable[[], bytes], times: int = 9) -> tuple[bytes, float]:
    """What it made, and the time it had a core: what else the machine does counts for little."""
    took, made = [], b""
    for _ in range(times):
        began = time.process_time()
        made = step()
        took.append(1000 * (time.process_time() - began))
    return made, min(took)


if __name__ == "__main__":
    main()
