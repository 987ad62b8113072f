"""The verbs of `core.records.Policies`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Select, func, select

from core.policy.document import PolicyVersion
from core.values import Moment
from storage.records.statements import insert_if_new
from storage.records.tables import PersonRow, PolicyVersionRow, table

policies, people = table(PolicyVersionRow), table(PersonRow)


class SqlPolicies:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def newest(self) -> PolicyVersion | None:
        return next(iter(self.latest(1)), None)

    def add(self, version: PolicyVersion) -> bool:
        return insert_if_new(self._connection, policies, **asdict(version))

    def required(self) -> int:
        return self._greatest(select(func.max(policies.c.version)).where(policies.c.material))

    def latest(self, limit: int) -> list[PolicyVersion]:
        rows = self._connection.execute(select(policies).order_by(policies.c.version.desc()).limit(limit))
        return [PolicyVersion(row.version, row.hash, bool(row.material), row.document, Moment(row.at)) for row in rows]

    def newest_agreed_to(self) -> int:
        return self._greatest(select(func.max(people.c.notice_version)))

    def _greatest(self, statement: Select[Any]) -> int:
        return self._connection.execute(statement).scalar_one() or 0
