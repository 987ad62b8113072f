"""Files into zip archives of a limited size, as a stream of pieces. Knows names and bytes, not what they mean.

Nothing is written to a disk and nothing large is held: pieces are taken as soon as they are full. Each archive opens by itself;
all of them unpacked into one folder are the whole.
"""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import IO, Final, NamedTuple

PIECE: Final = 1 << 20  #: bytes that are sealed together, and all that one of these holds at a time
_BESIDE: Final = 30 + 24 + 46 + 2 * 20  #: bytes an archive needs for a file beside its bytes and, twice, its name
_END: Final = 22 + 76
_CHUNK: Final = 1 << 16


class Made(NamedTuple):
    """Some bytes of an archive. Archives count from 1, pieces from 0."""

    part: int
    number: int
    data: bytes


class Packed(NamedTuple):
    """A file that was put in, for the manifest."""

    name: str
    part: int
    size: int
    sha256: str


class Squeezed:
    """Bytes that are written now and read once later, held compressed."""

    def __init__(self) -> None:
        self._press, self._held = zlib.compressobj(6), bytearray()

    def write(self, data: bytes) -> None:
        self._held += self._press.compress(data)

    def read(self) -> Iterator[bytes]:
        """All of it; nothing can be written afterwards."""
        self._held += self._press.flush()
        opened, left = zlib.decompressobj(), bytes(self._held)
        self._held.clear()
        while left:
            yield opened.decompress(left, _CHUNK)
            left = opened.unconsumed_tail


class Parts:
    """The archives of one export. `most` is how many bytes one may have, 0 for any number."""

    def __init__(self, most: int, made_at: int) -> None:
        self._most, self._at = most, datetime.fromtimestamp(made_at / 1000, UTC).timetuple()[:6]
        self._ready: list[Made] = []
        self.part = 0
        self._open_next()

    def add(self, name: str, data: bytes) -> Packed:
        """A file as it is: what is compressed already does not get smaller. One that does not fit begins a new archive."""
        self._make_room(name, len(data))
        self._zip.writestr(self._entry(name, zipfile.ZIP_STORED), data)
        self._promised += 46 + len(name) + 28
        return Packed(name, self.part, len(data), hashlib.sha256(data).hexdigest())

    @contextmanager
    def writing(self, name: str, size: int = 0) -> Iterator[Writing]:
        """A text that is written bit by bit, compressed. `size`: about as large as it may become."""
        self._make_room(name, size)
        entry = self._entry(name, zipfile.ZIP_DEFLATED)
        with self._zip.open(entry, "w", force_zip64=True) as file:
            yield (writing := Writing(name, self.part, file))
        writing.close()
        self._promised += 46 + len(name) + 28

    def close(self) -> None:
        """The last archive is whole; what is left to take can be taken."""
        self._close()

    def take(self) -> list[Made]:
        """Pieces that are full, or the last of an archive."""
        taken = self._ready[:]
        self._ready.clear()
        return taken

    def _make_room(self, name: str, size: int) -> None:
        needed = self._sink.size + self._promised + size + _BESIDE + 2 * len(name.encode()) + _END
        if self._most and needed > self._most and self._sink.size:
            self._close()
            self._open_next()

    def _open_next(self) -> None:
        self.part += 1
        self._promised = 0  # bytes that its table of contents will take
        self._sink = _Sink(self.part, self._ready)
        self._zip = zipfile.ZipFile(self._sink, "w", zipfile.ZIP_STORED)

    def _close(self) -> None:
        self._zip.close()
        self._sink.cut()

    def _entry(self, name: str, how: int) -> zipfile.ZipInfo:
        entry = zipfile.ZipInfo(name, self._at)
        entry.compress_type, entry.external_attr = how, 0o600 << 16
        return entry


class Writing:
    """A file while it is written."""

    def __init__(self, name: str, part: int, file: IO[bytes]) -> None:
        self._name, self._part, self._file = name, part, file
        self._size, self._hash = 0, hashlib.sha256()
        self.packed: Packed | None = None

    def write(self, data: bytes) -> None:
        self._file.write(data)
        self._size += len(data)
        self._hash.update(data)

    def close(self) -> None:
        self.packed = Packed(self._name, self._part, self._size, self._hash.hexdigest())


class _Sink:
    """Where an archive is written to: bytes until there are enough of them."""

    def __init__(self, part: int, ready: list[Made]) -> None:
        self._part, self._ready = part, ready
        self._held, self._filled = bytearray(PIECE), 0
        self._number, self.size = 0, 0

    def write(self, data: bytes, /) -> int:
        self.size += len(data)
        with memoryview(data) as left:
            at = 0
            while at < len(left):
                some = left[at : at + PIECE - self._filled]
                self._held[self._filled : self._filled + len(some)] = some
                self._filled += len(some)
                at += len(some)
                if self._filled == PIECE:
                    self.cut()
        return len(data)

    def flush(self) -> None: ...

    def close(self) -> None: ...

    def cut(self) -> None:
        if self._filled:
            with memoryview(self._held) as held:
                self._ready.append(Made(self._part, self._number, bytes(held[: self._filled])))
            self._filled = 0
            self._number += 1
