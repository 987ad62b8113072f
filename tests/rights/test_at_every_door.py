"""/mydata and /export at every door: in private, the same files, and never for a stranger."""

from __future__ import annotations

from tests.cast import Actor, Stage, keys_of, read
from tests.conversation.conftest import *  # noqa: F403 - the same people at the same doors
from tests.rights.unpacking import exports


async def test_everybody_gets_their_copy(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a heron at dusk")
    await stage.works()
    told = await ben.says("/export")

    assert told.private
    found = await exports(ben)
    assert [row["sealed_words"]["prompt"] for row in found.rows("job")] == ["a heron at dusk"]
    assert found.rows("identity")[0]["sealed_id"] == ben.who.raw_id


async def test_everybody_reads_what_is_kept(ben: Actor) -> None:
    told = await ben.says("/mydata")

    assert told.private
    assert "how you sign in" in read(told)


async def test_a_newcomer_is_shown_the_way_in(ana: Actor) -> None:
    assert keys_of(await ana.says("/export")) == ["start.first"]
    assert keys_of(await ana.says("/mydata")) == ["start.first"]


async def test_a_banned_person_gets_their_copy(stage: Stage, zed: Actor) -> None:
    assert (await zed.says("/export")).files


async def test_it_can_be_asked_for_by_a_button(ben: Actor) -> None:
    await ben.says("/mydata")

    assert (await ben.presses("Take a copy")).files
