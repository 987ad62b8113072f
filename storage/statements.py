"""The one statement that SQLite and PostgreSQL spell alike but SQLAlchemy keeps apart."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_or_ignore(connection: Connection, into: Table) -> Any:
    """An INSERT that leaves an existing row with the same key alone; its row count says which it was."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(into).on_conflict_do_nothing()
    return postgresql.insert(into).on_conflict_do_nothing()
