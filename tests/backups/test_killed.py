"""kill -9 at any moment: there is a whole backup or none, and an instance is whole, empty, or served to nobody."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.backups.conftest import PRODUCTS, Make
from tests.backups.filling import fill
from tests.backups.instances import Instance, Pair
from tests.backups.mortal import Killed, deaths, run
from tests.databases import Store

pytestmark = pytest.mark.products

MOMENTS = 5
UNFINISHED = "did not come to its end"


@pytest.fixture
def instance(make: Make) -> Instance:
    instance = make("sqlite")
    instance.lives(fill(instance.stage()))
    return instance


def test_a_backup_is_whole_or_not_there(instance: Instance, pair: Pair, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    command = ("backup", folder / "b.age", "--recipient", pair.public, "--identity", pair.file)
    crossings = run(instance.settings, command).crossings
    (folder / "b.age").unlink()

    for moment in deaths(crossings, MOMENTS):
        with pytest.raises(Killed):
            run(instance.settings, command, moment)
        assert {path.name for path in folder.iterdir()} <= {"b.age.unfinished"}
    instance.does(*command)
    assert [path.name for path in folder.iterdir()] == ["b.age"]


def test_asked_to_end_it_leaves_nothing_at_all(instance: Instance, pair: Pair, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    command = ("backup", folder / "b.age", "--recipient", pair.public, "--identity", pair.file)
    crossings = run(instance.settings, command).crossings
    (folder / "b.age").unlink()

    for moment in deaths(crossings - 1, MOMENTS):
        with pytest.raises(Killed):
            run(instance.settings, command, moment, signal.SIGTERM)
        assert list(folder.iterdir()) == []


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_restore_is_whole_or_can_be_done_again(
    instance: Instance, files: tuple[Path, Path], pair: Pair, make: Make, product: str
) -> None:
    command = ("restore", files[0], "--identity", pair.file, "--keys", files[1])
    crossings = run((whole := make(product)).settings, command).crossings
    wanted = without_times(whole)
    ends = set()

    for moment in deaths(crossings, MOMENTS):
        other = make(product)
        with pytest.raises(Killed):
            run(other.settings, command, moment)
        ends.add(end := left(other))
        if end != "whole":
            other.does(*command)
        assert without_times(other) == wanted
        assert other.stage().mistakes() == []
        other.close()
    assert ends >= {"empty", "unfinished"}


def left(instance: Instance) -> str:
    """What a restore left, and that nobody serves what is half there."""
    swept = instance.darkroom("sweep", "--once")
    assert (swept.returncode == 2) == (UNFINISHED in swept.stderr)
    rows = {name: rows for name, rows in instance.rows().items() if name != "person_key"}
    if swept.returncode == 2:
        assert not any(rows.values())
        return "unfinished"
    return "whole" if any(rows.values()) else "empty"


def without_times(instance: Instance) -> dict[str, object]:
    """Everything, but when requests were queued again."""
    rows = instance.rows()
    for job in rows["job"]:
        del job["queued_at"]
    return {**rows, "blobs": instance.blobs()}


@pytest.mark.postgres
def test_a_migration_is_whole_or_can_be_done_again(
    instance: Instance, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    server = request.getfixturevalue("postgres")
    wanted = instance.rows()

    def commands(store: Store, keys: Path) -> tuple[object, ...]:
        return ("migrate", "--to", store.url, "--keys-to", f"sqlite:///{keys}")

    with server.fresh() as store:
        crossings = run(instance.settings, commands(store, tmp_path / "whole.db")).crossings
    for moment in deaths(crossings, MOMENTS):
        with server.fresh() as store:
            keys = tmp_path / f"keys-{moment}.db"
            with pytest.raises(Killed):
                run(instance.settings, commands(store, keys), moment)
            moved = Instance(tmp_path / f"moved-{moment}", store.url, {"DARKROOM_KEYS_URL": f"sqlite:///{keys}"})
            left(moved)
            instance.does(*commands(store, keys))
            assert moved.rows() == wanted
            moved.close()
