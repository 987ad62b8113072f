"""The three stores of an instance as its operator copies them: rows, people's keys, blobs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Engine

from core.ports import Blobs
from storage.backups.shelves import Shelf
from storage.database import open_engine


@dataclass(frozen=True)
class Stores:
    records: Engine
    keys: Engine
    shelf: Shelf


@contextmanager
def open_store(url: str) -> Iterator[Engine]:
    """A database, its schema as it is. Raises Unavailable when it cannot be reached."""
    engine = open_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def open_shelf(blobs: Blobs) -> Iterator[Shelf]:
    shelf = Shelf(blobs)
    try:
        yield shelf
    finally:
        shelf.close()


@contextmanager
def open_stores(records_url: str, keys_url: str, blobs: Blobs) -> Iterator[Stores]:
    with open_store(records_url) as records, open_store(keys_url) as keys, open_shelf(blobs) as shelf:
        yield Stores(records, keys, shelf)
