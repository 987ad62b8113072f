"""Rows that were written by an older version read as they were meant."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, text

from core.values import JobId, PersonId, Preferences
from storage.database import SqlDatabase, open_engine, sqlite_url
from storage.schema import _script, create_at, head, upgrade

BEFORE = (
    "INSERT INTO person (id, banned, notice_version, created_at) VALUES ('p', false, 1, 1)",
    """INSERT INTO job (id, person_id, door, state, model, shape, width, height, steps, guidance, seed, count, private,
    price_each, fence, attempts, created_at, deadline)
    VALUES ('j', 'p', 'page', 'done', 'starter', 'square', 128, 128, 12, 3.5, 7, 1, false, 1000, 2, 1, 1, 2)""",
    "INSERT INTO preference (person_id, shape, private, format, keep_days) VALUES ('p', 'portrait', true, 'webp', 9)",
)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty(request: pytest.FixtureRequest, tmp_path) -> Engine:
    if request.param == "sqlite":
        return open_engine(sqlite_url(tmp_path / "older.db"))
    return open_engine(request.getfixturevalue("postgres").create(f"older_{tmp_path.name.replace('-', '_')}"))


def test_a_request_of_before_had_no_style_no_adapter_and_started_from_nothing(empty: Engine) -> None:
    with empty.begin() as connection:
        create_at(connection, "records", "0002")
    with empty.begin() as connection:
        for statement in BEFORE:
            connection.execute(text(statement))
    assert upgrade(empty, "records")

    database = SqlDatabase(empty)
    try:
        job = database.transact(lambda tx: tx.jobs.get(JobId("j")))
        preferred = database.transact(lambda tx: tx.choices.get(PersonId("p")))
    finally:
        database.close()
    assert job is not None
    chosen = job.settings
    assert (chosen.model, chosen.steps, chosen.guidance) == ("starter", 12, 3.5)
    assert (chosen.style, chosen.lora, chosen.lora_strength, chosen.strength, job.reference) == ("", "", 1, 0, None)
    assert preferred == Preferences("portrait", private=True, format="webp", keep_days=9)


@pytest.mark.parametrize("store", ["records", "keys"])
def test_the_newest_migration_is_the_one_with_the_highest_number(store: str) -> None:
    """What most starts look at, without reading a single migration."""
    assert head(store) == _script(store).get_current_head()
