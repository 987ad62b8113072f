"""Of somebody who was erased the page remembers nothing either, which it keeps for pages that come back and links to files."""

from __future__ import annotations

from tests.cast import Stage
from tests.erasure.going import finish
from tests.page.actor import Front, PageActor

WORDS = "a heron at the fence"


async def goes(stage: Stage, front: Front, person: PageActor) -> None:
    await person.says("/deleteme DELETE")
    await front.door.forget_the_erased()
    stage.clock.passes(stage.app.limits.undo_window)
    await finish(stage)
    await front.door.forget_the_erased()


def remembered(front: Front, person: PageActor) -> str:
    visitor = front.door.visitors.known(person.who.raw_id)
    assert visitor is not None
    return "".join(event.data for event in visitor.stream._kept)


async def test_nothing_they_said_or_were_told_is_kept(stage: Stage, front: Front, ben: PageActor) -> None:
    await ben.says(f"/imagine {WORDS}")
    await stage.works()
    picture = ben.inbox[0].pictures[0].id
    await ben.says(f"/save {picture}")
    (link,) = [file["address"] for _, message in ben.messages for file in message["files"]]
    assert WORDS in remembered(front, ben)

    await goes(stage, front, ben)

    assert remembered(front, ben) == ""
    async with ben.session.get(link) as gone:
        assert gone.status == 404


async def test_who_stays_keeps_what_they_were_told(stage: Stage, front: Front, ben: PageActor) -> None:
    cleo = await front.enter("cleo")
    await cleo.agrees()
    await cleo.says(f"/imagine {WORDS}")

    await goes(stage, front, ben)

    assert WORDS in remembered(front, cleo)


async def test_who_thought_better_of_it_keeps_it_too(stage: Stage, front: Front, ben: PageActor) -> None:
    await ben.says(f"/imagine {WORDS}")
    await ben.says("/deleteme DELETE")
    await front.door.forget_the_erased()
    await ben.says("/undo")
    await front.door.forget_the_erased()

    assert WORDS in remembered(front, ben)
