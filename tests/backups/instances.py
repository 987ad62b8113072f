"""Whole instances as an operator has them: a data folder with its secrets, a database, a bot over both, and the commands."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeVar

from pyrage.x25519 import Identity
from sqlalchemy import Engine, select
from sqlmodel import SQLModel

from storage.backups.copying import PASSING
from storage.database import SqlDatabase, open_engine, sqlite_url
from storage.keys import keys
from storage.schema import upgrade
from tests.cast import LOOKUP, MASTER, Stage, build_stage
from tests.typed import typed

T = TypeVar("T")


@dataclass
class Instance:
    """`url` is its PostgreSQL database, or empty for SQLite in its folder."""

    folder: Path
    url: str = ""
    more: dict[str, str] = field(default_factory=dict)
    _opened: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        secrets = self.folder / "secrets"
        secrets.mkdir(parents=True)
        (secrets / "master_key").write_text(MASTER.hex())
        (secrets / "lookup_key").write_text(LOOKUP.hex())
        self._loop = self._opened.enter_context(asyncio.Runner())

    @property
    def settings(self) -> dict[str, str]:
        return {
            "DARKROOM_DATA": str(self.folder),
            "DARKROOM_DATABASE_URL": self.url,
            "DARKROOM_MODEL": "flat",
            "DARKROOM_FLAT_DELAY": "0.01",
            **self.more,
        }

    def darkroom(self, *arguments: object) -> CompletedProcess[str]:
        """An operator's command, in this process."""
        return typed(self.settings, *arguments)

    def does(self, *arguments: object) -> Any:
        """One that works; what it prints as JSON."""
        done = self.darkroom(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def refuses(self, *arguments: object) -> str:
        """The one sentence with which it does not work."""
        done = self.darkroom(*arguments)
        assert done.returncode == 2, done.stdout
        assert done.stdout == ""
        assert done.stderr.count("\n") == 1, done.stderr
        return done.stderr.strip()

    def stage(self) -> Stage:
        """A bot over the stores of this instance."""
        return build_stage(self.folder, self.database())

    def database(self) -> SqlDatabase:
        database = SqlDatabase(self.engine())
        self._opened.callback(database.close)
        return database

    def engine(self, store: str = "records") -> Engine:
        names = {
            "records": self.url or sqlite_url(self.folder / "darkroom.db"),
            "keys": self.more.get("DARKROOM_KEYS_URL") or sqlite_url(self.folder / "keys.db"),
        }
        engine = open_engine(names[store])
        self._opened.callback(engine.dispose)
        return engine

    def lives(self, what: Coroutine[Any, Any, T]) -> T:
        """Let something happen at its bot."""
        return self._loop.run(what)

    def rows(self) -> dict[str, list[dict[str, Any]]]:
        """Every row of the records and of the key store, in some fixed order."""
        found: dict[str, list[dict[str, Any]]] = {}
        with self.engine().connect() as connection:
            for table in SQLModel.metadata.sorted_tables:
                if table.name not in PASSING:
                    found[table.name] = _sorted(connection.execute(select(table)).mappings())
        upgrade(self.engine("keys"), "keys")
        with self.engine("keys").connect() as connection:
            found[keys.name] = _sorted(connection.execute(select(keys)).mappings())
        return found

    def blobs(self) -> dict[str, bytes]:
        folder = self.folder / "blobs"
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    def close(self) -> None:
        self._opened.close()


def _sorted(rows: Any) -> list[dict[str, Any]]:
    return sorted((dict(row) for row in rows), key=lambda row: json.dumps(row, default=repr, sort_keys=True))


@dataclass(frozen=True)
class Pair:
    """What age-keygen makes."""

    file: Path
    public: str


def new_pair(file: Path) -> Pair:
    identity = Identity.generate()
    file.write_text(f"# public key: {identity.to_public()}\n{identity}\n")
    return Pair(file, str(identity.to_public()))
