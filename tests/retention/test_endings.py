"""Every period that the map speaks of ends: by a column it counts from, or by code that is there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bots.wiring import datamap
from core.datamap import Datum, Until
from core.periods import LONGEST
from core.rules import DAY
from storage.records.tables import endings
from tests.gates import keeping


def test_every_period_of_every_table_counts_from_something() -> None:
    assert keeping.unended(datamap(), endings()) == []


def test_every_store_but_the_database_ends_its_periods_by_code_that_is_there() -> None:
    assert keeping.unended_elsewhere(datamap(), endings()) == []


def test_nothing_is_declared_that_no_cell_needs() -> None:
    assert keeping.needless(datamap(), endings()) == []


def test_no_cell_is_said_to_be_kept_longer_than_its_row() -> None:
    assert keeping.outliving(datamap(), endings()) == []


def test_what_a_period_counts_from_is_there() -> None:
    assert keeping.adrift(endings()) == []


def test_every_period_is_finite() -> None:
    assert set(LONGEST) == set(Until)
    assert all(0 < period <= 3_660 * DAY for period in LONGEST.values())


@pytest.mark.parametrize("cell", ["picture.seed", "job.model", "ticket.kind", "button.until", "person.weight"])
def test_a_cell_whose_period_nothing_ends_is_found_and_says_what_to_write(cell: str) -> None:
    entries = tuple(
        replace(entry, meaning=replace(entry.meaning, keep=Until.PROVEN))
        if entry.cell == cell and isinstance(entry.meaning, Datum)
        else entry
        for entry in datamap().entries
    )

    (complaint,) = keeping.unended(replace(datamap(), entries=entries), endings())
    assert complaint == (
        f"sql: {cell} is kept until proven, which nothing ends: say in __endings__ of its row from which column "
        "that counts, or which code ends it (storage/records/tables.py)"
    )
