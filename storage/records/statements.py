"""The one statement that SQLite and PostgreSQL spell alike but SQLAlchemy keeps apart."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_if_new(connection: Connection, into: Table, **values: Any) -> bool:
    """Insert a row unless one with the same key is there; True when it was inserted."""
    insert: Any = sqlite.insert(into) if connection.dialect.name == "sqlite" else postgresql.insert(into)
    statement = insert.values(**values).on_conflict_do_nothing()
    # Without this option the driver's row count of an INSERT is thrown away.
    return connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount == 1
