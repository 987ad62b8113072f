"""A hall over each database, with nobody in it."""

from __future__ import annotations

import pytest

from storage.database import SqlDatabase
from tests.databases import Store
from tests.scheduling.hall import Hall


@pytest.fixture
def hall(database: SqlDatabase) -> Hall:
    return Hall(database)


@pytest.fixture
def sqlite_hall(sqlite_store: Store) -> Hall:
    return Hall(sqlite_store.open())
