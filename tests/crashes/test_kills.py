"""Real processes, really killed: a short round of `make kills`, and a look that notices what is missing."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.crashes.aftermath import Asked, look
from tests.kills import Siege

KILLS = 6


@pytest.mark.products
def test_nothing_is_lost_when_the_bot_and_its_worker_are_killed(tmp_path: Path) -> None:
    result = Siege(tmp_path, "flat", seed=1).run(KILLS)

    print(result.figures)
    assert result.wrong == []
    assert result.figures["kills"] >= KILLS
    assert result.figures["pictures"] > 0


def a_picture_file_is_gone(data: Path) -> None:
    next(path for path in (data / "blobs").rglob("*") if path.is_file()).unlink()


def a_file_belongs_to_nothing(data: Path) -> None:
    (data / "blobs" / "stray").write_bytes(b"under no prefix that anybody declared")


def rows(statement: str) -> Callable[[Path], None]:
    def spoil(data: Path) -> None:
        with sqlite3.connect(data / "darkroom.db") as connection:
            connection.execute(statement)
        connection.close()

    return spoil


SPOILED = {
    "a picture file is gone": a_picture_file_is_gone,
    "a file belongs to nothing": a_file_belongs_to_nothing,
    "a job is still open": rows("UPDATE job SET state = 'queued'"),
    "a picture is free": rows("UPDATE credit_lot SET spent = spent - 1000, available = available + 1000"),
    "a job was charged for more": rows("UPDATE hold SET captured = captured + 1, amount = amount + 1"),
    "an outcome is owed": rows("UPDATE delivery SET state = 'owed'"),
    "a picture nobody saw": rows("UPDATE picture SET id = 'UNSEEN' WHERE id = (SELECT min(id) FROM picture)"),
    "a picture of another seed": rows("UPDATE picture SET seed = seed + 100"),
}


@pytest.mark.products
def test_a_look_afterwards_notices_what_is_wrong(tmp_path: Path) -> None:
    siege = Siege(tmp_path, "flat", seed=2)
    assert siege.run(kills=0).wrong == []

    lost = [*siege.asked, Asked("ana", seed=99, count=1, accepted=True)]
    assert look(siege.settings, lost, siege.heard).wrong != []
    for name, spoil in SPOILED.items():
        data = tmp_path / name
        shutil.copytree(siege.settings.data, data)
        spoil(data)
        assert look(siege.settings.model_copy(update={"data": data}), siege.asked, siege.heard).wrong != [], name
