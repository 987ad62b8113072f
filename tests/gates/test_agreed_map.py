"""The map is what was agreed on: a change of it is made on purpose, and seen by whoever reads docs/datamap.json."""

from __future__ import annotations

from bots.wiring import datamap
from tests.mutate import SNAPSHOT, snapshot_of, written


def test_the_map_is_the_one_that_was_agreed_on() -> None:
    assert SNAPSHOT.read_text() == written(snapshot_of(datamap())), (
        'the data map has changed: read the difference after `make mutate ARGS="--write"`, and commit it if it is meant'
    )
