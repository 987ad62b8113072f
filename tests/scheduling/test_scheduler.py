"""Sending out, as the process does that leads: to a painter of the stage, with everything that can be away or broken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from core import accounts
from core.errors import Refused, Unavailable
from core.requests import generation
from core.requests.generation import server_of
from core.requests.options import Ask
from core.requests.scheduling import Scheduler
from core.rules import RESYNC
from core.values import Origin, PersonId, Who
from core.values.wishes import Finished, Started, Wish
from tests.cast import Actor, Stage, enter


def asked_in(server: str, name: str) -> Who:
    return Who("terminal", name, Origin("somewhere", server=server))


async def person_of(actor: Actor) -> PersonId:
    return (await accounts.active(actor.stage.app, actor.who)).id


async def draw(stage: Stage) -> None:
    (wish,) = stage.painter.waiting.pop(0)
    await stage.news(Started(wish.job, wish.fence))
    await stage.news(stage.painter.drawn(wish))
    await stage.news(Finished(wish.job, wish.fence))


@pytest.fixture
async def carl(stage: Stage) -> Actor:
    carl = enter(stage, "carl")
    await carl.agrees()
    return carl


async def test_whose_turn_it_is_is_remembered_from_one_dispatch_to_the_next(stage: Stage, ben: Actor, carl: Actor):
    scheduler = Scheduler(stage.app)
    stage.painter.window = 1
    for _ in range(3):
        await ben.says("/imagine a star")
    for _ in range(2):
        await carl.says("/imagine a star")
    order = []
    for _ in range(5):
        await scheduler.dispatch()
        ((wish,),) = stage.painter.waiting
        job = stage.database.transact(lambda tx, job: tx.jobs.get(job), wish.job)
        order.append(job.person)
        await draw(stage)

    one, other = await person_of(ben), await person_of(carl)
    assert order == [one, other, one, other, one]


async def test_a_job_that_cannot_be_made_ready_stands_aside_and_the_next_goes_at_once(
    stage: Stage, ben: Actor, carl: Actor
):
    scheduler = Scheduler(stage.app)
    stage.painter.window = 1
    await carl.says("/imagine a star")
    await ben.says("/imagine a star")
    await stage.app.keys.shred([await person_of(carl)])

    with pytest.raises(ExceptionGroup):
        await scheduler.dispatch()
    assert len(stage.painter.waiting) == 1
    stage.painter.waiting.clear()
    stage.painter.window = 2
    assert await scheduler.dispatch() == 0

    stage.clock.passes(RESYNC)
    with pytest.raises(ExceptionGroup):
        await scheduler.dispatch()


async def test_when_the_transport_is_away_what_was_chosen_waits_for_it(
    stage: Stage, ben: Actor, monkeypatch: pytest.MonkeyPatch
):
    scheduler = Scheduler(stage.app)
    tried: list[Sequence[Wish]] = []

    async def is_away(wishes: Sequence[Wish]) -> None:
        tried.append(wishes)
        raise Unavailable("dispatch.unavailable")

    for _ in range(3):
        await ben.says("/imagine a star")
    with monkeypatch.context() as broken:
        broken.setattr(stage.painter, "send", is_away)
        with pytest.raises(ExceptionGroup):
            await scheduler.dispatch()
        assert len(tried) == stage.painter.window

    stage.clock.passes(RESYNC)
    assert await scheduler.dispatch() == 2


async def test_nothing_is_sent_while_nobody_is_ready(stage: Stage, ben: Actor):
    stage.painter.window = 0
    await ben.says("/imagine a star")

    assert await Scheduler(stage.app).dispatch() == 0


async def test_as_many_may_be_open_in_one_server_as_its_limit_says(stage: Stage, ben: Actor, carl: Actor):
    app = replace(stage.app, limits=replace(stage.app.limits, open_jobs_per_server=2))
    for name in ("ben", "carl"):
        await generation.request(app, asked_in("guild", name), Ask("a star"))

    with pytest.raises(Refused) as refused:
        await generation.request(app, asked_in("guild", "ben"), Ask("a star"))
    assert (refused.value.key, refused.value.values) == ("jobs.too_many_here", {"most": 2})
    assert (await ben.balance()).spendable == 19_000
    await generation.request(app, asked_in("another guild", "ben"), Ask("a star"))


async def test_private_chats_are_no_server_with_a_limit(stage: Stage, ben: Actor, carl: Actor):
    app = replace(stage.app, limits=replace(stage.app.limits, open_jobs_per_server=1))
    for actor in (ben, carl, ben):
        await generation.request(app, actor.who, Ask("a star"))
    assert server_of(app, ben.who) == "terminal"
