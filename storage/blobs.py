"""Sealed objects, pictures drawn and to start from, and exports: their names, and a folder that keeps them.

Knows names and bytes, not what they show. Buckets are in in_buckets/blobs.py.
"""

from __future__ import annotations

import asyncio
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore

from core.datamap import Category, Datum, Entry, OnErase, OnExport, Purpose, Until
from core.errors import Unavailable
from core.values import Moment
from storage.whole_files import sync

PICTURES, REFERENCES, EXPORTS = "pictures/", "references/", "exports/"
PREFIXES: Final = (PICTURES, REFERENCES, EXPORTS)
REMNANT: Final = "#"  #: NAME#… is no object, but what is left of one: half written, overwritten, marked as deleted
_NAME: Final = re.compile(rf"(?:{'|'.join(PREFIXES)})[0-9A-Za-z_-]+(?:/[0-9]+)*")  #: an opaque id, and numbers


def entries() -> tuple[Entry, ...]:
    picture = Datum(
        Category.PICTURES, (Purpose.DRAW,), Until.PICTURE_DELETED, OnErase.SHRED, OnExport.VALUE, sealed=True
    )
    reference = Datum(
        Category.REFERENCES,
        (Purpose.DRAW,),
        Until.REQUEST_ENDS,
        OnErase.SHRED,
        OnExport.WITHHELD,
        withheld_because="it is gone once the request is done, and its person has it",
        sealed=True,
    )
    export = Datum(
        Category.RIGHTS,
        (Purpose.GRANT_RIGHTS,),
        Until.EXPIRY,
        OnErase.SHRED,
        OnExport.WITHHELD,
        withheld_because="it is an export itself, and holds nothing that this one does not hold",
        sealed=True,
    )
    return (
        Entry("blob", PICTURES, "picture.blob>picture.person_id", picture),
        Entry("blob", REFERENCES, "job.reference>job.person_id", reference),
        Entry("blob", EXPORTS, "export_part.blob>export_part.person_id", export),
    )


class ObjectBlobs(ABC):
    """`core.ports.Blobs`. Raises Unavailable when the store fails; a missing object is an answer, not trouble."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def put(self, name: str, data: bytes) -> None:
        """Raises ValueError for a name that was not declared: a prefix of the data map, an opaque id, numbers."""
        if not _NAME.fullmatch(name):
            raise ValueError(f"no blob may be stored as {name}: declare its prefix in storage/blobs.py")
        with reachable():
            await obstore.put_async(self._store, name, data, use_multipart=False)  # whole, or not at all

    async def get(self, name: str) -> bytes | None:
        with reachable():
            try:
                return bytes(await (await obstore.get_async(self._store, name)).bytes_async())
            except FileNotFoundError as error:
                if not self._is_missing(error):
                    raise
                return None

    async def delete(self, name: str) -> None:
        with reachable():
            try:
                await obstore.delete_async(self._store, name)
            except FileNotFoundError as error:
                if not self._is_missing(error):
                    raise

    async def older_than(self, moment: Moment) -> list[str]:
        before = as_time(moment)
        with reachable():
            return [
                blob["path"]
                for prefix in PREFIXES
                async for page in obstore.list(self._store, prefix)
                for blob in page
                if blob["last_modified"] < before
            ]

    async def under(self, folder: str) -> list[str]:
        """The objects in a folder, and the one of that name."""
        with reachable():
            found = [blob["path"] async for page in obstore.list(self._store, folder) for blob in page]
            return [*found, *([folder] if await self.get(folder) is not None else [])]

    @abstractmethod
    def _is_missing(self, error: FileNotFoundError) -> bool:
        """Whether it is the object that was not found, and not the whole store."""


class FolderBlobs(ObjectBlobs):
    """Objects in a folder. A put returns only when the bytes and their name would survive a power cut."""

    def __init__(self, path: Path) -> None:
        super().__init__(LocalStore(path, mkdir=True, automatic_cleanup=True))
        self._path = path

    async def put(self, name: str, data: bytes) -> None:
        await super().put(name, data)
        await asyncio.to_thread(self._sync, self._path / name)

    async def delete(self, name: str) -> None:
        if REMNANT in name:
            with reachable():
                (self._path / name).unlink(missing_ok=True)
        else:
            await super().delete(name)

    async def older_than(self, moment: Moment) -> list[str]:
        return [*await super().older_than(moment), *await asyncio.to_thread(self._unfinished, moment)]

    async def under(self, folder: str) -> list[str]:
        """Also what obstore left half written, and does not list."""
        return [*await super().under(folder), *await asyncio.to_thread(self._remnants, folder)]

    def _is_missing(self, _error: FileNotFoundError) -> bool:
        return self._path.is_dir()

    def _remnants(self, folder: str) -> list[str]:
        inside, beside = self._path / folder, (self._path / folder).parent
        found = [*inside.rglob(f"*{REMNANT}*"), *beside.glob(f"{inside.name}{REMNANT}*")]
        return [str(path.relative_to(self._path)) for path in found]

    def _unfinished(self, moment: Moment) -> list[str]:
        """obstore writes to NAME#1 before the file gets its name; what was left there it does not list itself."""
        found = []
        for prefix in PREFIXES:
            for path in (self._path / prefix).rglob(f"*{REMNANT}*"):
                with suppress(FileNotFoundError):  # it has got its name meanwhile
                    if path.stat().st_mtime * 1000 < moment:
                        found.append(str(path.relative_to(self._path)))
        return found

    def _sync(self, written: Path) -> None:
        for path in (written, *written.parents):
            sync(path)
            if path == self._path:
                return


@contextmanager
def reachable() -> Iterator[None]:
    """A store that does not do what it was asked is Unavailable."""
    try:
        yield
    except (BaseError, OSError) as error:
        raise Unavailable("blobs.unavailable", retry_after=5) from error


def as_time(moment: Moment) -> datetime:
    return datetime.fromtimestamp(moment / 1000, UTC)
