"""The verbs of `core.records.UsageFigures`: sums of a day, of five people or more, and of nobody in particular."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from core.values.tally import Used
from storage.records.statements import insert_if_new
from storage.records.tables import UsageRow, table

usage = table(UsageRow)


class SqlUsage:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, used: Used) -> None:
        """Several processes count for themselves, so one may have written the same bucket."""
        key = {"day": used.day, "command": used.command, "model": used.model}
        if not insert_if_new(self._connection, usage, **key, times=used.times):
            same = (usage.c[name] == value for name, value in key.items())
            self._connection.execute(update(usage).where(*same).values(times=usage.c.times + used.times))

    def all(self) -> list[Used]:
        rows = self._connection.execute(select(usage).order_by(usage.c.day, usage.c.command, usage.c.model))
        return [Used(row.day, row.command, row.model, row.times) for row in rows]
