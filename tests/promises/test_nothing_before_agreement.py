"""Before somebody agrees there is nothing about them anywhere; whoever is too young leaves only a mark that expires."""

from __future__ import annotations

from sqlalchemy import inspect, select

from core.rules import TOO_YOUNG_LIFE
from storage.records.tables import TooYoungRow, table
from tests.cast import AGREE, Actor, Stage, keys_of


def rows(stage: Stage) -> dict[str, int]:
    """How many rows each table that could name anybody holds; empty tables are left out."""
    with stage.database._engine.begin() as connection:
        names = set(inspect(connection).get_table_names()) - {"alembic_version", "policy_version"}
        counted = {name: connection.exec_driver_sql(f'SELECT count(*) FROM "{name}"').scalar_one() for name in names}
    return {name: count for name, count in counted.items() if count}


async def test_looking_around_stores_nothing(stage: Stage, ana: Actor) -> None:
    for line in (
        "/start",
        "/help",
        "/help imagine",
        "/privacy",
        "/privacy proof",
        "a cat",
        "/imagine a cat",
        "/balance",
    ):
        await ana.says(line)

    assert rows(stage) == {}
    assert await stage.app.keys.older_than(stage.clock.now() + 1) == []


async def test_every_command_but_the_open_ones_asks_for_start_first(ana: Actor) -> None:
    for line in ("/imagine a cat", "/gallery", "/balance", "/delete ABCD", "/cancel"):
        assert keys_of(await ana.says(line)) == ["start.first"]


async def test_one_press_after_start_is_enough(ana: Actor) -> None:
    await ana.says("/start")
    await ana.presses(AGREE)

    assert (await ana.says("/imagine a cat")).error is None


async def test_agreeing_twice_is_agreeing_once(stage: Stage, ana: Actor) -> None:
    first = await ana.says("/start")
    await ana.presses(AGREE)
    ana.answer = first
    await ana.presses(AGREE)

    assert rows(stage)["person"] == 1
    assert (await ana.balance()).spendable == 20_000


async def test_saying_too_young_leaves_only_a_mark_that_expires(stage: Stage, ana: Actor) -> None:
    await ana.says("/start")
    await ana.presses("I am younger")
    assert rows(stage) == {"too_young": 1}

    stage.clock.passes(TOO_YOUNG_LIFE + 1)
    assert (await stage.sweeps()).too_young == 1
    assert rows(stage) == {}


async def test_who_said_too_young_is_not_let_in_by_the_other_button(stage: Stage, ana: Actor) -> None:
    await ana.says("/start")
    await ana.presses("I am younger")
    await ana.says("/start")

    assert keys_of(await ana.presses(AGREE)) == ["start.too_young"]
    assert rows(stage) == {"too_young": 1}


async def test_the_mark_is_a_keyed_hash(stage: Stage, ana: Actor) -> None:
    await ana.says("/start")
    await ana.presses("I am younger")

    with stage.database._engine.begin() as connection:
        mark = connection.execute(select(table(TooYoungRow).c.lookup)).scalar_one()
    assert mark == stage.app.keys.lookup(ana.who)
    assert "ana" not in mark
