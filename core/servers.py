"""Guilds and groups as owners of settings: how long pictures asked for there are kept. Knows no platform.

A picture is kept as long as whoever runs the bot, the server and its person all agree to: the shortest of the three counts.
"""

from __future__ import annotations

from core.errors import Refused
from core.periods import Keeping
from core.ports import App
from core.records import Records
from core.rules import KEEP_DAYS
from core.values.letters import Server


def tag_of(app: App, door: str, raw_id: str) -> str:
    """How requests and settings name a server: a keyed hash that only this bot can make."""
    return app.keys.tag(f"server:{door}:{raw_id}")


async def add(app: App, named: str, keep_days: int = 0) -> Server:
    """A server named `door:id`. Raises Refused for one that is known, and for what names none."""
    server = Server(_read(app, named), _checked(keep_days), app.clock.now())
    if not await app.database.run(lambda tx: tx.servers.add(server)):
        raise Refused("server.known", got=named)
    return server


async def keep(app: App, named: str, keep_days: int) -> Server:
    """Change how long pictures are kept that are asked for there; 0: as long as anywhere. Raises Refused."""
    return await app.database.run(_keep, _read(app, named), _checked(keep_days), named, app.keeping)


async def every(app: App) -> list[Server]:
    return await app.database.run(lambda tx: tx.servers.all())


def _keep(tx: Records, id_: str, keep_days: int, named: str, keeping: Keeping) -> Server:
    tx.pictures.hide_overkept_in(id_, keeping)  # what nobody sees any more stays so, however long the new period is
    tx.servers.keep(id_, keep_days)
    found = tx.servers.get(id_)
    if found is None:
        raise Refused("server.unknown", got=named)
    return found


def _read(app: App, named: str) -> str:
    door, colon, raw_id = named.partition(":")
    if not (door and colon and raw_id):
        raise Refused("server.no_server", got=named)
    return tag_of(app, door, raw_id)


def _checked(keep_days: int) -> int:
    if not 0 <= keep_days <= KEEP_DAYS:
        raise Refused("option_range.keep_days", got=keep_days, high=KEEP_DAYS)
    return keep_days
