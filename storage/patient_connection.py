"""A connection to PostgreSQL that is as patient as storage/patience.py says. Only who has such a server imports its driver."""

from __future__ import annotations

from typing import Any, Final

import psycopg
from sqlalchemy import Engine, event

from storage.patience import ANSWER, CONNECT, HEAD_START, IDLE

#: Of libpq. They find a machine that is gone; one that only hangs is found by `ANSWER`.
CONNECTING: Final[dict[str, int]] = {
    "connect_timeout": CONNECT,
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": ANSWER * 1_000,
}


class PatientConnection(psycopg.Connection[Any]):
    """Gives itself up when an answer takes too long: nobody knows any more what the server did."""

    patience: float = ANSWER

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Raises OperationalError."""
        try:
            return super().wait(gen, interval, self.patience if timeout is None else timeout)
        except psycopg.errors._WaitTimeout as late:
            self.pgconn.finish()
            raise psycopg.OperationalError("no answer in time") from late


def be_patient(engine: Engine) -> None:
    """For an engine of PostgreSQL, before it connects."""
    event.listen(engine, "do_connect", _connect)
    event.listen(engine, "connect", _limit)
    event.listen(engine, "checkin", _limit_again)


def _connect(_dialect: Any, _record: Any, arguments: Any, named: Any) -> PatientConnection:
    return PatientConnection.connect(*arguments, **(CONNECTING | named))


def _limit(connection: PatientConnection, _record: Any) -> None:
    """The server stops what we gave up waiting for, so that it holds nobody up either."""
    connection.execute(f"SET statement_timeout = {(ANSWER - HEAD_START) * 1_000}")
    connection.execute(f"SET idle_in_transaction_session_timeout = {IDLE * 1_000}")
    connection.commit()


def _limit_again(connection: PatientConnection | None, _record: Any) -> None:
    if connection is not None:
        connection.patience = ANSWER
