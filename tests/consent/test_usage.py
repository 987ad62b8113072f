"""How often what is used: counted only of who allows it, kept only of five people or more, and of nobody in particular."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import inspect
from typer.testing import CliRunner

from bots.wiring import datamap
from core.datamap import NotPersonal, Purpose
from core.rights import usage
from core.rules import DAY
from core.values.tally import FEWEST, Tally
from tests.cast import Actor, Stage, enter
from tests.consent.offering import offers, rows

People = list[Actor]


async def crowd(stage: Stage, number: int, *, allow: bool = True) -> People:
    offers(stage)
    people = [enter(stage, f"person {nth}") for nth in range(number)]
    for person in people:
        await person.agrees()
        if allow:
            await person.says("/consent analytics on")
    return people


async def day_ends(stage: Stage) -> None:
    stage.clock.passes(DAY)
    await usage.write(stage.app)


def counted(stage: Stage) -> dict[tuple[str, str], int]:
    return {(row["command"], row["model"]): row["times"] for row in rows(stage, "usage")}


async def test_what_five_people_did_is_counted_once_the_day_is_over(stage: Stage) -> None:
    for person in await crowd(stage, FEWEST):
        await person.says("/balance")
        await person.says("/balance")
    assert counted(stage) == {}

    await day_ends(stage)
    assert counted(stage) == {("balance", ""): 2 * FEWEST, ("consent", ""): FEWEST}


def test_few_is_fewer_than_five() -> None:
    """The policy says so in words."""
    assert FEWEST == 5


async def test_what_four_people_did_is_never_written(stage: Stage) -> None:
    for person in await crowd(stage, FEWEST - 1):
        for _ in range(20):
            await person.says("/balance")

    await day_ends(stage)
    assert counted(stage) == {}


async def test_the_model_is_counted_where_something_is_drawn(stage: Stage) -> None:
    for person in await crowd(stage, FEWEST):
        await person.says("/imagine a cat --model grand")

    await day_ends(stage)
    assert counted(stage)["imagine", "grand"] == FEWEST


async def test_who_did_not_allow_it_is_not_counted(stage: Stage) -> None:
    for person in [*await crowd(stage, FEWEST - 1), await somebody(stage)]:
        await person.says("/balance")

    await day_ends(stage)
    assert counted(stage) == {}


@pytest.mark.parametrize("line", ["/consent analytics off", "/object analytics", "/restrict on"])
async def test_who_took_it_back_objected_or_restricted_is_not_counted_from_then_on(stage: Stage, line: str) -> None:
    people = await crowd(stage, FEWEST)
    await people[0].says(line)
    for person in people:
        await person.says("/age")

    await day_ends(stage)
    assert ("age", "") not in counted(stage)


async def test_where_it_is_not_done_nobody_is_counted(stage: Stage) -> None:
    people = await crowd(stage, FEWEST)
    offers(stage, Purpose.MARKET)
    for person in people:
        await person.says("/age")

    await day_ends(stage)
    assert ("age", "") not in counted(stage)


async def test_what_is_refused_counts_nothing(stage: Stage) -> None:
    for person in await crowd(stage, FEWEST):
        await person.says("/show NOSUCH")

    await day_ends(stage)
    assert ("show", "") not in counted(stage)


async def test_several_processes_add_up(stage: Stage) -> None:
    people = await crowd(stage, FEWEST)
    for tally in (Tally(), Tally()):
        object.__setattr__(stage.app, "tally", tally)
        for person in people:
            await person.says("/balance")
        stage.clock.passes(DAY)
        await usage.write(stage.app)
        stage.clock.passes(-DAY)

    assert counted(stage)["balance", ""] == 2 * FEWEST


async def test_what_cannot_be_written_now_is_written_later(stage: Stage, monkeypatch) -> None:
    for person in await crowd(stage, FEWEST):
        await person.says("/balance")
    stage.clock.passes(DAY)
    with monkeypatch.context() as broken:
        broken.setattr(usage, "_write", lambda tx, over: 1 / 0)
        await asyncio.gather(usage.write(stage.app), return_exceptions=True)

    await usage.write(stage.app)
    assert counted(stage)["balance", ""] == FEWEST


EVENTS = st.lists(
    st.tuples(
        st.integers(0, 11),  # who
        st.sampled_from(["imagine", "gallery"]),
        st.sampled_from(["", "flat", "grand"]),
        st.integers(0, DAY),  # how long after the one before
    ),
    max_size=150,
)


@given(EVENTS)
def test_no_figure_is_ever_of_fewer_than_five_people(events: list[tuple[int, str, str, int]]) -> None:
    tally, now = Tally(), 0
    did: dict[tuple[int, str, str], list[int]] = {}
    for who, command, model, later in events:
        now += later
        tally.count(f"person {who}", command, model, now, lambda: "salt")
        did.setdefault((now // DAY, command, model), []).append(who)
    written = {(one.day, one.command, one.model): one.times for one in tally.take(now + DAY)}

    assert written == {what: len(people) for what, people in did.items() if len(set(people)) >= FEWEST}
    assert tally.take(now + 2 * DAY) == []


def test_nobody_can_be_found_in_the_counts_of_a_day() -> None:
    """People are told apart by a hash under a number that ends with the day."""
    tally, salts = Tally(), iter(["one", "two"])
    tally.count("person 1", "imagine", "", 0, lambda: next(salts))
    (first,) = tally._buckets["imagine", ""].people
    tally.count("person 1", "imagine", "", DAY, lambda: next(salts))
    (second,) = tally._buckets["imagine", ""].people

    assert first != second
    assert b"person" not in first


def test_the_table_has_no_cell_that_could_name_anybody(stage: Stage) -> None:
    columns = {column["name"] for column in inspect(stage.database._engine).get_columns("usage")}

    assert columns == {"day", "command", "model", "times"}
    assert all(
        isinstance(entry.meaning, NotPersonal) and not entry.subject
        for entry in datamap().entries
        if entry.cell.startswith("usage.")
    )


def test_an_operator_sees_the_figures(tmp_path, monkeypatch) -> None:
    from bots.cli import app

    for name, value in {"DATA": str(tmp_path), "MODEL": "flat"}.items():
        monkeypatch.setenv(f"DARKROOM_{name}", value)
    monkeypatch.chdir(tmp_path)
    empty = CliRunner().invoke(app, ["usage"])
    assert (empty.exit_code, empty.stdout.startswith("Nothing is counted yet")) == (0, True)

    assert json.loads(CliRunner().invoke(app, ["usage", "--json"]).stdout) == []


async def somebody(stage: Stage) -> Actor:
    carl = enter(stage, "carl")
    await carl.agrees()
    return carl
