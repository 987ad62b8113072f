"""The memory that a backup and a restore take does not grow with what is in them."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest
from sqlalchemy import insert

from storage.records.tables import InboxRow, PictureRow, table
from tests.backups.conftest import Make
from tests.backups.filling import fill
from tests.backups.instances import Instance, Pair
from tests.backups.mortal import run

pytestmark = pytest.mark.products

SMALL, LARGE = 25, 250  #: pictures
PICTURE = 512 << 10  #: bytes of one
ROWS = 200  #: for each picture
ROOM = 40 << 10  #: KiB by which two runs may differ, which is what allocators keep; the second has ten times as much


def filled(instance: Instance, pictures: int) -> Instance:
    """With pictures and rows of a kind that is quickly made."""
    instance.lives(fill(instance.stage()))
    (like, *_) = instance.rows()["picture"]
    blobs = [f"pictures/large/{n}" for n in range(pictures)]
    (instance.folder / "blobs" / "pictures" / "large").mkdir()
    for blob in blobs:
        (instance.folder / "blobs" / blob).write_bytes(secrets.token_bytes(PICTURE))
    rows = [{**like, "id": f"large-{n}", "index": 100 + n, "blob": blob} for n, blob in enumerate(blobs)]
    updates = [{"update": f"terminal:large:{n}", "until": 4_000_000_000_000} for n in range(pictures * ROWS)]
    with instance.engine().begin() as connection:
        connection.execute(insert(table(PictureRow)), rows)
        connection.execute(insert(table(InboxRow)), updates)
    return instance


def test_ten_times_as_much_takes_no_more_memory(make: Make, pair: Pair, tmp_path: Path) -> None:
    taken = []
    for pictures in (SMALL, LARGE):
        instance, other = filled(make("sqlite"), pictures), make("sqlite")
        file = tmp_path / f"{pictures}.age"
        written = run(instance.settings, ("backup", file, "--recipient", pair.public))
        read = run(other.settings, ("restore", file, "--identity", pair.file))
        assert len(other.blobs()) == len(instance.blobs()) > pictures
        taken.append((written.kilobytes, read.kilobytes))
    (small, large) = taken

    assert file.stat().st_size > LARGE * PICTURE > 3 * (ROOM << 10)
    assert [many - few < ROOM for few, many in zip(small, large, strict=True)] == [True, True], taken
