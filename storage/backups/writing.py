"""Writing a backup beside a running bot, and looking at what was written."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from dataclasses import replace as replace_in
from pathlib import Path
from typing import Final

from pyrage.x25519 import Identity, Recipient  # type: ignore[import-untyped]
from sqlalchemy import Connection, Engine

from core.errors import Refused, Unavailable
from core.rules import SECOND
from core.values import Moment
from storage import schema
from storage.backups.archives import Part, packed
from storage.backups.copying import Digest, blob_names, lines, snapshot, tables
from storage.backups.form import BLOBS, ROWS, About, Counted, Kind, Manifest, blob_line
from storage.backups.reading import opened_backup
from storage.backups.sealed_files import hashed, write_sealed
from storage.backups.shelves import Shelf
from storage.records import ledger_check
from storage.whole_files import whole_file

_PART: Final = 1 << 20  #: bytes of rows in one part, about


@dataclass(frozen=True)
class BackedUp:
    """What was written. `opened`: it was opened again, and is what it should be; otherwise only its bytes were looked at."""

    moment: Moment
    manifest: Manifest
    size: int
    opened: bool


def back_up(
    path: Path, backup: Backup, recipients: Sequence[Recipient], keys: Sequence[Identity], *, replace: bool
) -> BackedUp:
    """Write a backup and look at what was written: with a private key at all of it, without one at its bytes.

    Whatever goes wrong, no file is left. Raises Refused and Unavailable.
    """
    with whole_file(path, replace=replace) as file:
        written = write_sealed(packed(backup.parts(), backup.moment // SECOND), file, recipients)
        file.seek(0)
        if hashed(file) != written:
            raise Unavailable("copying.differs")
        manifest = backup.manifest
        assert manifest is not None, "it is the last part"
        if keys:
            with opened_backup(file, keys) as opened, opened.engine.connect() as rows:
                if opened.manifest != manifest:
                    raise Unavailable("copying.differs")
                if opened.about.kind == "records":
                    manifest = replace_in(manifest, mistakes=ledger_check.mistakes(rows))
    return BackedUp(backup.moment, manifest, written.size, bool(keys))


class Backup:
    """The parts of a backup, read from running stores while they are asked for. `manifest` is there once the last one was."""

    def __init__(self, kind: Kind, engine: Engine, shelf: Shelf | None, fingerprint: str, now: Moment) -> None:
        self._kind, self._engine, self._shelf = kind, engine, shelf
        self._fingerprint, self.moment = fingerprint, now
        self.manifest: Manifest | None = None

    def parts(self) -> Iterator[Part]:
        """Raises Refused for a store with nothing in it, and Unavailable."""
        counted: dict[str, Counted] = {}
        with tempfile.TemporaryFile() as names:  # has no name itself
            with snapshot(self._engine) as connection:
                yield self._about(connection).write()
                for table in tables(connection, self._kind):
                    digest = Digest()
                    for number, some in enumerate(_gathered(lines(connection, table), digest)):
                        yield Part(f"{ROWS}{table.name}/{number:06}.jsonl", some)
                    counted[table.name] = Counted.of(digest)
                for name in blob_names(connection, self._kind):
                    names.write(f"{name}\n".encode())
                mistakes = self._mistakes(connection)
            names.seek(0)
            blobs, missing = Digest(), 0
            for name, data in self._blobs(names):
                if data is None:
                    missing += 1
                else:
                    blobs.add(blob_line(name, data))
                    yield Part(BLOBS + name, data)
        self.manifest = Manifest(counted, Counted.of(blobs), missing, mistakes)
        yield self.manifest.write()

    def _about(self, connection: Connection) -> About:
        found = schema.version(connection)
        if found is None:
            raise Refused("backup.nothing")
        schema.pending(connection, self._kind)
        return About(self._kind, found, self.moment, self._fingerprint)

    def _mistakes(self, connection: Connection) -> list[str] | None:
        """Of the books, which can be checked only as this program knows them."""
        if self._kind != "records" or schema.pending(connection, self._kind):
            return None
        return ledger_check.mistakes(connection)

    def _blobs(self, names: Iterable[bytes]) -> Iterator[tuple[str, bytes | None]]:
        every = (line.decode().rstrip("\n") for line in names)
        return self._shelf.all_of(every) if self._shelf else iter(())


def _gathered(every: Iterator[bytes], digest: Digest) -> Iterator[bytes]:
    """Lines, as many at a time as make a part."""
    some: list[bytes] = []
    size = 0
    for line in every:
        digest.add(line)
        some.append(line + b"\n")
        size += len(line)
        if size >= _PART:
            yield b"".join(some)
            some, size = [], 0
    if some:
        yield b"".join(some)
