"""What live stores hold, cell by cell, and what the code could put there that no life of a test does."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sqlalchemy import inspect

from bots.commands import commands
from bots.logs import FIELDS
from core.datamap import DataMap, undeclared
from core.values import JobId, Moment
from core.values.receipts import Counted, Ground, Plan, Receipt, Retained, Status
from storage.keys import unseal
from storage.over_redis import keyspace
from storage.wire import Envelope, wrap
from tests.cast import Stage
from tests.gates import test_json_paths as json_paths

ROOT: Final = Path(__file__).parents[2]


async def cells(stage: Stage) -> dict[str, set[str]]:
    """By store: every cell that is there, or that a door, a packer or a guard would let in."""
    engine = stage.database._engine
    found = inspect(engine)
    blobs = await stage.app.blobs.older_than(Moment(4_000_000_000_000))
    return {
        "sql": {f"{of}.{column['name']}" for of in found.get_table_names() for column in found.get_columns(of)},
        "keys": _of_keys(stage),
        "blob": {name.partition("/")[0] + "/" for name in blobs},
        "redis": set(_of_redis()),
        "log": set(FIELDS),
        "tombstone": {"tombstone.tag"},
        "json": {*await json_paths.stored(stage), *_packed(), *_framed(), *_of_erasures(), *_behind_buttons()},
    }


def undeclared_anywhere(datamap: DataMap, seen: dict[str, set[str]]) -> list[str]:
    """JSON paths that are declared and were not seen count for nothing: what is written now and then is declared too."""
    return [
        sentence
        for store, live in seen.items()
        for sentence in undeclared(
            live, datamap.cells(store) if store != "json" else datamap.cells(store) & live, store
        )
    ]


def _of_keys(stage: Stage) -> set[str]:
    engine = stage.app.keys._engine  # type: ignore[attr-defined]
    found = inspect(engine)
    return {f"{of}.{column['name']}" for of in found.get_table_names() for column in found.get_columns(of)}


def _of_redis() -> Iterator[str]:
    """What the guard of the keyspace lets be written."""
    for key in keyspace.KEYS:
        yield from (f"{key.name}.{name}" for name in key.fields)
        if key.holds is not None:
            yield key.name
    yield from (channel.name for channel in keyspace.CHANNELS)


def _packed() -> Iterator[str]:
    for cell, (sample, pack) in json_paths.SAMPLES.items():
        yield from json_paths.paths_in(cell, pack(sample))


def _framed() -> Iterator[str]:
    for cell, (direction, messages) in json_paths.FRAMES.items():
        for message in messages:
            frame = unseal(json_paths.KEY, direction, wrap(json_paths.KEY, direction, Envelope(message, "t", "w")))
            for head in json_paths.heads(frame):
                yield from json_paths.paths_in(cell, head)


def _of_erasures() -> Iterator[str]:
    """While one runs, with everything in its plan; and at its end, with a receipt, and nothing in either that is not kept."""
    some = (Counted("sql", "job", 1),)
    under_way = Plan(some, some, (JobId("j"),), ("a hash",), ("pictures/j/0/1",), Moment(1), 1, some, late=True)
    kept = (Retained("sql:erasure.id", "erased", "a law", Moment(1)),)
    for plan in (under_way, Plan()):
        yield from json_paths.paths_in("erasure.plan", plan.write())
    for parts in ((some, kept, some), ((), (), ())):
        receipt = Receipt("CODE", Status.COMPLETE, Ground.REQUEST, Moment(1), Moment(1), *parts)
        yield from json_paths.paths_in("erasure.receipt", receipt.write())


def _behind_buttons() -> Iterator[str]:
    """The arguments of every command that some button of the code carries."""
    yield "button.sealed_deed:[]"
    named = {
        node.args[1].value
        for path in (ROOT / "bots").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Button"
        if len(node.args) > 1 and isinstance(node.args[1], ast.Constant)
    }
    for command in commands:
        if command.name in named:
            yield from (f"button.sealed_deed:[].{argument.name}" for argument in command.arguments)
