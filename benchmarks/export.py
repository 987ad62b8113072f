"""How fast an export is made, stated in plain copies of the same pictures, and what memory it takes.

    python -m benchmarks.export [--pictures N] [--size BYTES] [--folder FOLDER] [--json FILE]

A plain copy reads every sealed picture from its file and writes all of them into another file of the same disk, with a CRC as
any zip file has, and makes it outlive a power cut. A copy through the stores opens each picture and seals and stores it again,
as whatever is kept here must be, one after the other. The export hashes each picture besides and puts it into an archive. The
three take turns, so that a disk that changes its mood changes it for all.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from time import perf_counter, sleep
from typing import Final

from rich.console import Console
from rich.table import Table

from bots.exporting.making import make
from core import accounts
from core.credits import Milli
from core.erasing import retention
from core.ports import App
from core.requests.completion import picture_place
from core.requests.generation import pack_words, words_place
from core.rights import exports
from core.rules import DAY
from core.values import Job, JobId, JobState, Moment, Person, Picture, PictureId, Settings, Who, Words
from storage.database import SqlDatabase, open_engine, sqlite_url
from storage.schema import upgrade
from tests.cast import StandingClock, build_stage

GOAL: Final = 0.8  #: of a plain copy's speed (PERFORMANCE.md, row 11)
MEMORY_GOAL: Final = 16 << 20  #: bytes over what a small export needs
WARM_UP: Final = 50  #: pictures of an export that nobody measures


@dataclass(frozen=True)
class Round:
    """Bytes of pictures a second."""

    copied: float
    moved: float
    exported: float


@dataclass(frozen=True)
class Measured:
    pictures: int
    bytes: int
    rounds: tuple[Round, ...]
    grown: int  #: bytes of memory

    @property
    def share(self) -> float:
        """Of a plain copy's speed."""
        return median(one.exported / one.copied for one in self.rounds)

    @property
    def share_of_moved(self) -> float:
        """Of the speed of a copy through the stores."""
        return median(one.exported / one.moved for one in self.rounds)


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m benchmarks.export", description=__doc__.split("\n")[0])
    options.add_argument("--pictures", type=int, default=400)
    options.add_argument("--size", type=int, default=1_500_000, help="bytes of a picture")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--folder", type=Path, default=Path(), help="on which disk; default: this folder's")
    options.add_argument("--json", type=Path)
    chosen = options.parse_args()
    measured = asyncio.run(measure(chosen.pictures, chosen.size, chosen.rounds, chosen.folder))
    print_table(measured)
    if chosen.json:
        chosen.json.write_text(json.dumps({**measured.__dict__, "rounds": [one.__dict__ for one in measured.rounds]}))


async def measure(pictures: int, size: int, rounds: int, parent: Path) -> Measured:
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=parent) as name:
        folder = Path(name).resolve()
        engine = open_engine(sqlite_url(folder / "records.db"))
        upgrade(engine, "records")
        stage = build_stage(folder, SqlDatabase(engine))
        app, clock = stage.app, stage.clock
        who = Who("terminal", "ben")
        person = await accounts.agree(app, who)
        await add_pictures(app, person, WARM_UP, size)
        await export(app, who, clock)  # whatever is loaded once is loaded now
        await add_pictures(app, person, pictures, size)
        taken: list[Round] = []
        grown = 0
        for _ in range(rounds):
            copied, moved = plain_copy(folder), await move(app, person)
            with memory() as used:
                exported = await export(app, who, clock)
            grown = max(grown, used[0])
            taken.append(Round(*((pictures + WARM_UP) * size / took for took in (copied, moved, exported))))
        engine.dispose()
        return Measured(pictures, pictures * size, tuple(taken), grown)


async def add_pictures(app: App, person: Person, count: int, size: int) -> None:
    """Requests and pictures as they lie there, of bytes that nothing makes smaller."""
    base = app.clock.now()
    for nth in range(count):
        job = JobId(app.ids.opaque())
        blob, id_ = f"pictures/{job}/0/1", PictureId(app.ids.short())
        sealed = await app.keys.seal(person.id, picture_place(blob), os.urandom(size))
        await app.blobs.put(blob, sealed)
        words = await app.keys.seal(person.id, words_place(job), pack_words(Words(f"a heron, number {nth}")))
        asked = a_job(person, job, words, base)
        picture = Picture(id_, job, 0, person.id, nth, blob, 1024, 1024, "png", base)
        await app.database.run(lambda tx, asked=asked, picture=picture: (tx.jobs.add(asked), tx.pictures.add(picture)))


def a_job(person: Person, id_: JobId, words: bytes, now: Moment) -> Job:
    settings = Settings("starter", "square", 1024, 1024, 20, 7.0)
    job = Job(
        id=id_, person=person.id, door="terminal", state=JobState.QUEUED, settings=settings, seed=1, count=1,
        private=True, price_each=Milli(1_000), sealed_words=words, fence=1, attempts=1, created_at=now,
        deadline=Moment(now + DAY), server="terminal",
    )  # fmt: skip
    return replace(job, state=JobState.DONE)


async def export(app: App, who: Who, clock: StandingClock) -> float:
    """Seconds it took."""
    clock.passes(DAY)
    await retention.sweep(app)
    standing = await exports.ask(app, who, images_only=False)
    began = perf_counter()
    assert await make(app, standing.export, quietly=True)
    return perf_counter() - began


def plain_copy(folder: Path) -> float:
    """Seconds it took."""
    began = perf_counter()
    target, crc = folder / "copy", 0
    with target.open("wb") as copy:
        for path in sorted((folder / "blobs" / "pictures").rglob("*")):
            if path.is_file():
                data = path.read_bytes()
                crc = zlib.crc32(data, crc)
                copy.write(data)
        copy.flush()
        os.fsync(copy.fileno())
    took = perf_counter() - began
    target.unlink()
    return took


async def move(app: App, person: Person) -> float:
    """Seconds that opening, sealing and storing every picture again takes."""
    pictures = await app.database.run(lambda tx: tx.pictures.of(person.id, app.keeping, 10**9, 0))
    began = perf_counter()
    for picture in pictures:
        place = picture_place(picture.blob)
        data = await app.keys.open(person.id, place, await app.blobs.get(picture.blob) or b"")
        await app.blobs.put(
            picture.blob.replace("pictures/", "references/"), await app.keys.seal(person.id, place, data)
        )
    took = perf_counter() - began
    for picture in pictures:
        await app.blobs.delete(picture.blob.replace("pictures/", "references/"))
    return took


@contextmanager
def memory() -> Iterator[list[int]]:
    """By how many bytes this process grows at most while this lasts."""
    before, grown, over = resident(), [0], threading.Event()

    def look() -> None:
        while not over.is_set():
            grown[0] = max(grown[0], resident() - before)
            sleep(0.005)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield grown
    finally:
        over.set()
        looking.join()


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def print_table(measured: Measured) -> None:
    table = Table(title=f"{measured.pictures} pictures, {measured.bytes / 1e6:.0f} MB", title_justify="left")
    for heading in ("round", "plain copy, MB/s", "through the stores, MB/s", "export, MB/s", "share", "share"):
        table.add_column(heading, justify="right")
    for nth, one in enumerate(measured.rounds, 1):
        speeds = [f"{speed / 1e6:.0f}" for speed in (one.copied, one.moved, one.exported)]
        table.add_row(str(nth), *speeds, f"{one.exported / one.copied:.2f}", f"{one.exported / one.moved:.2f}")
    console = Console()
    console.print(table)
    console.print(
        f"median share of a plain copy {measured.share:.2f} (goal {GOAL}), of a copy through the stores "
        f"{measured.share_of_moved:.2f}; memory grew by {measured.grown / 2**20:.1f} MiB "
        f"(goal {MEMORY_GOAL >> 20})"
    )


if __name__ == "__main__":
    main()
