"""What is looked at on the deployment itself: a check for each probe of core/rights/probing.py. Reads, leaves nothing behind.

A check answers whether all is well, or None where there is nothing of the kind here. Knows no claim and no sentence.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

import structlog

from bots import logs
from bots.settings import Settings
from bots.wiring import House, store_url
from core.datamap import undeclared
from core.erasing import replaying
from core.ports import App, Place
from core.rights.probing import Probe
from core.rules import HOUR
from core.values import PersonId, Probed
from storage.inspecting import Stores
from storage.keys import Unsealable, is_sealed
from storage.over_redis.keyspace import RESULT_LIFE, WISH_LIFE

log = structlog.get_logger()

PATIENCE: Final = 60.0  #: seconds that one check may take
SWEPT: Final = HOUR  #: what is due may be here for so long: sweeps take their time
NOBODY: Final = PersonId("nobody")  #: has no key
OTHERS: Final = 0o077  #: the rights of everybody but a file's owner
HERE: Final = "sqlite:///"


@runtime_checkable
class Passage(Protocol):
    """A dispatch that keeps what it passes on for a while."""

    async def look(self) -> bool: ...
    async def age(self) -> int: ...  # milliseconds since the oldest of it was written


def probes(house: House, settings: Settings) -> tuple[Probe, ...]:
    """Everything that can be looked at here."""
    app, stores = house.app, house.stores
    return (
        Probe("keys_apart", partial(_keys_apart, stores)),
        Probe("sealed", partial(_sealed, app, stores)),
        Probe("overwritten", partial(_overwritten, stores)),
        Probe("not_overkept", partial(_not_overkept, app)),
        Probe("stays_erased", partial(_stays_erased, app)),
        Probe("declared", partial(_declared, app, stores)),
        Probe("logs", _logs),
        Probe("looked_at", app.safety.load),
        Probe("books", partial(_books, app)),
        Probe("private_files", partial(_private_files, settings)),
        Probe("redis", partial(_redis, house.dispatch)),
    )


async def probed(app: App, every: tuple[Probe, ...]) -> list[Probed]:
    """How each goes now, one after the other. What fails is one line in the log; nothing is raised."""
    went = [(probe.key, await _went(probe)) for probe in every]
    now = app.clock.now()
    return [Probed(key, now, passed, now if passed else None) for key, passed in went if passed is not None]


async def _went(probe: Probe) -> bool | None:
    try:
        async with asyncio.timeout(PATIENCE):
            passed = await probe.check()
    except Exception:
        log.exception("probe.failed", task=probe.key)
        return False
    if passed is False:
        log.error("probe.failed", task=probe.key)
    return passed


async def _keys_apart(stores: Stores) -> bool | None:
    """No table of one store lies in the other, but for the one in which each counts its migrations."""
    if not {"sql", "keys"} <= set(stores.names):
        return None
    records, keys = [{cell.split(".")[0] for cell in await stores.cells(store)} for store in ("sql", "keys")]
    return records & keys == {"alembic_version"} and bool(keys - records)


async def _sealed(app: App, stores: Stores) -> bool | None:
    """One value of each kind: it looks like one that is sealed, and whoever has not its person's key cannot open it."""
    if "sql" not in stores.names:
        return None
    declared = {entry.cell for entry, datum in app.datamap.personal() if entry.store == "sql" and datum.sealed}
    found = await stores.sample("sql", sorted(declared & await stores.cells("sql")))
    for cell, value in found.items():
        if not is_sealed(value) or await _opens(app, cell, value):
            return False
    return True if found else None


async def _opens(app: App, cell: str, value: bytes) -> bool:
    table, column = cell.split(".")
    try:
        await app.keys.open(NOBODY, Place(table, column, ""), value)
    except Unsealable:
        return False
    return True


async def _overwritten(stores: Stores) -> bool | None:
    """SQLite alone can be asked."""
    found = [overwrites for store in stores.names if (overwrites := await stores.overwrites(store)) is not None]
    return all(found) if found else None


async def _not_overkept(app: App) -> bool:
    keeping = app.keeping
    since = await app.database.look(lambda tx: tx.expiry.overdue_since(keeping))
    return since is None or keeping.now - since <= SWEPT


async def _stays_erased(app: App) -> bool:
    """Tombstones can be read, and none is of somebody who is here."""
    return not await replaying.outstanding(app)


async def _declared(app: App, stores: Stores) -> bool | None:
    wrong = [undeclared(await stores.cells(store), app.datamap.cells(store), store) for store in stores.names]
    return not any(wrong) if wrong else None


async def _logs() -> bool:
    return logs.is_discreet()


async def _books(app: App) -> bool:
    return not await app.database.look(lambda tx: tx.ledger.mistakes())


async def _private_files(settings: Settings) -> bool | None:
    places = list(_places(settings))
    return await asyncio.to_thread(lambda: all(map(_is_private, places))) if places else None


def _places(settings: Settings) -> Iterator[Path]:
    """The data folder, and a store that lies elsewhere on this machine."""
    paths = [settings.data, *(Path(url.removeprefix(HERE)) for url in _urls(settings) if url.startswith(HERE))]
    return (path for path in paths if path.exists())


def _urls(settings: Settings) -> list[str]:
    return [store_url(settings, store).partition("?")[0] for store in ("records", "keys")]


def _is_private(path: Path) -> bool:
    """Nobody but the owner gets at it: by its own rights, or because the folder around it lets nobody in."""
    if _is_closed(path) or (path.is_file() and _is_closed(path.parent)):
        return True
    if not path.is_dir():
        return False
    for folder, inner, files in os.walk(path):
        inner[:] = [name for name in inner if not _is_closed(Path(folder, name))]
        if not all(_is_closed(Path(folder, name)) for name in files):
            return False
    return True


def _is_closed(path: Path) -> bool:
    try:
        return not path.stat(follow_symlinks=False).st_mode & OTHERS
    except FileNotFoundError:  # it went meanwhile
        return True


async def _redis(dispatch: object) -> bool | None:
    if not isinstance(dispatch, Passage):
        return None
    return await dispatch.look() and await dispatch.age() <= max(WISH_LIFE, RESULT_LIFE)
