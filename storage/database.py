"""Opens the database and runs one function as one transaction: BEGIN IMMEDIATE on SQLite, READ COMMITTED on PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from core.errors import Unavailable
from core.ports import Records
from storage.patience import LONG, be_patient, take_time
from storage.records.doors import SqlButtons, SqlChoices, SqlInbox, SqlPosts, SqlReports
from storage.records.figures import SqlFigures
from storage.records.jobs import SqlJobs, SqlWishes
from storage.records.leaders import SqlLeaders
from storage.records.ledger import SqlLedger
from storage.records.people import SqlPeople
from storage.records.pictures import SqlDeliveries, SqlPictures
from storage.schema import head

P = ParamSpec("P")
R = TypeVar("R")

#: What must be true of every SQLite connection. synchronous=2 is FULL: a power cut loses no committed transaction.
SQLITE_PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}
BUSY_TIMEOUT = 10_000  #: milliseconds SQLite waits for another writer
ONLOOKERS = 3  #: threads that only read: a slow look must not hold up a quick one
#: Options of a connection that sees one moment and waits for no writer.
READING: Final[dict[str, dict[str, Any]]] = {
    "sqlite": {"reads_only": True},
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
}


class SqlRecords:
    """The nouns over one open connection, each made when it is first spoken of."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @cached_property
    def people(self) -> SqlPeople:
        return SqlPeople(self._connection)

    @cached_property
    def jobs(self) -> SqlJobs:
        return SqlJobs(self._connection)

    @cached_property
    def wishes(self) -> SqlWishes:
        return SqlWishes(self._connection)

    @cached_property
    def pictures(self) -> SqlPictures:
        return SqlPictures(self._connection)

    @cached_property
    def deliveries(self) -> SqlDeliveries:
        return SqlDeliveries(self._connection)

    @cached_property
    def posts(self) -> SqlPosts:
        return SqlPosts(self._connection)

    @cached_property
    def inbox(self) -> SqlInbox:
        return SqlInbox(self._connection)

    @cached_property
    def buttons(self) -> SqlButtons:
        return SqlButtons(self._connection)

    @cached_property
    def choices(self) -> SqlChoices:
        return SqlChoices(self._connection)

    @cached_property
    def reports(self) -> SqlReports:
        return SqlReports(self._connection)

    @cached_property
    def leaders(self) -> SqlLeaders:
        return SqlLeaders(self._connection)

    @cached_property
    def ledger(self) -> SqlLedger:
        return SqlLedger(self._connection)

    @cached_property
    def figures(self) -> SqlFigures:
        return SqlFigures(self._connection)


@contextmanager
def reachable(key: str) -> Iterator[None]:
    """A database that cannot be reached, or stays locked, is Unavailable; `key` is of its sentence."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise Unavailable(key, retry_after=5) from error


class SqlDatabase:
    """`core.ports.Database` over an engine. SQLite has one writer, so one thread; PostgreSQL gets a few."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._threads = ThreadPoolExecutor(1 if engine.dialect.name == "sqlite" else 4, thread_name_prefix="database")
        self._onlookers = ThreadPoolExecutor(ONLOOKERS, thread_name_prefix="onlooker")

    async def run(self, fn: Callable[Concatenate[Records, P], R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, partial(self.transact, fn, *args, **kwargs)
        )

    def transact(self, fn: Callable[Concatenate[Records, P], R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """As `run`, on the calling thread."""
        with reachable("database.unavailable"), self._engine.begin() as connection:
            return fn(SqlRecords(connection), *args, **kwargs)

    async def look(self, fn: Callable[Concatenate[Records, P], R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """As `run`, of what only reads and may take long: it sees one moment, and holds up nobody who writes."""
        return await asyncio.get_running_loop().run_in_executor(
            self._onlookers, self._look, lambda connection: fn(SqlRecords(connection), *args, **kwargs)
        )

    async def is_at_head(self) -> bool:
        """Whether the schema is the newest that this program knows. Raises Unavailable."""
        asked, newest = text("SELECT version_num FROM alembic_version"), head("records")
        return await asyncio.get_running_loop().run_in_executor(
            self._onlookers, self._look, lambda connection: connection.execute(asked).scalar() == newest
        )

    def _look(self, reads: Callable[[Connection], R]) -> R:
        with reachable("database.unavailable"), self._engine.connect() as opened:
            connection = opened.execution_options(**READING[self._engine.dialect.name])
            with connection.begin():
                take_time(connection, LONG)
                return reads(connection)

    def close(self) -> None:
        self._threads.shutdown()
        self._onlookers.shutdown()
        self._engine.dispose()


def open_engine(url: str) -> Engine:
    """An engine with parameters hidden from every message. Raises Unavailable when the database cannot be opened."""
    if url.startswith("sqlite"):
        engine = create_engine(
            url, hide_parameters=True, connect_args={"isolation_level": None, "check_same_thread": False}
        )
        event.listen(engine, "connect", _set_pragmas)
        event.listen(engine, "begin", _begin_immediate)
    else:
        engine = create_engine(url, hide_parameters=True, isolation_level="READ COMMITTED", pool_pre_ping=True)
        be_patient(engine)
    try:
        with engine.connect().execution_options(reads_only=True) as connection:
            if engine.dialect.name == "sqlite":
                _check_pragmas(connection)
    except DBAPIError as error:
        raise Unavailable("database.unavailable", retry_after=5) from error
    return engine


def sqlite_url(path: Path) -> str:
    return f"sqlite:///{path}"


def _set_pragmas(connection: Any, _record: Any) -> None:
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT}")
    for name, value in SQLITE_PRAGMAS.items():
        connection.execute(f"PRAGMA {name}={value}")


def _begin_immediate(connection: Connection) -> None:
    reads_only = connection.get_execution_options().get("reads_only", False)
    connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")


def _check_pragmas(connection: Connection) -> None:
    """A file system that cannot do WAL, or a build that ignores a pragma, must not go unnoticed: kill tests cannot see it."""
    for name, wanted in SQLITE_PRAGMAS.items():
        found = connection.exec_driver_sql(f"PRAGMA {name}").scalar()
        if found != wanted:
            raise Unavailable("database.pragma", name=name, wanted=wanted, found=found)
