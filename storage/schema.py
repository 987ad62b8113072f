"""Brings a store to the newest schema and says when it is newer than this program. Knows no table.

A store that is up to date is all that most starts find: alembic, a tenth of what a start takes, is imported for others.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, Engine, inspect, text

from core.errors import Unavailable
from storage.patience import VERY_LONG, reachable, take_time

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

MIGRATIONS = Path(__file__).parent / "migrations"
UNFINISHED: Final = "unfinished "  #: stands before the version of a store that is being filled: no program serves it
_NUMBERED: Final = "[0-9]" * 4 + "_*.py"  #: a migration; its number is its revision
_LOCK = 7_264_021_153  #: any number; PostgreSQL lets one migrator in at a time under it


def upgrade(engine: Engine, store: str) -> bool:
    """Bring `store` ("records" or "keys") to its newest schema; True when something was done.

    Raises Unavailable when the store cannot be reached, was written by a newer version of the program, or was never filled to
    its end.
    """
    trouble = reachable("keys.unavailable" if store == "keys" else "database.unavailable")
    with trouble, engine.begin() as connection:
        _wait_for_our_turn(connection)
        return _upgrade(connection, store)


def pending(connection: Connection, store: str) -> list[str]:
    """What `upgrade` would do, oldest first: the number and the sentence of each migration. Raises as `upgrade` does."""
    found = version(connection)
    if found is not None and found.startswith(UNFINISHED):
        raise Unavailable("database.unfinished")
    script = _script(store)
    if found is not None and found not in {step.revision for step in script.walk_revisions()}:
        raise Unavailable("database.newer", found=found, known=head(store))
    steps = [step for step in script.walk_revisions("base", "head") if found is None or step.revision > found]
    return [f"{step.revision}: {step.doc}" for step in reversed(steps)]


def create_at(connection: Connection, store: str, migration: str) -> None:
    """An empty store as it was after a migration. Raises Unavailable when that is newer than this program."""
    if migration not in {step.revision for step in _script(store).walk_revisions()}:
        raise Unavailable("database.newer", found=migration, known=head(store))
    _bring_to(migration, connection, store)


def begin_filling(engine: Engine, store: str) -> None:
    """Bring an empty store to its newest schema, and mark it as one that nobody may serve until `end_filling`.

    Raises Unavailable when the store was written by a newer version of the program.
    """
    with engine.begin() as connection:
        _wait_for_our_turn(connection)
        end_filling(connection)
        _upgrade(connection, store)
        _stamp(connection, UNFINISHED + head(store))


def end_filling(connection: Connection) -> None:
    """In the transaction that fills it: either all rows are there and the mark is gone, or neither."""
    if is_unfinished(connection):
        _stamp(connection, revision(connection) or "")


def revision(connection: Connection) -> str | None:
    """The migration a store is at, marked or not; None for an empty one."""
    found = version(connection)
    return found and found.removeprefix(UNFINISHED)


def is_unfinished(connection: Connection) -> bool:
    return (version(connection) or "").startswith(UNFINISHED)


def head(store: str) -> str:
    """The newest migration of a store that this program knows."""
    return max(path.name[:4] for path in (MIGRATIONS / store).glob(_NUMBERED))


def version(connection: Connection) -> str | None:
    """The migration the store is at, None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def _upgrade(connection: Connection, store: str) -> bool:
    if version(connection) == head(store):
        return False
    steps = pending(connection, store)
    if steps:
        _bring_to("head", connection, store)
    return bool(steps)


def _wait_for_our_turn(connection: Connection) -> None:
    take_time(connection, VERY_LONG)
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def _stamp(connection: Connection, found: str) -> None:
    connection.execute(text("UPDATE alembic_version SET version_num = :found"), {"found": found})


def _script(store: str) -> ScriptDirectory:
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(_config(store))


def _bring_to(migration: str, connection: Connection, store: str) -> None:
    from alembic import command

    config = _config(store)
    config.attributes["connection"] = connection
    command.upgrade(config, migration)


def _config(store: str) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("version_locations", str(MIGRATIONS / store))
    config.set_main_option("path_separator", "os")
    return config
