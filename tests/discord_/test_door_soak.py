"""While everything goes wrong at once: nothing is shown twice, nothing is lost, nothing is paid for nothing.

By hand with more: `python -m tests.discord_.soak --jobs 500`.
"""

from __future__ import annotations

from pathlib import Path

from storage.database import SqlDatabase
from tests.discord_.soak import soak


async def test_each_picture_is_shown_once_and_paid_once(tmp_path: Path, database: SqlDatabase) -> None:
    figures = await soak(tmp_path, database, jobs=40, share=0.03)

    assert figures.requests > 20
    assert sum(figures.faults.values()) > 10
    assert figures.restarts > 0
    assert (figures.twice_by_edit, figures.twice_by_message) == (0, 0)
    assert (figures.lost, figures.unpaid, figures.still_owed, figures.public_secrets) == (0, 0, 0, 0)
