"""What survives a process: records, keys, blobs, the time, and what Ben was told. It can be saved, put back and compared."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlmodel import SQLModel

from bots.replies import Reply
from core.values import DeliveryState, Owed, Who
from core.values.wishes import Pixels
from storage.blobs import FolderBlobs
from storage.database import SqlDatabase
from storage.keys import keys
from tests.cast import Actor, Painter, Stage, StandingClock, build_stage
from tests.crashes.mortal import Alive, Fate, mortal
from tests.crashes.shelves import PostgresShelf, Rows, Shelf, SqliteShelf
from tests.databases import Store
from tests.safety import Censor

BEN = Who("terminal", "ben")
WELCOME = 20  #: credits
UNLIKE = {"sealed_words", "sealed_id", "wrapped", "input_hash", "tombstone"}  #: another nonce, or made from random ids
SERIAL = {"ledger_entry", "acknowledgement"}  #: tables whose ids only count


@dataclass(frozen=True)
class Saved:
    """A copy of the world."""

    records: Any
    keys: Any
    blobs: dict[str, tuple[bytes, float]]
    inbox: list[Reply]
    moment: int
    tombstones: bytes


class World:
    def __init__(self, store: Store, folder: Path) -> None:
        self.product = store.name
        self.blob_folder, self.tombstones = folder / "blobs", folder / "tombstones"
        self.inbox: list[Reply] = []
        self._database = _hurried(store)
        built = build_stage(folder, self._database, open_jobs=0, welcome=WELCOME)
        self.clock = built.clock
        self._app = replace(
            built.app, blobs=TimedBlobs(self.blob_folder, self.clock), ids=CountedIds(), intake=AnyPicture()
        )
        self._records = _shelf(store.url)
        self._keys = SqliteShelf(folder / "keys.db", [keys])

    def process(self, fate: Fate | None = None) -> Stage:
        """A bot that was started just now. It remembers nothing but what the world does."""
        fate = fate or Alive()
        painter = Painter(self.clock)
        app = mortal(replace(self._app, dispatch=painter), fate)
        stage = Stage(app, painter, Censor(), self.clock, self._database, self.blob_folder.parent)
        stage.people.append(Ben(stage, BEN, self.inbox, fate=fate))
        return stage

    def save(self) -> Saved:
        blobs = {str(path.relative_to(self.blob_folder)): (path.read_bytes(), _written(path)) for path in self._files()}
        stones = self.tombstones.read_bytes() if self.tombstones.exists() else b""
        return Saved(self._records.save(), self._keys.save(), blobs, list(self.inbox), self.clock.moment, stones)

    def restore(self, saved: Saved) -> None:
        self._records.restore(saved.records)
        self._keys.restore(saved.keys)
        self.inbox[:] = saved.inbox
        self.clock.moment = saved.moment
        self.tombstones.write_bytes(saved.tombstones)
        _empty(self.blob_folder)
        for name, (data, modified) in saved.blobs.items():
            path = self.blob_folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            os.utime(path, (modified, modified))

    def rows(self) -> Rows:
        return self._records.rows() | self._keys.rows()

    def blob_names(self) -> list[str]:
        """Every file there is, also one that the store would not list."""
        return sorted(str(path.relative_to(self.blob_folder)) for path in self._files())

    def looks(self) -> str:
        """The world in words that are equal where nothing but random numbers differs."""
        rows = {name: [_comparable(name, row) for row in found] for name, found in self.rows().items()}
        blobs = sorted((str(path.relative_to(self.blob_folder)), _written(path)) for path in self._files())
        known: dict[str, str] = {}
        return ID.sub(
            lambda id_: known.setdefault(id_.group(), str(len(known))),
            repr((rows, blobs, self.inbox, self.clock.moment, _stones(self.tombstones))),
        )

    def close(self) -> None:
        self._records.close()
        self._keys.close()
        self._database.close()

    def _files(self) -> list[Path]:
        return [path for path in self.blob_folder.rglob("*") if path.is_file()]


@dataclass
class Ben(Actor):
    """He is told across a port, too. What he has read stays read."""

    fate: Fate = field(kw_only=True)

    async def tell(self, told: Reply, owed: Sequence[Owed]) -> DeliveryState:
        self.fate.point("before telling")
        state = await super().tell(told, owed)
        self.fate.point("after telling")
        return state


ID = re.compile(r"x\d{6}x")


class CountedIds:
    """`core.ports.Ids` that no two processes share, each easily told from other text."""

    def __init__(self) -> None:
        self._numbers: Iterator[int] = count()

    def opaque(self) -> str:
        return f"x{next(self._numbers):06}x"

    def short(self) -> str:
        return self.opaque()

    def seed(self) -> int:
        return 7


class AnyPicture:
    """`core.ports.Intake`, whatever was sent: what really opens pictures has a process of its own and leaves nothing."""

    async def receive(self, data: bytes, width: int, height: int) -> Pixels:
        return Pixels(width, height, bytes(width * height * 3))


class TimedBlobs(FolderBlobs):
    """As old as the world's clock says. A process that dies loses nothing that was written, so nothing waits for a disk."""

    def __init__(self, path: Path, clock: StandingClock) -> None:
        super().__init__(path)
        self._clock = clock

    def _sync(self, written: Path) -> None:
        os.utime(written, (self._clock.moment / 1000, self._clock.moment / 1000))


class AtOnce(ThreadPoolExecutor):
    """Work on the calling thread: with one process and no hurry, threads would only cost time."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - Died, too, is for whoever waits
            done.set_exception(error)
        return done


def _hurried(store: Store) -> SqlDatabase:
    """Committed is committed for whoever comes after a dead process; only a power cut needs the disk."""
    engine = store.engine()
    if store.name == "sqlite":
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
        engine.dispose()  # what is connected already waits for the disk
    database = SqlDatabase(engine)
    database._threads = AtOnce()
    return database


def _shelf(url: str) -> Shelf:
    tables = SQLModel.metadata.sorted_tables
    if url.startswith("sqlite"):
        return SqliteShelf(Path(url.removeprefix("sqlite:///")), tables)
    return PostgresShelf(url, tables)


def _comparable(table: str, row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value is None if name in UNLIKE else value
        for name, value in row.items()
        if not (name == "id" and table in SERIAL)
    }


def _stones(path: Path) -> list[str]:
    """How many there are, each set or lifted; the hashes are of random numbers."""
    return [line.rpartition(" ")[2] for line in path.read_text().splitlines()] if path.exists() else []


def _written(path: Path) -> float:
    return path.stat().st_mtime


def _empty(folder: Path) -> None:
    for found in folder.iterdir():
        shutil.rmtree(found)
