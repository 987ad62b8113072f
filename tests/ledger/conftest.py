"""A desk over each database, and Ana, who has an account and no credits yet."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from storage.database import SqlDatabase
from tests.ledger.desk import Customer, Desk


@pytest.fixture
def desk(database: SqlDatabase) -> Iterator[Desk]:
    """Whatever a test does, it leaves right books behind, or says itself that it spoiled them."""
    desk = Desk(database)
    yield desk
    assert desk.spoiled or desk.mistakes() == []


@pytest.fixture
def ana(desk: Desk) -> Customer:
    return desk.enroll()


@pytest.fixture
def ben(desk: Desk) -> Customer:
    return desk.enroll()
