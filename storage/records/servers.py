"""The verbs of `core.records.Servers`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select, update

from core.values import Moment
from core.values.letters import Server
from storage.records.statements import insert_if_new
from storage.records.tables import ServerRow, table

servers = table(ServerRow)


class SqlServers:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, server: Server) -> bool:
        return insert_if_new(
            self._connection, servers, id=server.id, keep_days=server.keep_days, created_at=server.created_at
        )

    def get(self, server: str) -> Server | None:
        row = self._connection.execute(select(servers).where(servers.c.id == server)).one_or_none()
        return None if row is None else _server(row)

    def all(self) -> list[Server]:
        return [_server(row) for row in self._connection.execute(select(servers).order_by(servers.c.created_at))]

    def keep(self, server: str, keep_days: int) -> bool:
        changed = update(servers).where(servers.c.id == server).values(keep_days=keep_days)
        return self._connection.execute(changed).rowcount == 1


def _server(row: Any) -> Server:
    return Server(row.id, row.keep_days, Moment(row.created_at))
