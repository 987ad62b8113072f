"""The verbs of `core.records.Probes`: how each probe of this deployment went last."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, select, update

from core.values import Moment, Probed
from storage.records.statements import insert_if_new
from storage.records.tables import ProbeRow, table

probes = table(ProbeRow)


class SqlProbes:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, probed: Sequence[Probed]) -> None:
        """When it last passed stays as it is for one that failed."""
        self._connection.execute(delete(probes).where(probes.c.key.not_in([one.key for one in probed])))
        for one in probed:
            values = {"checked_at": one.at, "passed": one.passed} | ({"passed_at": one.at} if one.passed else {})
            if not insert_if_new(self._connection, probes, key=one.key, **values):
                self._connection.execute(update(probes).where(probes.c.key == one.key).values(values))

    def all(self) -> list[Probed]:
        return [
            Probed(row.key, Moment(row.checked_at), bool(row.passed), row.passed_at and Moment(row.passed_at))
            for row in self._connection.execute(select(probes).order_by(probes.c.key))
        ]
