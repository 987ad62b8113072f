"""A server is known by a keyed hash, and says how long pictures stay that were asked for in it."""

from __future__ import annotations

from core import servers
from core.requests import generation
from core.rules import KEEP_DAYS
from core.values import Origin, Who
from tests.cast import Stage
from tests.tickets.asking import refused

GUILD = "112233445566778899"


async def test_it_is_named_as_requests_name_it_and_never_by_its_id(stage: Stage) -> None:
    server = await servers.add(stage.app, f"discord:{GUILD}", 30)

    who = Who("discord", "7", Origin("somewhere", "discord:1", GUILD))
    assert generation.server_of(stage.app, who) == server.id
    with stage.database._engine.connect() as connection:
        assert GUILD not in str(connection.exec_driver_sql("SELECT * FROM server").all())


async def test_it_is_added_once_and_changed_afterwards(stage: Stage) -> None:
    await servers.add(stage.app, f"discord:{GUILD}", 30)

    assert await refused(servers.add(stage.app, f"discord:{GUILD}", 7)) == "server.known"
    assert (await servers.keep(stage.app, f"discord:{GUILD}", 7)).keep_days == 7
    assert [one.keep_days for one in await servers.every(stage.app)] == [7]


async def test_what_names_no_server_is_refused(stage: Stage) -> None:
    assert await refused(servers.add(stage.app, GUILD)) == "server.no_server"
    assert await refused(servers.keep(stage.app, f"discord:{GUILD}", 7)) == "server.unknown"
    assert await refused(servers.add(stage.app, f"discord:{GUILD}", KEEP_DAYS + 1)) == "option_range.keep_days"
