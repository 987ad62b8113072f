"""Answers that get lost, limits, and failures on the way: everybody is answered once, and nobody waits for somebody else."""

from __future__ import annotations

import asyncio
import time

import pytest

from bots.on_discord.words import shown
from core.errors import Unavailable
from core.requests import delivery
from core.values import DeliveryState
from core.values.wishes import Progress, Started
from tests.cast import keys_of
from tests.discord_ import routes
from tests.discord_.actor import DiscordActor, Scene
from tests.discord_.test_door_delivery import states


async def test_an_acknowledgement_whose_answer_was_lost_is_one(scene: Scene, bea: DiscordActor) -> None:
    scene.discord.faults.loses_answer(routes.CALLBACK)
    await bea.says("/imagine a star")
    await scene.stage.works()

    assert [call.status for call in scene.discord.called(routes.CALLBACK)][-2:] == [None, 400]
    assert len(bea.newest.attachments) == 1
    assert (await bea.balance()).spendable == 19_000


@pytest.mark.parametrize("status", [502, 503])
@pytest.mark.parametrize("after", [False, True])
async def test_an_acknowledgement_that_failed_is_tried_again(
    scene: Scene, bea: DiscordActor, status: int, after: bool
) -> None:
    """The library waits a second by itself; three are there."""
    scene.discord.faults.fails(routes.CALLBACK, status=status, after_acting=after)
    await bea.says("/imagine a star")

    assert bea.use is not None
    assert not bea.use.failed
    assert (await bea.balance()).held == 1_000


async def test_what_is_not_acknowledged_never_happened(scene: Scene, bea: DiscordActor) -> None:
    scene.discord.faults.refuses(routes.CALLBACK, 10062)
    use = await bea.user.uses("/imagine", in_=bea.room, prompt="a star", patience=0.3)
    await scene.settles()

    assert not use.acknowledged
    assert (await bea.balance()).held == 0


async def test_what_somebody_else_answered_is_left_alone(scene: Scene, bea: DiscordActor) -> None:
    """Two processes with one token are told of the same interaction; the second to answer steps back."""
    scene.discord.faults.refuses(routes.CALLBACK, 40060)
    await bea.user.uses("/imagine", in_=bea.room, prompt="a star", patience=0.3)
    await scene.settles()

    assert (await bea.balance()).held == 0
    assert len([call for call in scene.discord.requests if call.status == 400]) == 1


@pytest.mark.parametrize("fault", ["lost", "reset", "502 after", "503 after", "limited"])
async def test_an_answer_arrives_whatever_happens_on_the_way(scene: Scene, bea: DiscordActor, fault: str) -> None:
    await bea.says("/imagine a star")
    strikes(scene, routes.EDIT_ORIGINAL, fault)
    answer = await bea.says("/balance")

    assert keys_of(answer)[0] == "balance.spendable"
    assert bea.use is not None
    assert len(bea.use.messages) == 1


@pytest.mark.parametrize("fault", ["lost", "reset", "502 after", "503 after", "limited"])
async def test_a_picture_comes_once_whatever_happens_on_the_way(scene: Scene, bea: DiscordActor, fault: str) -> None:
    await bea.says("/imagine a star --count 2")
    strikes(scene, routes.EDIT_ORIGINAL, fault)
    await scene.stage.works()
    while await bea.owed():
        await scene.stage.tells()

    assert len(bea.newest.attachments) == 2
    assert len({file.name for file in bea.newest.attachments}) == 2
    assert len(bea.newest.buttons) == 10
    assert len(bea.newest.content.splitlines()) == 2
    assert states(scene) == [DeliveryState.DELIVERED] * 2


def strikes(scene: Scene, route: str, fault: str) -> None:
    faults = scene.discord.faults
    match fault.split():
        case ["lost"]:
            faults.loses_answer(route)
        case ["reset"]:
            faults.resets(route)
        case ["limited"]:
            faults.limits(route, retry_after=0.2)
        case [status, "after"]:
            faults.fails(route, status=int(status), after_acting=True)


async def test_a_limit_on_one_room_holds_up_no_other(scene: Scene, bea: DiscordActor, dan: DiscordActor) -> None:
    await bea.says("/imagine a star")
    await dan.says("/imagine a star")
    await scene.stage.dispatches()
    for (wish,) in scene.stage.painter.waiting:
        await scene.stage.news(scene.stage.painter.drawn(wish))
    scene.discord.faults.limits(routes.EDIT_ORIGINAL, retry_after=1.0, times=1)
    began = time.monotonic()
    telling = asyncio.create_task(scene.stage.tells())
    await scene.discord.until(lambda: any(call.status == 429 for call in scene.discord.requests))
    await dan.says("/balance")
    quick = time.monotonic() - began
    await telling

    assert quick < 0.9
    assert time.monotonic() - began >= 1.0
    assert [len(bea.newest.attachments), len(dan.sees()[-2].attachments)] == [1, 1]


async def test_a_long_limit_on_a_room_is_kept_without_asking_again(scene: Scene, bea: DiscordActor) -> None:
    await bea.says("/imagine a star")
    scene.stage.clock.passes(13 * 60_000)
    await scene.stage.dispatches()
    ((wish,),) = scene.stage.painter.waiting
    await scene.stage.news(scene.stage.painter.drawn(wish))
    scene.discord.faults.limits(routes.SEND, retry_after=300, times=1)
    with pytest.raises(Unavailable) as later:
        await tells_once(scene, bea)
    with pytest.raises(Unavailable) as again:
        await tells_once(scene, bea)

    assert later.value.retry_after == 300
    assert 290 < (again.value.retry_after or 0) <= 300
    assert len(scene.discord.called(routes.SEND)) == 1
    assert states(scene) == [DeliveryState.OWED]


async def tells_once(scene: Scene, actor: DiscordActor) -> None:
    from tests.discord_.test_door_delivery import _owed_to

    await scene.door.tell(*await _owed_to(scene, actor))


async def test_under_every_fault_at_once_each_is_answered_once(scene: Scene, bea: DiscordActor) -> None:
    scene.discord.faults.menu(0.05)
    for number in range(6):
        use = await bea.user.uses("/imagine", in_=bea.room, prompt=f"star {number}", private=bool(number % 2))
        await scene.settles()
        await scene.stage.works()
        while await bea.owed():
            await scene.stage.tells()
        del use
    scene.discord.faults.stop()

    accepted = 20_000 - (await bea.balance()).spendable
    shown_ = [file.name for message in bea.sees() for file in message.attachments]
    assert len(shown_) == len(set(shown_)) == accepted // 1_000
    assert set(states(scene)) == {DeliveryState.DELIVERED}


async def test_a_slow_discord_stops_nobody(scene: Scene, bea: DiscordActor, dan: DiscordActor) -> None:
    scene.discord.faults.slows(routes.EDIT_ORIGINAL, seconds=0.5, times=1)
    slow = asyncio.create_task(bea.user.uses("/balance", in_=bea.room))
    await asyncio.sleep(0.05)
    began = time.monotonic()
    await dan.says("/about")
    await slow

    assert time.monotonic() - began < 1.0
    assert "Darkroom" in shown(dan.newest.content)


@pytest.mark.parametrize("line", ["/imagine a star --count 2", "/imagine a star"])
async def test_what_was_told_and_could_not_be_noted_is_not_told_twice(
    scene: Scene, bea: DiscordActor, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    await bea.says(line)
    with monkeypatch.context() as patched:
        patched.setattr(delivery, "told", _unnoted)
        await scene.stage.works()
    while await bea.owed():
        await scene.stage.tells()

    names = [file.name for file in bea.newest.attachments]
    assert len(names) == len(set(names)) == len(states(scene))
    assert set(states(scene)) == {DeliveryState.DELIVERED}
    assert len(bea.newest.content.splitlines()) == len(names)


async def test_progress_between_two_tries_changes_nothing(scene: Scene, bea: DiscordActor) -> None:
    """It looks at the message anew, and then everybody knows what it says."""
    await bea.says("/imagine a star --count 2")
    await scene.stage.dispatches()
    ((first, second),) = scene.stage.painter.waiting
    await scene.stage.news(Started(first.job, first.fence))
    await scene.stage.news(scene.stage.painter.drawn(first))
    scene.discord.faults.loses_answer(routes.EDIT_ORIGINAL)
    with pytest.raises(Unavailable):
        await tells_once(scene, bea)
    await scene.stage.news(Progress(second.job, 1, second.fence, 1, 4))
    await scene.discord.until(lambda: "step 1 of 4" in shown(bea.newest.content))
    await scene.stage.tells()
    await scene.stage.news(scene.stage.painter.drawn(second))
    await scene.stage.tells()

    assert len({file.name for file in bea.newest.attachments}) == len(bea.newest.attachments) == 2
    assert states(scene) == [DeliveryState.DELIVERED] * 2


async def test_two_failures_for_the_same_reason_are_two_lines(scene: Scene, bea: DiscordActor) -> None:
    """Told one after the other; but one that is told again is one line."""
    scene.stage.censor.broken = True
    await bea.says("/imagine a star --count 2")
    await scene.stage.dispatches()
    for wish in scene.stage.painter.waiting.pop():
        await scene.stage.news(scene.stage.painter.drawn(wish))
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(delivery, "told", _unnoted)
            await scene.stage.tells()
        await scene.stage.tells()

    lines = shown(bea.newest.content).splitlines()
    assert len(lines) == 2
    assert set(states(scene)) == {DeliveryState.DELIVERED}


async def _unnoted(*_: object) -> None:
    raise Unavailable("database.unavailable")
