"""Gate G2: every path inside stored JSON is declared, and every declared one can be stored.

Read from live rows, opened with their people's keys, after a conversation at each door. What a door writes only now and then
is packed here with everything filled in.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import asdict, replace
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import SQLModel

from bots import handles
from bots.commands import commands
from bots.on_discord.places import Asked, Posted
from bots.on_telegram import places as on_telegram
from bots.wiring import datamap
from core.ports import Place
from core.requests.generation import pack_words
from core.values import JobId, PersonId, Settings, Words
from core.values.wishes import Drawn, Finished, Pixels, Ready, Started, Wish
from storage.database import SqlDatabase
from storage.keys import KEY_BYTES, Unsealable, unseal
from storage.over_redis import keyspace as redis_keys
from storage.wire import FROM_WORKER, HEADER_BYTES, TO_WORKER, Envelope, Message, wrap
from tests.cast import Actor, Stage, enter
from tests.databases import Store
from tests.discord_.actor import at_discord
from tests.page.actor import open_front
from tests.pictures import picture_file
from tests.telegram.overheard import overheard_at_telegram

SPELT_BY_DOORS = ("job.sealed_origin", "post.sealed_address")
_IN_TELEGRAM = on_telegram.Place(1, 2, 3, 4, told=True)
_IN_DISCORD = Asked(1, 2, 3, 4, guild=5, application=6, token="a", quiet=True, limit=7)
SAMPLES: dict[str, tuple[Any, Callable[[Any], str | bytes]]] = {  #: with everything filled in, and what packs it
    "job.sealed_words": (Words("a", "b"), pack_words),
    "job.sealed_origin@telegram": (_IN_TELEGRAM, on_telegram.Place.write),
    "post.sealed_address@telegram": (_IN_TELEGRAM, on_telegram.Place.write),
    "job.sealed_origin@discord": (_IN_DISCORD, Asked.write),
    "post.sealed_address@discord": (Posted(1, True, True, True, 2, 3), Posted.write),
}
KEY = bytes(KEY_BYTES)


@pytest.fixture
def database(sqlite_store: Store) -> SqlDatabase:
    return sqlite_store.open()


@pytest.fixture(params=["terminal", "page", "telegram", "discord"])
async def ben(request: pytest.FixtureRequest, stage: Stage) -> AsyncIterator[Actor]:
    """Somebody new at one of the doors."""
    come: Callable[[str], Any]
    async with AsyncExitStack() as opened:
        if request.param == "page":
            come = (await opened.enter_async_context(open_front(stage))).enter
        elif request.param == "telegram":
            come = await opened.enter_async_context(overheard_at_telegram(stage))
        elif request.param == "discord":
            come = (await opened.enter_async_context(at_discord(stage))).enter
        else:
            come = partial(enter, stage)
        ben = come("ben")
        yield await ben if isinstance(ben, Awaitable) else ben


async def live(ben: Actor) -> None:
    """Most of what leaves something behind."""
    stage = ben.stage
    await ben.agrees()
    await ben.says("/settings --shape portrait")
    await ben.says("/imagine a cat --count 2 --negative dogs")
    await stage.works()
    first, second = [picture.id for told in ben.inbox for picture in told.pictures][:2]
    for line in (
        f"/report {first} --reason dull", "/gallery", f"/show {first}", "/models", "/styles", "/queue", "/again",
        f"/delete {second}", "/start",
    ):  # fmt: skip
        answer = await ben.says(line)
        await handles.issue(stage.app, ben.who, answer.buttons)
    await ben.sends("/imagine a fox --strength 0.4", "a.png", picture_file())
    await stage.dispatches()
    answer = await ben.says("/queue")
    await handles.issue(
        stage.app, ben.who, [*answer.buttons, *(button for told in ben.inbox for button in told.buttons)]
    )


def paths(value: Any, at: str = "") -> Iterator[str]:
    """Names with dots between, `[]` for any place in a list; what is empty is a path of its own."""
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from paths(inner, f"{at}.{name}" if at else name)
    elif isinstance(value, list) and value:
        for inner in value:
            yield from paths(inner, f"{at}[]")
    else:
        yield at


def paths_in(cell: str, packed: str | bytes) -> set[str]:
    """The paths of what is JSON: an object or a list. Anything else has none."""
    try:
        value = json.loads(packed)
    except ValueError:
        return set()
    return {f"{cell}:{path}" for path in paths(value)} if isinstance(value, dict | list) else set()


async def stored(stage: Stage) -> set[str]:
    """The paths of all JSON in the live database, whatever column it is in; what is sealed is opened first."""
    found: set[str] = set()
    with stage.database._engine.connect() as connection:
        people = [PersonId(one) for one in connection.execute(text("SELECT id FROM person")).scalars()]
        doors = dict(connection.execute(text("SELECT id, door FROM job")).all())
        for table in SQLModel.metadata.sorted_tables:
            for row in connection.execute(table.select()).mappings():
                key = "/".join(str(row[column.name]) for column in table.primary_key)
                for column, value in row.items():
                    cell = f"{table.name}.{column}"
                    if isinstance(value, bytes):
                        value = await opened(stage, people, Place(table.name, column, key), value)
                    if cell in SPELT_BY_DOORS:
                        cell += f"@{doors[JobId(key.split('/')[0])]}"
                    if isinstance(value, str | bytes):
                        found |= paths_in(cell, value)
    return found


async def opened(stage: Stage, people: list[PersonId], place: Place, sealed: bytes) -> bytes:
    for person in people:
        try:
            return await stage.app.keys.open(person, place, sealed)
        except Unsealable:
            continue
    raise AssertionError(
        f"{place.table}.{place.column} holds what nobody can open: seal it for its own table, column and row"
    )


def complaints(found: set[str]) -> list[str]:
    return [
        f"json: {path} is stored but not declared: give it a Datum beside the code that packs it "
        f"(an `inside({path.split(':')[0]!r}, …)` of core/packed.py, added up in bots/wiring.py)"
        for path in sorted(found - datamap().cells("json"))
    ]


async def test_every_path_that_is_stored_is_declared(stage: Stage, ben: Actor) -> None:
    await live(ben)
    found = await stored(stage)

    assert {"job.sealed_words:prompt", "button.sealed_deed:[]", "button.sealed_deed:[].id"} <= found
    if ben.who.door in ("telegram", "discord"):
        assert {path.split(":")[0] for path in found} >= {f"{cell}@{ben.who.door}" for cell in SPELT_BY_DOORS}
    assert complaints(found) == []


@pytest.mark.parametrize("ben", ["terminal"], indirect=True)
async def test_a_path_nobody_declared_is_found_and_says_what_to_write(stage: Stage, ben: Actor) -> None:
    await live(ben)
    with stage.database._engine.begin() as connection:
        connection.execute(text("""UPDATE job SET reason = '{"said": [{"mood": "sad"}]}'"""))
        job, person = connection.execute(text("SELECT id, person_id FROM job LIMIT 1")).one()
    packed = json.dumps({"prompt": "a", "negative": "b", "nickname": "c"}).encode()
    sealed = await stage.app.keys.seal(PersonId(person), Place("job", "sealed_words", job), packed)
    with stage.database._engine.begin() as connection:
        connection.execute(text("UPDATE job SET sealed_words = :sealed WHERE id = :id"), {"sealed": sealed, "id": job})

    assert [complaint.split(" is stored")[0] for complaint in complaints(await stored(stage))] == [
        "json: job.reason:said[].mood",
        "json: job.sealed_words:nickname",
    ]
    assert "give it a Datum beside the code that packs it" in complaints(await stored(stage))[0]


@pytest.mark.parametrize("ben", ["terminal"], indirect=True)
async def test_what_is_sealed_for_another_place_is_found(stage: Stage, ben: Actor) -> None:
    await live(ben)
    with stage.database._engine.begin() as connection:
        connection.execute(text("UPDATE ticket SET sealed_text = (SELECT sealed_words FROM job LIMIT 1)"))

    with pytest.raises(AssertionError, match=r"ticket\.sealed_text holds what nobody can open"):
        await stored(stage)


@pytest.mark.parametrize("cell", SAMPLES)
def test_what_a_packer_can_write_is_what_is_declared(cell: str) -> None:
    sample, pack = SAMPLES[cell]
    assert all(asdict(sample).values()), "fill in the new field above: what is left out is not written"

    assert paths_in(cell, pack(sample)) == {path for path in datamap().cells("json") if path.startswith(f"{cell}:")}


def test_every_declared_path_of_a_button_is_an_argument_of_a_command() -> None:
    arguments = {f"button.sealed_deed:[].{one.name}" for command in commands for one in command.arguments}
    declared = {path for path in datamap().cells("json") if path.startswith("button.sealed_deed:")}

    assert declared - {"button.sealed_deed:[]"} <= arguments


WISH = Wish(
    JobId("j"), 0, 1, 7, "a", "b", Settings("flat", "square", 8, 8, 1, 1.0, "ink", "lace"), 1, Pixels(1, 1, bytes(3))
)
FRAMES: dict[str, tuple[bytes, list[Message]]] = {
    "wishes.b": (TO_WORKER, [(WISH,), (replace(WISH, reference=None),)]),
    "results.b": (
        FROM_WORKER,
        [
            Ready(),
            Started(WISH.job, 1),
            Drawn(WISH.job, 0, 1, Pixels(1, 1, bytes(3)), expires_at=1),
            Finished(WISH.job, 1),
        ],
    ),
}


@pytest.mark.parametrize("cell", FRAMES)
def test_what_lies_in_redis_for_a_worker_is_what_is_declared(cell: str) -> None:
    direction, messages = FRAMES[cell]
    frames = [unseal(KEY, direction, wrap(KEY, direction, Envelope(message, "t", "w"))) for message in messages]
    written = {path for frame in frames for head in heads(frame) for path in paths_in(cell, head)}

    assert written == {path for path in datamap().cells("json") if path.startswith(f"{cell}:")}


def heads(frame: bytes) -> Iterator[bytes]:
    """The envelope's and the message's."""
    for _ in range(2):
        length = int.from_bytes(frame[:HEADER_BYTES])
        yield frame[HEADER_BYTES : HEADER_BYTES + length]
        frame = frame[HEADER_BYTES + length :]


def test_every_declared_path_lies_in_a_declared_cell() -> None:
    cells = datamap().cells("sql") | {entry.cell for entry in redis_keys.entries()}

    assert {path.split(":")[0].split("@")[0] for path in datamap().cells("json")} <= cells
