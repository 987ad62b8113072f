"""How long a PostgreSQL server may take to answer before its connection is given up. Knows connections, no statement.

A server that is gone without a word, or a network that lost one, would else be waited for until somebody ends the process.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import InterfaceError, OperationalError

from core.errors import Unavailable

CONNECT: Final = 5  #: seconds until a connection stands
ANSWER: Final = 8  #: seconds for each answer; whoever asks is waited for by a person
HEAD_START: Final = 1  #: seconds by which a server that lives gives up earlier, so that its connection stays
IDLE: Final = 10  #: seconds a transaction may stand still: a process that pauses in one holds others up

LONG: Final = 600  #: seconds a look at everything may take
VERY_LONG: Final = 24 * 3_600  #: a migration, a backup

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


@contextmanager
def reachable(key: str) -> Iterator[None]:
    """A database that cannot be reached, or stays locked, is Unavailable; `key` is of its sentence."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise Unavailable(key, retry_after=5) from error


def be_patient(engine: Engine) -> None:
    """For an engine of PostgreSQL, before it connects."""
    event.listen(engine, "do_connect", _connect)
    event.listen(engine, "connect", _limit)
    event.listen(engine, "checkin", _limit_again)


def take_time(connection: Connection, seconds: int) -> None:
    """What is done next in this transaction may take so long, and stand still so long. On SQLite everything may."""
    if connection.dialect.name == "postgresql":
        for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
            connection.execute(text(f"SET LOCAL {limit} = {(seconds - HEAD_START) * 1_000}"))
        driver: Any = connection.connection.dbapi_connection
        assert isinstance(driver, PatientConnection)
        driver.patience = seconds


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
