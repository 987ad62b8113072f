"""Tombstones as tiny objects of a bucket, one for each: its name says all, TAG/MOMENT or TAG/MOMENT.lifted. Nothing is ever
overwritten; the newest of a tag holds.
"""

from __future__ import annotations

import re
from typing import Final

import obstore
from obstore.store import ObjectStore

from core.errors import Unavailable
from core.values import Moment
from storage.blobs import reachable
from storage.in_buckets.access import Access, Patience, read_bucket
from storage.in_buckets.blobs import USUAL, open_store
from storage.tombstones import Mark

_NAME: Final = re.compile(r"(?P<tag>[0-9a-f]{64})/(?P<at>\d{16})(?P<lifted>\.lifted)?")


def open_tombstones(url: str, access: Access, patience: Patience = USUAL) -> BucketTombstones:
    """For `s3://bucket/prefix`. Raises UnusableStore with a sentence for who runs this."""
    return BucketTombstones(open_store(read_bucket(url, access, setting="DARKROOM_TOMBSTONES"), patience))


class BucketTombstones:
    """`core.ports.Tombstones` for processes on many machines."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def add(self, tag: str, at: Moment) -> None:
        await self._put(f"{tag}/{at:016}")

    async def lift(self, tag: str, at: Moment) -> None:
        await self._put(f"{tag}/{at:016}.lifted")

    async def holds(self, tag: str) -> bool:
        mark = (await self._marks(f"{tag}/")).get(tag)
        return mark is not None and not mark.lifted

    async def all(self) -> dict[str, Moment]:
        return {tag: mark.at for tag, mark in (await self._marks()).items() if not mark.lifted}

    async def lifted(self) -> frozenset[str]:
        return frozenset(tag for tag, mark in (await self._marks()).items() if mark.lifted)

    async def forget(self, before: Moment) -> int:
        old = [name for name in await self._names() if (known := _NAME.fullmatch(name)) and int(known["at"]) < before]
        newest = {tag for tag, mark in (await self._marks()).items() if mark.at >= before}
        gone = [name for name in old if name.split("/")[0] not in newest]
        with reachable():
            for name in gone:
                await obstore.delete_async(self._store, name)
        return len({name.split("/")[0] for name in gone})

    async def _put(self, name: str) -> None:
        try:
            with reachable():
                await obstore.put_async(self._store, name, b"", use_multipart=False)
        except Unavailable:
            raise Unavailable("tombstones.unavailable", retry_after=5) from None

    async def _marks(self, start: str = "") -> dict[str, Mark]:
        """Of one moment the lifting holds: it came after."""
        found: dict[str, Mark] = {}
        for name in sorted(await self._names(start)):
            if known := _NAME.fullmatch(name):
                found[known["tag"]] = Mark(Moment(int(known["at"])), bool(known["lifted"]))
        return found

    async def _names(self, start: str = "") -> list[str]:
        try:
            with reachable():
                return [one["path"] async for page in obstore.list(self._store, start or None) for one in page]
        except Unavailable:
            raise Unavailable("tombstones.unavailable", retry_after=5) from None
