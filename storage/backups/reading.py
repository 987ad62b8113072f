"""Reading a backup: to its end, held against its own manifest, before anything in it counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from pyrage.x25519 import Identity  # type: ignore[import-untyped]
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from core.errors import Refused, Unavailable
from storage import schema
from storage.backups.archives import Part, unpacked
from storage.backups.copying import Digest, insert_lines, private_engine, tables
from storage.backups.form import BLOBS, ROWS, About, Counted, Manifest, blob_line


@dataclass(frozen=True)
class Opened:
    """A backup that was read to its end and found whole: its rows in a private database, brought to this schema."""

    about: About
    manifest: Manifest
    engine: Engine


def about_of(file: BinaryIO, keys: Sequence[Identity]) -> About:
    """What a backup says of itself at its beginning. Raises Refused when it does not open, or is no backup."""
    with unpacked(file, keys) as parts, _readable():
        return About.read(next(parts, None))


@contextmanager
def opened_backup(file: BinaryIO, keys: Sequence[Identity]) -> Iterator[Opened]:
    """Read a whole backup and hold it against its manifest; nothing is written anywhere that outlives this.

    Raises Refused when it does not open, is damaged, or is no backup, and Unavailable when it is of a newer version.
    """
    engine = private_engine()
    try:
        with unpacked(file, keys) as parts:
            about, manifest = _load(parts, engine)
        schema.upgrade(engine, about.kind)
        yield Opened(about, manifest, engine)
    finally:
        engine.dispose()


def blobs_of(file: BinaryIO, keys: Sequence[Identity]) -> Iterator[tuple[str, bytes]]:
    """The blobs of a backup. Raises Refused as `opened_backup` does."""
    with unpacked(file, keys) as parts:
        for name, data in parts:
            if name.startswith(BLOBS):
                yield name.removeprefix(BLOBS), data


def _load(parts: Iterator[Part], engine: Engine) -> tuple[About, Manifest]:
    with _readable(), engine.begin() as connection:
        about = About.read(next(parts, None))
        schema.create_at(connection, about.kind, about.schema)
        known = {table.name: table for table in tables(connection, about.kind)}
        rows, blobs, manifest = {name: Digest() for name in known}, Digest(), None
        for name, data in parts:
            if name.startswith(ROWS):
                table = name.removeprefix(ROWS).split("/")[0]
                insert_lines(connection, known[table], data.splitlines())
                for line in data.splitlines():
                    rows[table].add(line)
            elif name.startswith(BLOBS):
                blobs.add(blob_line(name.removeprefix(BLOBS), data))
            else:
                manifest = Manifest.read(data)
    counted = {name: Counted.of(digest) for name, digest in rows.items()}
    if manifest is None or (manifest.tables, manifest.blobs) != (counted, Counted.of(blobs)):
        raise Refused("backup.damaged")
    return about, manifest


@contextmanager
def _readable() -> Iterator[None]:
    """Whatever is not as a backup is written is damage; a disk without room is not."""
    try:
        yield
    except OperationalError as error:
        raise Unavailable("database.unavailable", retry_after=5) from error
    except (ValueError, KeyError, TypeError, SQLAlchemyError):
        raise Refused("backup.damaged") from None
