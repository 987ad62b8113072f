"""Brings a store to the newest schema and says when it is newer than this program. Knows no table."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from core.errors import Unavailable

MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 7_264_021_153  #: any number; PostgreSQL lets one migrator in at a time under it


def upgrade(engine: Engine, store: str) -> bool:
    """Bring `store` ("records" or "keys") to its newest schema; True when something was done.

    Raises Unavailable when the store was written by a newer version of the program.
    """
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        config = _config(store, connection)
        head = ScriptDirectory.from_config(config).get_current_head()
        found = version(connection)
        if found == head:
            return False
        if found is not None and found not in _known(config):
            raise Unavailable("database.newer", found=found, known=head)
        command.upgrade(config, "head")
        return True


def version(connection: Connection) -> str | None:
    """The migration the store is at, None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def _known(config: Config) -> set[str]:
    return {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}


def _config(store: str, connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("version_locations", str(MIGRATIONS / store))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
