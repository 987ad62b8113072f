"""Real databases for tests: a throw-away PostgreSQL server, and stores made from a migrated template. Nothing is faked."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Engine, StaticPool, create_engine, event

from storage.database import SqlDatabase, open_engine, sqlite_url
from storage.schema import upgrade

NOT_INSTALLED = "PostgreSQL is not installed"
HOW_TO_INSTALL = "Debian, Ubuntu: apt install postgresql; macOS: brew install postgresql"


class Store:
    """A migrated, empty database. What is opened here is closed with it."""

    def __init__(self, name: str, url: str) -> None:
        self.name = name
        self.url = url
        self._opened = ExitStack()

    def open(self) -> SqlDatabase:
        database = SqlDatabase(open_engine(self.url))
        self._opened.callback(database.close)
        return database

    def engine(self) -> Engine:
        """For tests that look at rows, or spoil them."""
        engine = open_engine(self.url)
        self._opened.callback(engine.dispose)
        return engine

    def close(self) -> None:
        self._opened.close()


def migrate(url: str, store: str = "records") -> None:
    engine = open_engine(url)
    upgrade(engine, store)
    engine.dispose()


@cache
def empty_keys() -> bytes:
    """A migrated key store that nobody used."""
    with tempfile.TemporaryDirectory(prefix="darkroom-") as folder:
        migrate(sqlite_url(made := Path(folder) / "keys.db"), "keys")
        return made.read_bytes()


@contextmanager
def copied(template: Path) -> Iterator[Store]:
    """A copy of a migrated SQLite file for one test; in memory where there is a folder for that: it waits for no disk."""
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(prefix="darkroom-", dir=memory) as folder:
        store = Store("sqlite", sqlite_url(shutil.copy(template, Path(folder) / "records.db")))
        try:
            yield store
        finally:
            store.close()


def in_memory(template: Path) -> Engine:
    """A copy of a SQLite file in memory, under the rules of storage/database.py but for those of durability."""
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"isolation_level": None})
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    source = open_engine(sqlite_url(template))
    with engine.connect() as copy, source.connect() as original:
        original.connection.dbapi_connection.backup(copy.connection.dbapi_connection)  # type: ignore[union-attr]
        copy.connection.execute("PRAGMA foreign_keys=1")  # type: ignore[attr-defined]
    source.dispose()
    return engine


class PostgresServer:
    """A server of our own in a temporary folder, reached through a unix socket only."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count(1)

    @contextmanager
    def fresh(self, template: str = "records") -> Iterator[Store]:
        """A copy of a template for one test; dropped afterwards."""
        name = f"test_{next(self._numbers)}"
        store = Store("postgres", self.create(name, template))
        try:
            yield store
        finally:
            store.close()
            self._run(f'DROP DATABASE "{name}" WITH (FORCE)')

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://darkroom@/{name}?host={self._folder}"

    def create(self, name: str, template: str = "template1") -> str:
        """A new database, and its URL."""
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)

    def _run(self, statement: str) -> None:
        with psycopg.connect(host=str(self._folder), user="darkroom", dbname="postgres", autocommit=True) as connection:
            connection.execute(statement)


def postgres_programs() -> Path | None:
    """The folder of PostgreSQL's programs on this machine, or None. Debian keeps the servers' off the PATH."""
    by_version = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    found = shutil.which("initdb") or (by_version[-1] if by_version else None)
    return Path(found).resolve().parent if found else None


@contextmanager
def postgres_server(programs: Path, *, durable: bool = False, parent: Path | None = None) -> Iterator[PostgresServer]:
    """Start a server and end it. Unless `durable` a power cut loses commits: good enough for tests, not for benchmarks.

    It refuses to run as root, so then it runs as the user its package made, or as nobody.
    """
    folder = Path(tempfile.mkdtemp(prefix="darkroom-", dir=parent)).resolve()
    as_whom: dict[str, Any] = _somebody_else(folder) if os.getuid() == 0 else {}
    hurry = [] if durable else ["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off"]
    place = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}"]
    at = ["-D", str(folder / "data")]
    setup = ["-U", "darkroom", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    subprocess.run([programs / "initdb", *at, *setup], check=True, stdout=subprocess.DEVNULL, cwd=folder, **as_whom)
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [programs / "postgres", *at, *place, *hurry], stdout=log, stderr=log, cwd=folder, **as_whom
        )
    try:
        _wait(server, folder)
        yield PostgresServer(folder)
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(timeout=60)
        shutil.rmtree(folder)


def _somebody_else(folder: Path) -> dict[str, Any]:
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = names.get("postgres") or names["nobody"]
    os.chown(folder, entry.pw_uid, entry.pw_gid)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _wait(server: subprocess.Popen[bytes], folder: Path) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            psycopg.connect(host=str(folder), user="darkroom", dbname="postgres").close()
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > until:
                raise RuntimeError((folder / "log").read_text()) from None
            time.sleep(0.02)
        else:
            return
