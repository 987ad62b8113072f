"""People's keys have a backup of their own, which may be restored alone, and without which nothing can be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.backups.conftest import Make
from tests.backups.filling import MARKER, fill
from tests.backups.instances import Instance, Pair, new_pair
from tests.cast import enter, read


@pytest.fixture
def instance(make: Make) -> Instance:
    instance = make("sqlite")
    instance.lives(fill(instance.stage()))
    return instance


def test_without_them_nothing_opens_and_how_many_are_missing_is_said(
    files: tuple[Path, Path], pair: Pair, make: Make
) -> None:
    other = make("sqlite")
    said = other.darkroom("restore", files[0], "--identity", pair.file).stdout

    assert "3 people have no key here" in said
    ben = enter(other.stage(), f"{MARKER}-ben")
    assert MARKER not in read(other.lives(ben.says("/gallery")))


def test_they_can_be_brought_back_alone(files: tuple[Path, Path], pair: Pair, make: Make) -> None:
    other = make("sqlite")
    other.does("restore", files[0], "--identity", pair.file)
    before = other.rows()

    done = other.does("restore", files[1], "--identity", pair.file)
    assert (done["keys"], done["missing"]["keys"], done["rows"]) == (3, 0, {})
    after = other.rows()
    assert len(after.pop("person_key")) == 3
    assert after == {name: rows for name, rows in before.items() if name != "person_key"}
    ben = enter(other.stage(), f"{MARKER}-ben")
    assert MARKER in read(other.lives(ben.says("/gallery")))


def test_only_people_who_are_here_get_theirs(files: tuple[Path, Path], pair: Pair, make: Make) -> None:
    other = make("sqlite")

    assert other.does("restore", files[1], "--identity", pair.file)["keys"] == 0
    assert other.rows()["person_key"] == []


def test_a_key_that_is_here_stays(instance: Instance, files: tuple[Path, Path], pair: Pair) -> None:
    before = instance.rows()

    assert instance.does("restore", files[1], "--identity", pair.file)["keys"] == 0
    assert instance.rows() == before


def test_each_file_may_be_for_somebody_else(instance: Instance, make: Make, pair: Pair, tmp_path: Path) -> None:
    other_pair, other = new_pair(tmp_path / "other.txt"), make("sqlite")
    instance.does("backup", tmp_path / "b.age", "--recipient", pair.public)
    instance.does("backup", "--keys", tmp_path / "k.age", "--recipient", other_pair.public)
    command = ("restore", tmp_path / "b.age", "--keys", tmp_path / "k.age", "--identity", pair.file)

    assert "does not open" in other.refuses(*command)
    assert other.does(*command, "--identity", other_pair.file)["keys"] == 3


def test_one_file_may_be_for_several(instance: Instance, make: Make, pair: Pair, tmp_path: Path) -> None:
    other_pair = new_pair(tmp_path / "other.txt")
    instance.does("backup", tmp_path / "b.age", "--recipient", pair.public, "--recipient", other_pair.public)

    for one in (pair, other_pair):
        make("sqlite").does("restore", tmp_path / "b.age", "--identity", one.file)
