"""Sealed pictures as objects, drawn ones and those to start from: a folder, or any store obstore speaks.

Knows names and bytes, not what they show.
"""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, ObjectStore

from core.datamap import Category, Datum, Entry, OnErase, OnExport, Purpose, Until
from core.errors import Unavailable
from core.values import Moment

PICTURES, REFERENCES = "pictures/", "references/"
PREFIXES = (PICTURES, REFERENCES)
UNFINISHED = "#"  #: obstore writes to NAME#1 before the file gets its name


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
    return (
        Entry("blob", PICTURES, "picture.blob>picture.person_id", picture),
        Entry("blob", REFERENCES, "job.reference>job.person_id", reference),
    )


class ObjectBlobs:
    """`core.ports.Blobs`. Raises Unavailable when the store fails; a missing object is an answer, not trouble."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def put(self, name: str, data: bytes) -> None:
        if not name.startswith(PREFIXES):
            raise ValueError(f"no blob may be stored as {name}: declare its prefix in storage/blobs.py")
        try:
            await obstore.put_async(self._store, name, data)
        except (BaseError, OSError) as error:
            raise Unavailable("blobs.unavailable", retry_after=5) from error

    async def get(self, name: str) -> bytes | None:
        try:
            return bytes(await (await obstore.get_async(self._store, name)).bytes_async())
        except (NotFoundError, FileNotFoundError):
            return None
        except (BaseError, OSError) as error:
            raise Unavailable("blobs.unavailable", retry_after=5) from error

    async def delete(self, name: str) -> None:
        try:
            await obstore.delete_async(self._store, name)
        except (NotFoundError, FileNotFoundError):
            return
        except (BaseError, OSError) as error:
            raise Unavailable("blobs.unavailable", retry_after=5) from error

    async def older_than(self, moment: Moment) -> list[str]:
        before = datetime.fromtimestamp(moment / 1000, UTC)
        return [
            blob["path"]
            for prefix in PREFIXES
            async for page in obstore.list(self._store, prefix)
            for blob in page
            if blob["last_modified"] < before
        ]


class FolderBlobs(ObjectBlobs):
    """Objects in a folder. A put returns only when the bytes and their name would survive a power cut."""

    def __init__(self, path: Path) -> None:
        super().__init__(LocalStore(path, mkdir=True, automatic_cleanup=True))
        self._path = path

    async def put(self, name: str, data: bytes) -> None:
        await super().put(name, data)
        await asyncio.to_thread(self._sync, self._path / name)

    async def delete(self, name: str) -> None:
        if UNFINISHED in name:
            (self._path / name).unlink(missing_ok=True)
        else:
            await super().delete(name)

    async def older_than(self, moment: Moment) -> list[str]:
        """What a put left half written lies beside the name it would have got, and the store itself leaves it out."""
        unfinished = [
            str(path.relative_to(self._path))
            for prefix in PREFIXES
            for path in (self._path / prefix).rglob(f"*{UNFINISHED}*")
            if path.stat().st_mtime * 1000 < moment
        ]
        return [*await super().older_than(moment), *unfinished]

    def _sync(self, written: Path) -> None:
        for path in (written, *written.parents):
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            if path == self._path:
                return
