"""The verbs of `core.records.Leaders`, by the database's own clock: processes may be wrong about the time, and paused."""

from __future__ import annotations

from sqlalchemy import BigInteger, Connection, cast, delete, extract, func, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from storage.records.statements import insert_if_new
from storage.records.tables import LeaderRow, table

leaders = table(LeaderRow)
EPOCH = 2_440_587.5  #: the Julian day of 1970-01-01, from which SQLite counts
DAY = 86_400_000  #: milliseconds


class SqlLeaders:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def lead(self, role: str, holder: str, milliseconds: int) -> bool:
        now = self._connection.execute(select(self._now())).scalar_one()
        free = or_(leaders.c.holder == holder, leaders.c.until <= now)
        taken = update(leaders).where(leaders.c.role == role, free).values(holder=holder, until=now + milliseconds)
        return bool(self._connection.execute(taken).rowcount) or insert_if_new(
            self._connection, leaders, role=role, holder=holder, until=now + milliseconds
        )

    def resign(self, role: str, holder: str) -> None:
        self._connection.execute(delete(leaders).where(leaders.c.role == role, leaders.c.holder == holder))

    def _now(self) -> ColumnElement[int]:
        if self._connection.dialect.name == "sqlite":
            return cast((func.julianday("now") - EPOCH) * DAY, BigInteger)
        return cast(extract("epoch", func.clock_timestamp()) * 1000, BigInteger)
