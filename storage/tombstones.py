"""Tombstones as lines of a file beside the database: a keyed hash, a moment, and whether it was lifted. The newest line of a
hash holds. What a power cut tore off at the end is no line, and nothing else is ever rewritten in place.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from core.datamap import Entry
from core.errors import Unavailable
from core.values import Moment
from core.values.receipts import tombstone_entry
from storage.whole_files import sync

_LINE: Final = re.compile(rb"(?P<tag>[0-9a-f]{64}) (?P<at>\d{1,16}) (?P<state>set|lifted)")
SET, LIFTED = "set", "lifted"


class Mark(NamedTuple):
    at: Moment
    lifted: bool


def entries() -> tuple[Entry, ...]:
    return (tombstone_entry(),)


class FileTombstones:
    """`core.ports.Tombstones` for processes of one machine."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def add(self, tag: str, at: Moment) -> None:
        await asyncio.to_thread(self._append, tag, at, SET)

    async def lift(self, tag: str, at: Moment) -> None:
        await asyncio.to_thread(self._append, tag, at, LIFTED)

    async def holds(self, tag: str) -> bool:
        return tag in await self.all()

    async def all(self) -> dict[str, Moment]:
        marks = await asyncio.to_thread(self._read)
        return {tag: mark.at for tag, mark in marks.items() if not mark.lifted}

    async def lifted(self) -> frozenset[str]:
        marks = await asyncio.to_thread(self._read)
        return frozenset(tag for tag, mark in marks.items() if mark.lifted)

    async def forget(self, before: Moment) -> int:
        return await asyncio.to_thread(self._forget, before)

    def _append(self, tag: str, at: Moment, state: str) -> None:
        with _reachable(), self._locked() as file:
            if self._marks(file).get(tag) == Mark(at, state == LIFTED):
                return
            end = file.seek(0, os.SEEK_END)
            file.seek(max(0, end - 1))
            torn = end > 0 and file.read(1) != b"\n"
            file.write((b"\n" if torn else b"") + _spelt(tag, Mark(at, state == LIFTED)))
            file.flush()
            os.fsync(file.fileno())

    def _read(self) -> dict[str, Mark]:
        with _reachable():
            if not self._path.exists():
                return {}
            with self._path.open("rb") as file:
                return self._marks(file)

    def _forget(self, before: Moment) -> int:
        """The file is written anew, whole, and only then takes the name of the old one."""
        with _reachable(), self._locked() as file:
            marks = self._marks(file)
            young = {tag: mark for tag, mark in marks.items() if mark.at >= before}
            if len(young) < len(marks):
                draft = self._path.with_name(f"{self._path.name}.unfinished")
                with draft.open("wb") as anew:
                    os.fchmod(anew.fileno(), 0o600)
                    anew.write(b"".join(_spelt(tag, mark) for tag, mark in young.items()))
                    anew.flush()
                    os.fsync(anew.fileno())
                draft.rename(self._path)
                sync(self._path.parent)
            return len(marks) - len(young)

    def _marks(self, file: BinaryIO) -> dict[str, Mark]:
        file.seek(0)
        found: dict[str, Mark] = {}
        for line in file.read().split(b"\n"):
            if known := _LINE.fullmatch(line):
                found[known["tag"].decode()] = Mark(Moment(int(known["at"])), known["state"] == LIFTED.encode())
        return found

    @contextmanager
    def _locked(self) -> Iterator[BinaryIO]:
        """For one writer of all processes. The file may have been written anew while we waited for it."""
        while True:
            there = self._path.exists()
            file = os.fdopen(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), "r+b")
            with file:
                fcntl.flock(file, fcntl.LOCK_EX)
                if not there:
                    sync(self._path.parent)
                if self._path.exists() and os.path.samestat(os.fstat(file.fileno()), self._path.stat()):
                    yield file
                    return


def _spelt(tag: str, mark: Mark) -> bytes:
    return f"{tag} {mark.at} {LIFTED if mark.lifted else SET}\n".encode()


@contextmanager
def _reachable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unavailable("tombstones.unavailable", retry_after=5) from error
