"""Fixtures for every test: a fresh database, and how skipping is reported."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from storage.database import SqlDatabase, sqlite_url
from tests import databases
from tests.databases import PostgresServer, Store

pytest_plugins = ["tests.stage", "tests.s3_server"]

settings.register_profile("short", deadline=None, max_examples=100)
settings.register_profile("long", deadline=None, max_examples=5_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "short"))

NO_SKIP = "NO_SKIPPED_TESTS"  #: set where everything is installed: then a skipped test fails the run


#: What happens here is far above the statements, whose own tests run on both products every time.
FAR_FROM_SQL = {"consent", "conversation", "crashes", "erasure", "policy", "rights", "tickets", "watching"}
FAR_FROM_SQL |= {"test_random_histories", "test_settled", "test_who_may_what"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Over PostgreSQL they are run by `make test-all` alone."""
    for item in items:
        if FAR_FROM_SQL & {item.path.parent.name, item.path.stem} and item.get_closest_marker("postgres"):
            item.add_marker(pytest.mark.products)


def pytest_collection_finish() -> None:
    """What was imported stays: looking through it for garbage again and again took a tenth of a run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest) -> Store:
    """A migrated, empty database; a test that uses it runs once on each product."""
    made: Store = request.getfixturevalue(f"{request.param}_store")
    return made


@pytest.fixture
def database(store: Store) -> SqlDatabase:
    return store.open()


@pytest.fixture
def sqlite_store(sqlite_template: Path) -> Iterator[Store]:
    with databases.copied(sqlite_template) as made:
        yield made


@pytest.fixture
def postgres_store(postgres: PostgresServer) -> Iterator[Store]:
    with postgres.fresh() as made:
        yield made


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    template = tmp_path_factory.mktemp("template") / "records.db"
    databases.migrate(sqlite_url(template))
    return template


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server for the whole run, with the template `records`."""
    programs = databases.postgres_programs()
    if programs is None:
        pytest.skip(databases.NOT_INSTALLED)
    with databases.postgres_server(programs) as server:
        databases.migrate(server.create("records"))
        yield server


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    without_postgres = [report for report in skipped if databases.NOT_INSTALLED in str(report.longrepr)]
    if without_postgres:
        terminalreporter.write_line(
            f"{len(without_postgres)} tests skipped: {databases.NOT_INSTALLED} ({databases.HOW_TO_INSTALL})",
            yellow=True,
        )
    if skipped and os.environ.get(NO_SKIP) == "1":
        terminalreporter.write_line(f"{len(skipped)} tests skipped, and {NO_SKIP}=1 allows none: failed", red=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and reporter.stats.get("skipped") and os.environ.get(NO_SKIP) == "1":
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
