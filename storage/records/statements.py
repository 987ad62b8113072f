"""What statements share: the one that SQLite and PostgreSQL spell alike but SQLAlchemy keeps apart, and the job they are about.

Statements that every request runs are constants of their modules: to build one takes longer than to run it.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Table, bindparam
from sqlalchemy.dialects import postgresql, sqlite

JOB: Final[Any] = bindparam("job")


def insert_if_new(connection: Connection, into: Table, **values: Any) -> bool:
    """Insert a row unless one with the same key is there; True when it was inserted."""
    statement = _unless_there(into, connection.dialect.name)
    # Without this option the driver's row count of an INSERT is thrown away.
    return connection.execute(statement, values, execution_options={"preserve_rowcount": True}).rowcount == 1


@cache
def _unless_there(into: Table, product: str) -> Any:
    insert = sqlite.insert(into) if product == "sqlite" else postgresql.insert(into)
    return insert.on_conflict_do_nothing()
