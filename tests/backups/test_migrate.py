"""`darkroom migrate`: schemas brought up to date, and a whole instance moved to other stores, where it goes on as before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from bots.wiring import only_server
from storage import schema
from tests.backups.conftest import Make
from tests.backups.filling import MARKER, fill
from tests.backups.instances import Instance
from tests.cast import Stage, enter, read
from tests.databases import PostgresServer, Store


@pytest.fixture
def instance(make: Make) -> Instance:
    return make("filled")


@pytest.fixture
def target(postgres: PostgresServer) -> Iterator[Store]:
    """A database nobody ever used."""
    with postgres.fresh("template1") as store:
        yield store


@pytest.fixture
def moved(instance: Instance, target: Store, tmp_path: Path) -> Iterator[Instance]:
    """The instance as it is once the settings are changed as the command says; its pictures stay where they are."""
    moved = Instance(tmp_path / "moved", target.url)
    (moved.folder / "blobs").symlink_to(instance.folder / "blobs")
    yield moved
    moved.close()


def keys_of(instance: Instance) -> str:
    return f"sqlite:///{instance.folder / 'keys.db'}"


# Schemas


def test_check_says_what_is_to_be_done_and_does_nothing(make: Make) -> None:
    old = make("nothing")
    engine = old.engine()
    with engine.begin() as connection:
        schema.create_at(connection, "records", "0002")

    records, keys = old.does("migrate", "--check")
    assert (records["store"], records["found"], records["head"]) == ("records", "0002", schema.head("records"))
    assert [step.split(":")[0] for step in records["steps"]][:2] == ["0003", "0004"]
    assert (keys["store"], keys["found"]) == ("keys", "")
    with engine.connect() as connection:
        assert schema.version(connection) == "0002"
    assert not (old.folder / "keys.db").exists()
    assert "What is to be done: 0003: " in old.darkroom("migrate", "--check").stdout


def test_without_a_target_it_does_it(make: Make) -> None:
    old = make("nothing")
    with old.engine().begin() as connection:
        schema.create_at(connection, "records", "0002")

    assert "were brought from 0002 to" in old.darkroom("migrate").stdout
    assert [one["steps"] for one in old.does("migrate")] == [[], []]
    with old.engine().connect() as connection:
        assert schema.version(connection) == schema.head("records")


def test_a_schema_of_a_newer_program_is_left_alone(instance: Instance) -> None:
    with instance.engine().begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    assert "9999" in instance.refuses("migrate")
    assert "9999" in instance.refuses("migrate", "--check")


def test_a_running_bot_is_not_migrated_under_its_feet(instance: Instance) -> None:
    with only_server(instance.folder):
        assert "another darkroom serves" in instance.refuses("migrate")
        assert len(instance.does("migrate", "--check")) == 2


# To other stores


@pytest.mark.postgres
def test_every_row_is_there_and_the_same(instance: Instance, target: Store, moved: Instance) -> None:
    before = instance.rows()
    done = instance.does("migrate", "--to", target.url, "--keys-to", keys_of(moved))

    assert moved.rows() == before == instance.rows()
    assert {name: one["count"] for name, one in done["tables"].items()} == {
        name: len(rows) for name, rows in before.items()
    }
    assert all(len(one["sha256"]) == 64 for one in done["tables"].values())
    assert done["mistakes"] == []
    assert done["settings"] == {"DARKROOM_DATABASE_URL": target.url, "DARKROOM_KEYS_URL": keys_of(moved)}


@pytest.mark.postgres
def test_the_bot_goes_on_where_it_was(instance: Instance, target: Store, moved: Instance) -> None:
    """Also what was out, in line, or owed; and new rows get numbers that nobody has."""
    instance.does("migrate", "--to", target.url, "--keys-to", keys_of(moved))
    stage = moved.stage()
    stage.clock.passes(120_000)  # leases of before are over

    moved.lives(_goes_on(stage))

    assert stage.mistakes() == []


async def _goes_on(stage: Stage) -> None:
    ben, dora = enter(stage, f"{MARKER}-ben"), enter(stage, "dora")
    await dora.agrees()
    await stage.works()
    assert len([picture for told in ben.inbox for picture in told.pictures]) == 4
    assert MARKER in read(await ben.says("/gallery"))
    assert (await dora.says("/imagine a crow")).error is None
    await stage.works()
    assert len(dora.inbox[0].pictures) == 1


@pytest.mark.postgres
def test_it_says_so_as_a_table_and_what_to_set(instance: Instance, target: Store) -> None:
    said = instance.darkroom("migrate", "--to", target.url).stdout

    assert "ledger_entry" in said
    assert f"DARKROOM_DATABASE_URL={target.url}" in said


@pytest.mark.postgres
def test_doing_it_again_changes_nothing(instance: Instance, target: Store) -> None:
    first = instance.does("migrate", "--to", target.url)

    assert instance.does("migrate", "--to", target.url) == first


@pytest.mark.postgres
def test_a_target_with_something_else_in_it_is_refused(
    instance: Instance, make: Make, target: Store, moved: Instance
) -> None:
    other = make("sqlite")
    other.lives(fill(other.stage()))
    other.does("migrate", "--to", target.url, "--keys-to", keys_of(moved))
    before = moved.rows()

    assert "something else in the database" in instance.refuses("migrate", "--to", target.url)
    assert "something else in the key store" in instance.refuses("migrate", "--keys-to", keys_of(moved))
    assert moved.rows() == before


@pytest.mark.postgres
def test_what_is_served_is_not_moved(instance: Instance, target: Store) -> None:
    with only_server(instance.folder):
        assert "another darkroom serves" in instance.refuses("migrate", "--to", target.url)


@pytest.mark.postgres
def test_what_other_machines_serve_is_not_moved_either(make: Make, target: Store) -> None:
    """They hold no folder, but one of them leads."""
    instance = make("postgres")
    leads = text("INSERT INTO leader (role, holder, until) VALUES ('scheduler', 'somebody', 4000000000000)")
    with instance.engine().begin() as connection:
        connection.execute(leads)

    assert "A bot works with these stores" in instance.refuses("migrate", "--to", target.url)
    with instance.engine().begin() as connection:
        connection.execute(text("UPDATE leader SET until = 1"))
    instance.does("migrate", "--to", target.url)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--to", "mysql://somewhere"), "--to must name a PostgreSQL database"),
        (("--keys-to", "somewhere"), "--keys-to must name"),
        (("--blobs-to", "/srv/pictures"), "--blobs-to must name a bucket"),
        (("--keys-to", "sqlite:///{folder}/keys.db"), "--keys-to names the store that is used already"),
        (("--keys-to", "sqlite:///{folder}/darkroom.db"), "keys need one of their own"),
        (("--check", "--blobs-to", "s3://pictures"), "--check only looks"),
        (("--to", "postgresql+psycopg://nobody@127.0.0.1:9/none"), "can't reach my records"),
    ],
)
def test_what_cannot_be_meant_is_refused(instance: Instance, arguments: tuple[str, ...], sentence: str) -> None:
    before = instance.rows()

    assert sentence in instance.refuses("migrate", *(one.format(folder=instance.folder) for one in arguments))
    assert instance.rows() == before


def test_where_there_is_nothing_nothing_is_moved(make: Make) -> None:
    assert "nothing to back up" in make("nothing").refuses("migrate", "--keys-to", "sqlite:////tmp/never.db")
