"""What SQLite leaves behind by itself: nothing of a deleted row in the file, and nothing in the log after an erasure."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from core.erasing import erasure
from core.errors import Unavailable
from storage import database as product
from storage.database import SqlDatabase
from storage.keys import keys
from storage.records.tables import IdentityRow, JobRow, table
from tests.cast import Actor, Stage
from tests.databases import Store
from tests.erasure.going import confirms, finish, found, goes, id_of


@pytest.fixture
def database(sqlite_store: Store) -> SqlDatabase:
    return sqlite_store.open()


def bytes_of(stage: Stage) -> bytes:
    """Every file of both databases."""
    records = stage.database._engine.url.database
    assert records is not None
    found = b""
    for name in (records, str(stage.folder / "keys.db")):
        for end in ("", "-wal", "-shm"):
            try:
                with open(name + end, "rb") as file:
                    found += file.read()
            except FileNotFoundError:
                continue
    return found


async def test_no_byte_of_a_row_of_theirs_is_left_in_either_database(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a cat")
    await stage.works()
    person = await id_of(ben)
    with stage.database._engine.connect() as connection:
        sealed = [*connection.execute(select(table(JobRow).c.sealed_words)).scalars()]
        sealed += connection.execute(select(table(IdentityRow).c.sealed_id)).scalars()
    with stage.app.keys._engine.connect() as connection:  # type: ignore[attr-defined]
        sealed += connection.execute(select(keys.c.wrapped)).scalars()
    traces = [*(bytes(one) for one in sealed), person.encode()]
    assert all(one in bytes_of(stage) for one in traces), "a search that finds nothing before proves nothing after"

    await goes(ben)

    assert [one for one in traces if one in bytes_of(stage)] == []


async def test_an_erasure_waits_for_who_still_reads_what_was_there(stage: Stage, ben: Actor) -> None:
    """A reader of yesterday keeps the log; the erasure is tried again until it can be truncated."""
    await ben.says("/imagine a cat")
    await stage.works()
    code = await confirms(ben)
    stage.clock.passes(stage.app.limits.undo_window)
    with pytest.MonkeyPatch.context() as patch, stage.database._engine.connect() as reader:
        patch.setattr(product, "BUSY_TIMEOUT", 100)
        reader.execution_options(reads_only=True).exec_driver_sql("SELECT count(*) FROM job").scalar()
        with pytest.raises(ExceptionGroup) as failures:
            await erasure.proceed(stage.app)
        assert isinstance(failures.value.exceptions[0], Unavailable)
        assert (await found(stage, code)).receipt is None
    stage.clock.passes(erasure.LONGEST_PAUSE)

    await finish(stage)

    assert (await found(stage, code)).receipt is not None
