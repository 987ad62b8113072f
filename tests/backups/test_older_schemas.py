"""A backup is brought up to date when it is restored, whichever released schema it is of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, insert, text

from storage import schema
from storage.backups.copying import PASSING
from tests.backups.conftest import PRODUCTS, Make
from tests.backups.filling import fill
from tests.backups.instances import Instance, Pair

pytestmark = pytest.mark.products

RELEASED = ("0002", "0003")


@pytest.fixture
def filled(make: Make) -> Instance:
    instance = make("sqlite")
    instance.lives(fill(instance.stage()))
    return instance


def as_of(migration: str, filled: Instance, old: Instance) -> Instance:
    """The same life as it was kept then: an instance at an older schema, with whatever columns that has."""
    engine = old.engine()
    with engine.begin() as connection:
        schema.create_at(connection, "records", migration)
        columns = MetaData()
        columns.reflect(connection)
        for table in columns.sorted_tables:
            if table.name not in PASSING:
                rows = [{column.name: row[column.name] for column in table.columns} for row in kept(filled, table.name)]
                connection.execute(insert(table), rows)
    return old


def kept(filled: Instance, table: str) -> list[dict[str, Any]]:
    """Reports had a table of their own before they were tickets."""
    if table != "report":
        return filled.rows()[table]
    renamed = {"about": "picture_id", "sealed_text": "sealed_reason", "asked_at": "at"}
    reports = [row for row in filled.rows()["ticket"] if row["kind"] == "report"]
    assert reports
    return [{renamed.get(name, name): value for name, value in row.items()} for row in reports]


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("migration", RELEASED)
def test_a_backup_of_an_older_schema_is_restored(
    filled: Instance, make: Make, pair: Pair, tmp_path: Path, migration: str, product: str
) -> None:
    old, new = as_of(migration, filled, make("nothing")), make(product)
    done = old.does("backup", tmp_path / "b.age", "--recipient", pair.public)
    assert done["mistakes"] is None, "they are checked once they are up to date"
    with old.engine().connect() as connection:
        assert schema.version(connection) == migration, "a backup changes nothing"

    restored = new.does("restore", tmp_path / "b.age", "--identity", pair.file)

    assert restored["mistakes"] == []
    for table in ("person", "picture", "ledger_entry", "credit_lot", "ticket"):
        assert [row["id"] for row in new.rows()[table]] == [row["id"] for row in filled.rows()[table]]


def test_with_the_private_key_an_older_one_is_proved_at_once(
    filled: Instance, make: Make, pair: Pair, tmp_path: Path
) -> None:
    old = as_of(RELEASED[0], filled, make("nothing"))

    done = old.does("backup", tmp_path / "b.age", "--recipient", pair.public, "--identity", pair.file)

    assert done["mistakes"] == []


def test_what_else_lies_in_the_database_is_left_alone(filled: Instance, pair: Pair, tmp_path: Path) -> None:
    with filled.engine().begin() as connection:
        connection.execute(text("CREATE TABLE diary (entry TEXT)"))
        connection.execute(text("INSERT INTO diary VALUES ('dear diary')"))

    done = filled.does("backup", tmp_path / "b.age", "--recipient", pair.public, "--identity", pair.file)

    assert "diary" not in done["rows"]
