"""What a kill test cannot see is asserted: SQLite's settings against power loss and residue, and the schema's version."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from core.errors import Unavailable
from storage import database
from storage.database import SQLITE_PRAGMAS, SqlDatabase, open_engine, sqlite_url
from storage.schema import upgrade


def test_every_sqlite_connection_survives_power_loss_and_wipes_what_it_deletes(tmp_path: Path) -> None:
    engine = open_engine(sqlite_url(tmp_path / "a.db"))
    with engine.connect() as connection:
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in SQLITE_PRAGMAS}

    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}
    engine.dispose()


@pytest.mark.parametrize("pragma", list(SQLITE_PRAGMAS))
def test_a_database_that_ignores_one_of_them_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pragma: str
) -> None:
    def ignoring(connection: object, _record: object) -> None:
        for name, value in SQLITE_PRAGMAS.items():
            if name != pragma:
                connection.execute(f"PRAGMA {name}={value}")  # type: ignore[attr-defined]
        connection.execute({"synchronous": "PRAGMA synchronous=1"}.get(pragma, f"PRAGMA {pragma}"))  # type: ignore[attr-defined]

    monkeypatch.setattr(database, "_set_pragmas", ignoring)
    if pragma == "secure_delete":
        monkeypatch.setitem(SQLITE_PRAGMAS, "secure_delete", 2)

    with pytest.raises(Unavailable) as refused:
        open_engine(sqlite_url(tmp_path / "a.db"))
    assert refused.value.key == "database.pragma"


def test_a_schema_newer_than_the_program_is_refused(database: SqlDatabase) -> None:
    with database._engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(Unavailable) as refused:
        upgrade(database._engine, "records")
    assert refused.value.values == {"found": "9999", "known": "0005"}


def test_upgrading_twice_does_nothing(database: SqlDatabase) -> None:
    assert upgrade(database._engine, "records") is False
