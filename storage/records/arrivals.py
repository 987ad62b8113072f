"""The verbs of `core.records.Arrivals`: rows of somebody who comes from another Darkroom, in whichever tables they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import BigInteger, Boolean, Connection, Float, LargeBinary, insert, select
from sqlmodel import SQLModel


class SqlArrivals:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
        found = SQLModel.metadata.tables[table]
        usual = {
            column.name: _nothing(column.type)
            for column in found.columns
            if not column.nullable and not (column.primary_key and isinstance(column.type, BigInteger))
        }
        for row in rows:
            self._connection.execute(insert(found).values({**usual, **row}))

    def taken(self, table: str, column: str, values: Iterable[str]) -> set[str]:
        found = SQLModel.metadata.tables[table].c[column]
        return set(self._connection.execute(select(found).where(found.in_(list(values)))).scalars())


def _nothing(type_: Any) -> Any:
    """What a cell says that nothing was brought for."""
    if isinstance(type_, Boolean):
        return False
    if isinstance(type_, BigInteger | Float):
        return 0
    return b"" if isinstance(type_, LargeBinary) else ""
