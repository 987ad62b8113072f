"""Fixtures of the policy: an operator's folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.database import SqlDatabase
from tests.databases import Store
from tests.policy.operator import Office


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


@pytest.fixture
def database(sqlite_store: Store) -> SqlDatabase:
    """What a text says does not depend on the database; `test_publishing` runs over both."""
    return sqlite_store.open()
