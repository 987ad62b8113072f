"""Opens the database and runs one function as one transaction: BEGIN IMMEDIATE on SQLite, READ COMMITTED on PostgreSQL."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError

from core.errors import Unavailable
from core.records import Records
from storage.patience import LONG, reachable, take_time
from storage.records.arrivals import SqlArrivals
from storage.records.consents import SqlConsents, SqlObjections
from storage.records.doors import SqlButtons, SqlChoices, SqlInbox, SqlPosts
from storage.records.erasures import SqlErasures, SqlSuppressions
from storage.records.expiry import SqlExpiry
from storage.records.exports import SqlExports
from storage.records.figures import SqlFigures
from storage.records.holdings import SqlHoldings
from storage.records.jobs import SqlJobs, SqlWishes
from storage.records.leaders import SqlLeaders
from storage.records.ledger import SqlLedger
from storage.records.notices import SqlLooks, SqlNotices
from storage.records.people import SqlPeople
from storage.records.pictures import SqlDeliveries, SqlPictures
from storage.records.policies import SqlPolicies
from storage.records.probes import SqlProbes
from storage.records.profiles import SqlAddresses, SqlProfiles
from storage.records.removal import SqlRemoval
from storage.records.servers import SqlServers
from storage.records.survivors import SqlSurvivors
from storage.records.tickets import SqlTickets
from storage.records.usage import SqlUsage
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
    def tickets(self) -> SqlTickets:
        return SqlTickets(self._connection)

    @cached_property
    def notices(self) -> SqlNotices:
        return SqlNotices(self._connection)

    @cached_property
    def looks(self) -> SqlLooks:
        return SqlLooks(self._connection)

    @cached_property
    def servers(self) -> SqlServers:
        return SqlServers(self._connection)

    @cached_property
    def consents(self) -> SqlConsents:
        return SqlConsents(self._connection)

    @cached_property
    def objections(self) -> SqlObjections:
        return SqlObjections(self._connection)

    @cached_property
    def profiles(self) -> SqlProfiles:
        return SqlProfiles(self._connection)

    @cached_property
    def addresses(self) -> SqlAddresses:
        return SqlAddresses(self._connection)

    @cached_property
    def usage(self) -> SqlUsage:
        return SqlUsage(self._connection)

    @cached_property
    def exports(self) -> SqlExports:
        return SqlExports(self._connection)

    @cached_property
    def arrivals(self) -> SqlArrivals:
        return SqlArrivals(self._connection)

    @cached_property
    def holdings(self) -> SqlHoldings:
        return SqlHoldings(self._connection)

    @cached_property
    def leaders(self) -> SqlLeaders:
        return SqlLeaders(self._connection)

    @cached_property
    def ledger(self) -> SqlLedger:
        return SqlLedger(self._connection)

    @cached_property
    def expiry(self) -> SqlExpiry:
        return SqlExpiry(self._connection)

    @cached_property
    def figures(self) -> SqlFigures:
        return SqlFigures(self._connection)

    @cached_property
    def policies(self) -> SqlPolicies:
        return SqlPolicies(self._connection)

    @cached_property
    def probes(self) -> SqlProbes:
        return SqlProbes(self._connection)

    @cached_property
    def erasures(self) -> SqlErasures:
        return SqlErasures(self._connection)

    @cached_property
    def removal(self) -> SqlRemoval:
        return SqlRemoval(self._connection)

    @cached_property
    def suppressions(self) -> SqlSuppressions:
        return SqlSuppressions(self._connection)

    @cached_property
    def survivors(self) -> SqlSurvivors:
        return SqlSurvivors(self._connection)


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

    async def forget_log(self) -> None:
        await asyncio.get_running_loop().run_in_executor(
            self._threads, partial(forget_log, self._engine, "database.unavailable")
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
        from storage.patient_connection import be_patient

        be_patient(engine)
    try:
        with engine.connect().execution_options(reads_only=True) as connection:
            if engine.dialect.name == "sqlite":
                _check_pragmas(connection)
    except DBAPIError as error:
        raise Unavailable("database.unavailable", retry_after=5) from error
    return engine


def forget_log(engine: Engine, key: str) -> None:
    """Truncate SQLite's log, which keeps deleted rows until it is written over. PostgreSQL's is its operator's to keep short.

    Raises Unavailable, named by `key`, while somebody still reads what was there before.
    """
    if engine.dialect.name != "sqlite":
        return
    until = time.monotonic() + BUSY_TIMEOUT / 1_000
    with reachable(key), closing(engine.raw_connection()) as connection:
        while _is_busy(connection.cursor()):
            if time.monotonic() > until:
                raise Unavailable(key, retry_after=5)
            time.sleep(0.05)


def _is_busy(cursor: Any) -> bool:
    try:
        busy: int = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    except sqlite3.OperationalError:
        return True
    return bool(busy)


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
