"""A backup shows nothing to whoever finds it, holds no key, and leaves no trace of what it holds beside it."""

from __future__ import annotations

import base64
import io
import tarfile
import tempfile
from pathlib import Path

import pyrage
import pytest
from pyrage.x25519 import Identity

from tests.backups.conftest import Make
from tests.backups.filling import MARKER, fill
from tests.backups.instances import Instance, Pair
from tests.backups.mortal import Killed, deaths, run
from tests.cast import LOOKUP, MASTER
from tests.markers import forms


class Temporary:
    """Where Python is to put what is temporary; where SQLite puts it is decided when that is loaded."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self._before = self._everything()

    def left(self) -> set[Path]:
        return self._everything() - self._before

    def _everything(self) -> set[Path]:
        of_sqlite = [path for place in ("/tmp", "/var/tmp") for path in Path(place).glob("etilqs_*")]
        return {*self.folder.iterdir(), *of_sqlite}


@pytest.fixture
def temporary(tmp_path: Path) -> Temporary:
    return Temporary(tmp_path / "temporary")


@pytest.fixture
def instance(make: Make) -> Instance:
    instance = make("sqlite")
    instance.lives(fill(instance.stage()))
    return instance


def contents(file: Path, pair: Pair) -> dict[str, bytes]:
    """As an operator sees it who opens it with age and tar."""
    (secret,) = [line for line in pair.file.read_text().splitlines() if not line.startswith("#")]
    with tarfile.open(fileobj=io.BytesIO(pyrage.decrypt(file.read_bytes(), [Identity.from_str(secret)]))) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]


def test_neither_words_nor_ids_are_in_its_bytes(instance: Instance, pair: Pair, tmp_path: Path) -> None:
    instance.does("backup", tmp_path / "b.age", "--recipient", pair.public)
    ids = [row["id"] for table in ("person", "job", "picture") for row in instance.rows()[table]]
    raw = (tmp_path / "b.age").read_bytes()

    assert not any(form in raw for form in forms(MARKER))
    assert not any(id_.encode() in raw for id_ in ids)
    opened = b"".join(contents(tmp_path / "b.age", pair).values())
    assert all(id_.encode() in opened for id_ in ids), "the search would find them"
    assert not any(form in opened for form in forms(MARKER)), "what people wrote is sealed inside as well"


def test_people_s_keys_are_in_their_own_file_only_and_the_master_keys_in_none(
    instance: Instance, pair: Pair, tmp_path: Path
) -> None:
    instance.does("backup", tmp_path / "b.age", "--recipient", pair.public)
    instance.does("backup", "--keys", tmp_path / "k.age", "--recipient", pair.public)
    records, keys = contents(tmp_path / "b.age", pair), contents(tmp_path / "k.age", pair)

    assert not any("person_key" in name for name in records)
    wrapped = [base64.b64encode(row["wrapped"]) for row in instance.rows()["person_key"]]
    assert wrapped
    assert not any(key in data for key in wrapped for data in records.values())
    assert all(key in keys["rows/person_key/000000.jsonl"] for key in wrapped), "the search would find them"
    assert [name for name in keys if name.startswith("rows/")] == ["rows/person_key/000000.jsonl"]
    everything = b"".join([*records.values(), *keys.values()])
    for secret in (MASTER, LOOKUP):
        assert secret not in everything
        assert secret.hex().encode() not in everything


def test_it_says_where_the_keys_are_that_no_backup_holds(instance: Instance, pair: Pair, tmp_path: Path) -> None:
    said = instance.darkroom("backup", tmp_path / "b.age", "--recipient", pair.public).stdout

    for name in ("master_key", "lookup_key", "credentials.pem"):
        assert str(instance.folder / "secrets" / name) in said


def test_nothing_temporary_is_left_by_any_command(
    instance: Instance, pair: Pair, tmp_path: Path, temporary: Temporary, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(temporary.folder))
    other = make("sqlite")
    before = {path for path in instance.folder.rglob("*") if "blobs" not in path.parts}
    commands: tuple[tuple[Instance, tuple[object, ...]], ...] = (
        (instance, ("backup", tmp_path / "b.age", "--recipient", pair.public, "--identity", pair.file)),
        (instance, ("backup", "--keys", tmp_path / "k.age", "--recipient", pair.public, "--identity", pair.file)),
        (other, ("restore", tmp_path / "b.age", "--identity", pair.file, "--keys", tmp_path / "k.age")),
    )
    for whose, command in commands:
        whose.does(*command)
        assert temporary.left() == set()
    assert {path for path in instance.folder.rglob("*") if "blobs" not in path.parts} <= before


def test_not_even_where_it_was_killed(instance: Instance, pair: Pair, tmp_path: Path, temporary: Temporary) -> None:
    """SQLite and Python take the name off such a file as soon as it is open."""
    command = ("backup", tmp_path / "b.age", "--recipient", pair.public, "--identity", pair.file, "--force")
    settings = instance.settings | {"TMPDIR": str(temporary.folder)}
    crossings = run(settings, command).crossings
    person = instance.rows()["person"][0]["id"].encode()

    for moment in deaths(crossings, 5):
        with pytest.raises(Killed):
            run(settings, command, moment)
        assert temporary.left() == set()
        assert all(person not in path.read_bytes() for path in tmp_path.glob("b.age*"))
