"""A backup as a stream of named parts: a tar file, sealed. Knows names and sizes, not what the parts are.

`age --decrypt | tar --list` shows the same.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO, NamedTuple

from pyrage.x25519 import Identity  # type: ignore[import-untyped]

from core.errors import Refused
from storage.backups.sealed_files import opened

_BLOCK = tarfile.BLOCKSIZE
_END = bytes(2 * _BLOCK)


class Part(NamedTuple):
    name: str
    data: bytes


def packed(parts: Iterable[Part], seconds: int) -> Iterator[bytes]:
    """The parts as a tar file, each with the same time and for its owner only."""
    for name, data in parts:
        header = tarfile.TarInfo(name)
        header.size, header.mtime, header.mode = len(data), seconds, 0o600
        yield header.tobuf(tarfile.PAX_FORMAT)
        yield data
        yield bytes(-len(data) % _BLOCK)
    yield _END


@contextmanager
def unpacked(file: BinaryIO, keys: Sequence[Identity]) -> Iterator[Iterator[Part]]:
    """The parts of a sealed file, from its beginning. Raises Refused as `opened` does, and for what is no such file."""
    file.seek(0)
    with opened(file, keys) as stream:
        try:
            with tarfile.open(fileobj=stream, mode="r|") as tar:
                yield _parts(tar, stream)
        except tarfile.TarError:
            raise Refused("backup.damaged") from None


def _parts(tar: tarfile.TarFile, stream: BinaryIO) -> Iterator[Part]:
    while (member := tar.next()) is not None:
        data = tar.extractfile(member)
        if data is None:
            raise Refused("backup.damaged")
        yield Part(member.name, data.read())
        tar.members = []  # type: ignore[attr-defined]  # it would remember every one
    while stream.read(1 << 20):  # age vouches for a file only at its very end
        pass
