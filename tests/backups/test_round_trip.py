"""A backup brings an instance back, on either database: every row, every picture, and people who notice nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.values import JobState
from storage.backups.copying import PASSING
from tests.backups.conftest import PRODUCTS, Make
from tests.backups.filling import fill
from tests.backups.instances import Instance, Pair
from tests.cast import Actor, Stage, enter, read

CHANGED = {
    "delivery",
    "job",
    "button",
    "inbox",
    "too_young",
}  #: what a restore settles; tests of their own look at them


@pytest.fixture
def backups(instance: Instance, pair: Pair, tmp_path: Path) -> tuple[Path, Path]:
    """Of a filled instance and of its people's keys."""
    instance.lives(fill(instance.stage()))
    records, keys = tmp_path / "backup.age", tmp_path / "keys.age"
    instance.does("backup", records, "--recipient", pair.public)
    instance.does("backup", "--keys", keys, "--recipient", pair.public)
    return records, keys


@pytest.mark.parametrize("product", PRODUCTS)
def test_every_row_and_every_picture_comes_back(
    instance: Instance, backups: tuple[Path, Path], pair: Pair, make: Make, product: str
) -> None:
    other = make(product)
    done = other.does("restore", backups[0], "--identity", pair.file, "--keys", backups[1])

    before, after = instance.rows(), other.rows()
    assert [name for name, found in before.items() if not found] == [], "an empty table proves nothing"
    assert {name: after[name] for name in after if name not in CHANGED} == {
        name: before[name] for name in before if name not in CHANGED
    }
    assert done["rows"] == {name: len(rows) for name, rows in before.items() if name != "person_key"}
    assert other.blobs() == instance.blobs() != {}
    assert (done["pictures"], done["keys"]) == (len(other.blobs()), len(after["person_key"]))
    assert (done["missing"], done["mistakes"]) == ({"pictures": 0, "keys": 0}, [])


def test_people_see_their_pictures_and_ask_for_more(
    instance: Instance, backups: tuple[Path, Path], pair: Pair, make: Make
) -> None:
    """Somebody new comes as well: rows that are numbered go on after the highest."""
    other = make("postgres" if instance.url else "sqlite")
    other.does("restore", backups[0], "--identity", pair.file, "--keys", backups[1])
    stage = other.stage()

    other.lives(_ben_looks_and_asks(stage))

    assert stage.mistakes() == []
    assert {job["state"] for job in other.rows()["job"]} == {JobState.DONE}


async def _ben_looks_and_asks(stage: Stage) -> None:
    from tests.backups.filling import MARKER

    ben, dora = enter(stage, f"{MARKER}-ben"), enter(stage, "dora")
    gallery = await ben.says("/gallery")
    assert MARKER in read(gallery)
    assert len(gallery.pictures) == 4
    assert "credits" in read(await ben.says("/balance"))
    await dora.agrees()
    await stage.works()
    for actor in (ben, dora):
        assert (await actor.says("/imagine a crow")).error is None
    await stage.works()
    assert [len(_pictures(actor)) for actor in (ben, dora)] == [1, 1]


def _pictures(actor: Actor) -> list[object]:
    return [picture for told in actor.inbox for picture in told.pictures]


def test_it_can_be_backed_up_and_restored_again(
    instance: Instance, backups: tuple[Path, Path], pair: Pair, make: Make, tmp_path: Path
) -> None:
    once, twice = make("sqlite"), make("sqlite")
    once.does("restore", backups[0], "--identity", pair.file, "--keys", backups[1])
    once.does("backup", tmp_path / "again.age", "--recipient", pair.public)
    twice.does("restore", tmp_path / "again.age", "--identity", pair.file, "--keys", backups[1])

    settled = {name: rows for name, rows in once.rows().items() if name != "job"}
    assert {name: rows for name, rows in twice.rows().items() if name != "job"} == settled
    assert PASSING.isdisjoint(settled)
