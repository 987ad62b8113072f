"""How long a PostgreSQL server may take to answer before its connection is given up. Knows connections, no statement.

A server that is gone without a word, or a network that lost one, would else be waited for until somebody ends the process.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import InterfaceError, OperationalError

from core.errors import Unavailable

CONNECT: Final = 5  #: seconds until a connection stands
ANSWER: Final = 8  #: seconds for each answer; whoever asks is waited for by a person
HEAD_START: Final = 1  #: seconds by which a server that lives gives up earlier, so that its connection stays
IDLE: Final = 10  #: seconds a transaction may stand still: a process that pauses in one holds others up

LONG: Final = 600  #: seconds a look at everything may take
VERY_LONG: Final = 24 * 3_600  #: a migration, a backup


@contextmanager
def reachable(key: str) -> Iterator[None]:
    """A database that cannot be reached, or stays locked, is Unavailable; `key` is of its sentence."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise Unavailable(key, retry_after=5) from error


def take_time(connection: Connection, seconds: int) -> None:
    """What is done next in this transaction may take so long, and stand still so long. On SQLite everything may."""
    if connection.dialect.name == "postgresql":
        for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
            connection.execute(text(f"SET LOCAL {limit} = {(seconds - HEAD_START) * 1_000}"))
        driver: Any = connection.connection.dbapi_connection  # a PatientConnection
        driver.patience = seconds
