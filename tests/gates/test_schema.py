"""Gate G1: every live column is declared, and every declared one is live. Read from the migrated database, not the models."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, select, text
from sqlmodel import SQLModel

from bots.wiring import datamap
from core import accounts
from core.datamap import DataMap, Datum, NotPersonal, undeclared
from storage.database import SqlDatabase, open_engine, sqlite_url
from storage.inspecting import live_cells
from storage.keys import keys
from storage.records.subjects import rows_of
from storage.schema import upgrade
from tests.cast import Actor, Stage
from tests.databases import Store
from tests.rights.everything import WITHOUT_ACCOUNT, everything

NOT_PERSONAL_BUDGET = 58  #: cells that claim to say nothing about a person: no more, and none that is not needed


@pytest.fixture
def engine(database: SqlDatabase) -> Engine:
    return database._engine


@pytest.fixture
def key_engine(tmp_path: Path) -> Engine:
    engine = open_engine(sqlite_url(tmp_path / "keys.db"))
    upgrade(engine, "keys")
    return engine


def test_every_live_column_is_declared_and_every_declared_one_is_live(engine: Engine, key_engine: Engine) -> None:
    assert undeclared(live_cells(engine), datamap().cells("sql"), "sql") == []
    assert undeclared(live_cells(key_engine), datamap().cells("keys"), "keys") == []


@pytest.mark.parametrize(
    ("change", "cell"),
    [
        ("ALTER TABLE job ADD COLUMN nickname TEXT", "job.nickname"),
        ("CREATE TABLE diary (entry TEXT)", "diary.entry"),
        ("CREATE VIEW prying AS SELECT sealed_words FROM job", "prying.sealed_words"),
    ],
)
def test_a_column_nobody_declared_is_found_and_says_what_to_write(engine: Engine, change: str, cell: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(change))

    (complaint,) = undeclared(live_cells(engine), datamap().cells("sql"), "sql")

    assert complaint.startswith(f"sql: {cell} is stored but not declared: give its field a Datum")


def test_a_declaration_without_its_column_is_found(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE too_young"))

    complaints = undeclared(live_cells(engine), datamap().cells("sql"), "sql")

    assert [complaint.split(":")[1].split()[0] for complaint in complaints] == ["too_young.lookup", "too_young.until"]


def test_the_migrations_make_exactly_what_the_rows_say(engine: Engine, key_engine: Engine) -> None:
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), SQLModel.metadata) == []
    with key_engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), keys.metadata) == []


def test_history_cannot_be_rewritten(store: Store, engine: Engine) -> None:
    """The triggers that make books append-only came with the migration."""
    catalog = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if store.name == "sqlite"
        else "SELECT tgname AS name FROM pg_trigger WHERE NOT tgisinternal"
    )
    with engine.connect() as connection:
        triggers = set(connection.execute(text(catalog)).scalars())
    assert triggers == {
        "ledger_tx_no_update", "ledger_tx_no_delete", "ledger_entry_no_update", "ledger_entry_no_delete",
        "ledger_account_no_close", "acknowledgement_no_update", "consent_no_update",
    }  # fmt: skip


def test_few_cells_claim_to_say_nothing_about_anybody() -> None:
    claimed = [entry for entry in datamap().entries if isinstance(entry.meaning, NotPersonal)]
    assert len(claimed) == NOT_PERSONAL_BUDGET, "change the budget with the cells, and only with a good reason"
    assert all(entry.meaning.reason for entry in claimed if isinstance(entry.meaning, NotPersonal))


async def test_every_subject_path_leads_to_the_person(stage: Stage, ana: Actor, ben: Actor) -> None:
    """From the row to its person, and to nobody else: every row is of one of the two, and of no one but them."""
    await everything(stage, ana)
    await everything(stage, ben)
    people = [(await accounts.known(stage.app, actor.who)).id for actor in (ana, ben)]
    walked = set()
    with stage.database._engine.connect() as connection:
        for entry, _datum in datamap().personal():
            name = entry.cell.split(".")[0]
            if entry.store != "sql" or name in WITHOUT_ACCOUNT:
                continue
            every = connection.execute(select(SQLModel.metadata.tables[name])).all()
            of_ana, of_ben = (connection.execute(rows_of(entry, person)).all() for person in people)
            assert of_ana, f"{entry.cell}: {entry.subject} leads to nobody"
            assert of_ben, f"{entry.cell}: {entry.subject} leads to one person only"
            assert sorted(map(repr, [*of_ana, *of_ben])) == sorted(map(repr, every)), (
                f"{entry.cell}: {entry.subject} leads elsewhere"
            )
            walked.add(entry.cell)
    assert len(walked) > 150


def test_a_path_that_leads_nowhere_is_no_map() -> None:
    entries = datamap().entries
    personal = next(entry for entry in entries if isinstance(entry.meaning, Datum))
    with pytest.raises(ValueError, match="no path leads to the person"):
        DataMap((type(personal)(personal.store, personal.cell, "", personal.meaning),))
