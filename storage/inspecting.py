"""What a look into the open stores of rows says of them: their columns, whether they overwrite what they delete, one value.

Reads what the database really has. Knows no table and no person.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from sqlalchemy import ColumnClause, Connection, Engine, column, inspect, select, table, text

from storage.database import READING
from storage.patience import reachable

R = TypeVar("R")


class Stores:
    """Stores as they are open in this process, by the names that the data map has for them."""

    def __init__(self, **engines: Engine) -> None:
        self._engines = engines

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._engines)

    async def cells(self, store: str) -> set[str]:
        """Every column that is there. Raises Unavailable."""
        return await self._look(store, live_cells)

    async def overwrites(self, store: str) -> bool | None:
        """Whether what is deleted is overwritten; None where only the operator of a server can say. Raises Unavailable."""
        return await self._look(store, _overwrites)

    async def sample(self, store: str, cells: Iterable[str]) -> dict[str, bytes]:
        """One value of each of these columns that has any. Raises Unavailable."""
        return await self._look(store, lambda connection: _sample(connection, cells))

    async def _look(self, store: str, look: Callable[[Connection], R]) -> R:
        return await asyncio.to_thread(self._looked, self._engines[store], look)

    def _looked(self, engine: Engine, look: Callable[[Connection], R]) -> R:
        with reachable("database.unavailable"), engine.connect() as opened:
            connection = opened.execution_options(**READING[engine.dialect.name])
            with connection.begin():
                return look(connection)


def live_cells(of: Connection | Engine) -> set[str]:
    """Columns of every table and view the database really has, keys included."""
    found = inspect(of)
    names = [*found.get_table_names(), *found.get_view_names()]
    if of.dialect.name == "postgresql":
        names += found.get_materialized_view_names()
    return {f"{name}.{column['name']}" for name in names for column in found.get_columns(name)}


def _overwrites(connection: Connection) -> bool | None:
    if connection.dialect.name != "sqlite":
        return None
    return connection.execute(text("PRAGMA secure_delete")).scalar() == 1


def _sample(connection: Connection, cells: Iterable[str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for cell in cells:
        name, _, of = cell.partition(".")
        asked: ColumnClause[Any] = column(of)
        some = select(asked).select_from(table(name, asked)).where(asked.is_not(None)).limit(1)
        value = connection.execute(some).scalar()
        if value is not None:
            found[cell] = value.encode() if isinstance(value, str) else bytes(value)
    return found
