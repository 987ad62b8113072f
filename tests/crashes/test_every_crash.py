"""Whatever a crash leaves, starting again makes it whole: at every crossing of every flow, and at every pair of them."""

from __future__ import annotations

import os
import random

import pytest

from tests.crashes.enumeration import Left, begin, check, die, enumerate_deaths, watch
from tests.crashes.flows import FLOWS
from tests.crashes.world import World

#: So many ways to die once and twice there are at least; fewer would mean that the enumeration enumerates less than it says.
LEAST = {
    "arriving": (20, 1_500),
    "asking": (20, 1_500),
    "drawing": (150, 20_000),
    "giving up": (60, 6_000),
    "cancelling in line": (40, 6_000),
    "cancelling at work": (38, 5_000),
    "restricting in line": (38, 5_500),
    "restricting at work": (36, 5_000),
    "asking with a picture": (28, 2_500),
    "drawing from a picture": (115, 18_000),
    "cancelling with a picture": (42, 7_500),
    "deleting": (70, 4_000),
}
SAMPLE, FEWEST = 5, 200  #: on PostgreSQL: states with a second death while recovering from them, and pairs that makes
FIRST_DEATHS, SECOND_DEATHS = 3, 3  #: pairs that really die twice: so many of the first, so many after each


def test_every_flow_says_how_much_it_enumerates() -> None:
    assert LEAST.keys() == FLOWS.keys()


@pytest.mark.parametrize("name", FLOWS)
async def test_it_recovers_from_every_two_deaths(world: World, name: str) -> None:
    """On PostgreSQL, which is slower, some of the pairs; `python -m tests.crashes` enumerates them all there, too."""
    flow, once, pairs = FLOWS[name], *LEAST[name]
    sample = None if world.product == "sqlite" else SAMPLE
    report = await enumerate_deaths(world, flow, await begin(world, flow), deaths=2, sample=sample)

    print(f"{name}: {report}")
    assert report.violations == []
    assert report.ways[0] >= once
    assert report.ways[1] >= (pairs if sample is None else FEWEST)


@pytest.mark.parametrize("name", FLOWS)
async def test_it_recovers_when_it_is_started_again_a_day_later(sqlite_world: World, name: str) -> None:
    world, flow = sqlite_world, FLOWS[name]
    left = {one.looks: one for one in await watch(world, await begin(world, flow), flow.act)}

    found = [await check(world, flow, one, flow.recover_late) for one in left.values()]
    assert [sentence for sentences in found for sentence in sentences] == []


async def test_a_file_that_was_half_written_is_swept(sqlite_world: World) -> None:
    """obstore writes beside the name it will have, and leaves that out of its lists."""
    world, flow = sqlite_world, FLOWS["drawing"]
    await begin(world, flow)
    torn = world.blob_folder / "pictures" / "some-job" / "0" / "1#1"
    torn.parent.mkdir(parents=True)
    torn.write_bytes(b"half a pict")
    os.utime(torn, (world.clock.moment / 1000, world.clock.moment / 1000))
    left = Left(world.save(), world.looks(), ("in the middle of blobs.put",))

    assert await check(world, flow, left) == []


@pytest.mark.products
@pytest.mark.parametrize("name", FLOWS)
async def test_whoever_really_dies_leaves_what_was_foreseen(sqlite_world: World, name: str) -> None:
    """Every single death, and some pairs: raised where they happen, through all the code that is left by them."""
    world, flow, rng = sqlite_world, FLOWS[name], random.Random(name)
    start = await begin(world, flow)
    foreseen = await watch(world, start, flow.act)
    once = [await die(world, start, flow.act, crossing) for crossing in range(len(foreseen))]
    assert [left.looks for left in once] == [left.looks for left in foreseen]

    for first in rng.sample(once, FIRST_DEATHS):
        foreseen = await watch(world, first, flow.recover)
        for crossing in rng.sample(range(len(foreseen)), SECOND_DEATHS):
            left = await die(world, first, flow.recover, crossing)
            assert left.looks == foreseen[crossing].looks
            assert await check(world, flow, left) == []
