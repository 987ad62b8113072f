"""The blobs of `core.ports` for code that waits: several at a time, on a loop of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from core.errors import Unavailable
from core.ports import Blobs

AT_ONCE: Final = 16  #: blobs on their way at the same time, and in memory


class Shelf:
    """Raises Unavailable when the store fails."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._runner = asyncio.Runner()

    def close(self) -> None:
        self._runner.close()

    def get(self, names: Sequence[str]) -> list[bytes | None]:
        return self._runner.run(self._get(names))

    def put(self, blobs: Iterable[tuple[str, bytes]]) -> int:
        """Put every blob and read it back; how many there were. Raises Unavailable when one is not."""
        every, count = iter(blobs), 0
        while some := list(islice(every, AT_ONCE)):
            self._runner.run(self._put(some))
            if self.get([name for name, _ in some]) != [data for _, data in some]:
                raise Unavailable("copying.differs")
            count += len(some)
        return count

    def all_of(self, names: Iterable[str]) -> Iterator[tuple[str, bytes | None]]:
        """Each blob with its name, None for one that is not there."""
        every = iter(names)
        while some := list(islice(every, AT_ONCE)):
            yield from zip(some, self.get(some), strict=True)

    async def _get(self, names: Sequence[str]) -> list[bytes | None]:
        return await asyncio.gather(*(self._blobs.get(name) for name in names))

    async def _put(self, blobs: Sequence[tuple[str, bytes]]) -> None:
        await asyncio.gather(*(self._blobs.put(name, data) for name, data in blobs))
