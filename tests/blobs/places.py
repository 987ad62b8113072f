"""Places where blobs may lie, each with an eye of its own on what is really there."""

from __future__ import annotations

import shutil
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.ports import Blobs
from storage.blobs import FolderBlobs
from storage.in_buckets.access import Patience
from storage.in_buckets.blobs import USUAL, open_bucket
from tests.s3_server import PUT, UPLOAD, Bucket, S3Server

FOLDER, BUCKET, VERSIONS = "folder", "bucket", "bucket with versions"
PLACES = (FOLDER, pytest.param(BUCKET, marks=pytest.mark.s3), pytest.param(VERSIONS, marks=pytest.mark.s3))
BUCKETS = PLACES[1:]
PREFIX = "pre/fix"  #: a bucket may be shared with others


class Place(ABC):
    """`blobs` is what the product opens; the rest looks and acts behind its back, by the names that the product knows."""

    blobs: Blobs

    @abstractmethod
    def holds(self) -> Counter[tuple[str, str]]:
        """Everything that lies there, as (name, what of it)."""

    @abstractmethod
    def plant(self, name: str, data: bytes) -> None: ...

    @abstractmethod
    def begin(self, name: str) -> None:
        """Somebody dies in the middle of putting it."""

    @abstractmethod
    def lose(self, name: str) -> None: ...

    @abstractmethod
    def vanish(self) -> None:
        """The whole place is no more."""

    def objects(self) -> set[str]:
        """Nothing but whole objects may lie there."""
        found = self.holds()
        assert {what for _, what in found} <= {PUT}
        return {name for name, _ in found}


class FolderPlace(Place):
    def __init__(self, path: Path) -> None:
        self._path = path
        self.blobs = FolderBlobs(path)

    def holds(self) -> Counter[tuple[str, str]]:
        found = (str(path.relative_to(self._path)) for path in self._path.rglob("*") if path.is_file())
        return Counter((name.partition("#")[0], UPLOAD if "#" in name else PUT) for name in found)

    def plant(self, name: str, data: bytes) -> None:
        (self._path / name).parent.mkdir(parents=True, exist_ok=True)
        (self._path / name).write_bytes(data)

    def begin(self, name: str) -> None:
        self.plant(f"{name}#1", b"half")

    def lose(self, name: str) -> None:
        (self._path / name).unlink()

    def vanish(self) -> None:
        shutil.rmtree(self._path)


class BucketPlace(Place):
    def __init__(self, bucket: Bucket, patience: Patience = USUAL) -> None:
        self.bucket = bucket
        self.blobs = open_bucket(f"{bucket.url}/{PREFIX}", bucket.access, patience)

    def holds(self) -> Counter[tuple[str, str]]:
        return Counter(
            {(key.removeprefix(f"{PREFIX}/"), what): many for (key, what), many in self.bucket.holds().items()}
        )

    def plant(self, name: str, data: bytes) -> None:
        self.bucket.put(f"{PREFIX}/{name}", data)

    def begin(self, name: str) -> None:
        self.bucket.begin_upload(f"{PREFIX}/{name}")

    def lose(self, name: str) -> None:
        self.bucket.remove(f"{PREFIX}/{name}")

    def vanish(self) -> None:
        self.bucket.destroy()


@contextmanager
def open_place(kind: str, request: pytest.FixtureRequest) -> Iterator[Place]:
    if kind == FOLDER:
        yield FolderPlace(request.getfixturevalue("tmp_path") / "blobs")
        return
    server: S3Server = request.getfixturevalue("s3")
    with server.fresh(versions=kind == VERSIONS) as bucket:
        yield BucketPlace(bucket)
