"""An erasure ends whole whatever crash came between, at every step and at every pair of steps; nobody is half gone.

The process dies at every crossing of a port (tests/crashes says how), is started again, and may die once more at every
crossing of that. Cleo, who stays, must not lose a byte.
"""

from __future__ import annotations

import random

import pytest

from core import accounts
from core.erasing import erasure, replaying, retention
from core.requests import generation, scheduling
from core.requests.completion import picture_place
from core.requests.options import Ask
from core.rules import ORPHAN_AGE
from core.values import PersonId, Who
from core.values.receipts import Ground, Status
from core.values.wishes import Started
from storage.keys import Unsealable
from tests.cast import Stage
from tests.crashes.enumeration import Left, die, watch
from tests.crashes.world import BEN, World

CLEO = Who("terminal", "cleo")
STILL = 3  #: states with a second death while recovering from them, on PostgreSQL
PAIRS = 24  #: worlds after one death from which a second is enumerated; the rest die once
LEAST = 90  #: crossings there are at least; fewer would mean that less is enumerated than is said


async def live(stage: Stage) -> None:
    """Ben has a picture, a request in line that starts from one, and one at a worker. Cleo has the same."""
    for who in (BEN, CLEO):
        await accounts.agree(stage.app, who)
        await generation.request(stage.app, who, Ask("a cat"))
    await stage.works()
    for who in (BEN, CLEO):
        await generation.request(stage.app, who, Ask("a dog", reference=b"a picture"))
    await stage.dispatches()
    first = stage.painter.waiting[0][0]
    await stage.news(Started(first.job, first.fence))


async def leave(stage: Stage) -> None:
    person = await accounts.find(stage.app, BEN)
    assert person is not None
    await erasure.begin(stage.app, person.id, Ground.REQUEST)
    await go_on(stage)


async def go_on(stage: Stage) -> None:
    """As a process does that has just begun, and then for a while."""
    await replaying.replay(stage.app)
    for _ in range(3):
        await erasure.proceed(stage.app)
        stage.clock.passes(erasure.LAST_WORDS)


async def recover(stage: Stage) -> None:
    """Start again; Ben asks once more when he finds that nothing happened."""
    await replaying.replay(stage.app)
    await scheduling.recover(stage.app)
    if (person := await accounts.find(stage.app, BEN)) is not None:
        await erasure.begin(stage.app, person.id, Ground.REQUEST)
    await go_on(stage)


async def wrong(world: World, left: Left, before: dict[str, object]) -> list[str]:
    """What does not hold after recovering from what is left."""
    world.restore(left.saved)
    stage = world.process()
    try:
        await recover(stage)
        await stage.works()
        stage.clock.passes(ORPHAN_AGE + 1)
        await retention.sweep(stage.app)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is reported
        return [f"{left.deaths}: recovery fails: {error!r}"]
    rows, ben = world.rows(), str(before["ben"])
    found = [f"{table}: {row}" for table, some in rows.items() for row in some if ben in repr(row)]
    if len(rows["person"]) != 1 or len(rows["person_key"]) != 1 or len(rows["identity"]) != 1:
        found.append(f"{len(rows['person'])} people, {len(rows['person_key'])} keys")
    receipts = [row["receipt"] for row in rows["erasure"]]
    if len(receipts) != 1 or f'"status": "{Status.COMPLETE}"' not in receipts[0]:
        found.append(f"receipts: {receipts}")
    named = {row["blob"] for row in rows["picture"]}
    if set(world.blob_names()) != named:
        found.append(f"blobs {world.blob_names()}, named {named}")
    if await kept_by_cleo(world) != before["cleo"]:
        found.append("Cleo lost something")
    if [row for row in rows["hold"] if row["state"] == "open"]:
        found.append("a hold is open")
    return [f"{left.deaths}: {sentence}" for sentence in [*found, *stage.mistakes()]]


async def kept_by_cleo(world: World) -> list[str]:
    """Her first picture, opened."""
    app = world.process().app
    person = await accounts.find(app, CLEO)
    assert person is not None
    shown = []
    for row in world.rows()["picture"]:
        if row["person_id"] == person.id:
            sealed = await app.blobs.get(row["blob"])
            assert sealed is not None
            try:
                opened = await app.keys.open(PersonId(person.id), picture_place(row["blob"]), sealed)
            except Unsealable:
                opened = b""
            shown.append(f"{row['seed']} {len(opened) > 0}")
    return sorted(shown)[:1]


@pytest.fixture
async def begun(world: World) -> tuple[Left, dict[str, object]]:
    await live(world.process())
    person = await accounts.find(world.process().app, BEN)
    assert person is not None
    before = {"ben": person.id, "cleo": await kept_by_cleo(world)}
    return Left(world.save(), world.looks()), before


async def test_it_ends_whole_after_a_death_at_every_step_and_every_pair(
    world: World,
    begun: tuple[Left, dict[str, object]],
) -> None:
    start, before = begun
    once = await watch(world, start, leave)
    assert len(once) >= LEAST
    different = {one.looks: one for one in once}
    found = [sentence for one in different.values() for sentence in await wrong(world, one, before)]

    some = PAIRS if world.product == "sqlite" else STILL
    twice: dict[str, Left] = {}
    for one in random.Random(1).sample(
        sorted(different.values(), key=lambda left: left.deaths), min(some, len(different))
    ):
        twice |= {left.looks: left for left in await watch(world, one, recover)}
    fresh = [left for looks, left in twice.items() if looks not in different]
    if world.product != "sqlite":
        fresh = random.Random(2).sample(fresh, min(40, len(fresh)))
    found += [sentence for one in fresh for sentence in await wrong(world, one, before)]

    print(f"{len(once)} crossings, {len(different)} states after one death, {len(fresh)} more after two")
    assert found == []


async def test_whoever_really_dies_leaves_what_was_foreseen(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    await live(world.process())
    start = Left(world.save(), world.looks())
    foreseen = await watch(world, start, leave)

    for crossing in range(0, len(foreseen), 7):
        assert (await die(world, start, leave, crossing)).looks == foreseen[crossing].looks
