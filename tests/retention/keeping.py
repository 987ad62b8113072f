"""What tests of retention do again and again: other periods, a server with a wish of its own, a look into tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import text

from core import accounts, servers
from core.datamap import Until
from core.erasing import retention
from core.periods import Periods
from core.values import Origin, PersonId
from tests.cast import Actor, Stage

HOME = "terminal:home"


async def comes_back_with(stage: Stage, periods: Mapping[Until, int]) -> None:
    """The operator changes the periods, and the bot starts again."""
    object.__setattr__(stage.app, "periods", Periods(periods))
    await retention.put_in_force(stage.app)


async def at_home(stage: Stage, actor: Actor, keep_days: int) -> None:
    """From now on they ask in a server that keeps pictures for so many days."""
    await servers.add(stage.app, HOME, keep_days)
    actor.who = replace(actor.who, origin=Origin("a chat", server="home"))


async def person_of(stage: Stage, actor: Actor) -> PersonId:
    return (await accounts.known(stage.app, actor.who)).id


def rows(stage: Stage, table: str) -> list[dict[str, Any]]:
    with stage.database._engine.connect() as connection:
        return [dict(row) for row in connection.execute(text(f'SELECT * FROM "{table}"')).mappings()]


def write(stage: Stage, statement: str, **values: Any) -> None:
    with stage.database._engine.begin() as connection:
        connection.execute(text(statement), values)
