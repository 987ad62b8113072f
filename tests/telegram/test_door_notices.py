"""What people are told at Telegram without asking: in their private chat, each notice once, whatever goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bots.background import Background
from bots.heralding import Herald
from core.rights.notices import notify
from core.values import PersonId
from core.values.letters import NoticeState
from tests.telegram.actor import Scene, TelegramActor
from tests.tickets.asking import person_of, states_of

ANSWERED = "is answered: /requests shows it"


@pytest.fixture
async def serving(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """The background of a process that serves Telegram; what people say is heard by the scene itself."""
    monkeypatch.setattr(scene.door, "run", asyncio.Event().wait)
    running = asyncio.create_task(Background(scene.stage.app, chats=[scene.door]).run())
    yield
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
def herald(scene: Scene) -> Herald:
    return Herald(scene.stage.app, scene.door)


async def owes(scene: Scene, actor: TelegramActor) -> PersonId:
    stage, person = scene.stage, await person_of(actor)  # type: ignore[arg-type]
    await stage.app.database.run(lambda tx: notify(tx, person, "ticket_answered", 1, stage.clock.now()))
    return person


def told(actor: TelegramActor) -> int:
    return sum(ANSWERED in message.words for message in actor.sees())


async def test_it_comes_as_a_private_message_and_once(scene: Scene, ben: TelegramActor, herald: Herald) -> None:
    person = await owes(scene, ben)
    await herald.round()
    await herald.round()
    await Herald(scene.stage.app, scene.door).round()

    assert told(ben) == 1
    assert await states_of(scene.stage, person) == {"ticket_answered": NoticeState.TOLD}


async def test_a_serving_process_tells_it_by_itself(scene: Scene, ben: TelegramActor, serving: None) -> None:
    await owes(scene, ben)
    await scene.telegram.until(lambda: told(ben) == 1)


async def test_a_group_reads_nothing_of_it(
    scene: Scene, ben: TelegramActor, zoe: TelegramActor, herald: Herald
) -> None:
    friends = scene.group("Friends", ben, zoe)
    await ben.says("/help", to=friends)
    await owes(scene, ben)
    await herald.round()

    assert told(ben) == 1
    assert not any(ANSWERED in message.words for message in ben.sees(friends))


async def test_a_closed_chat_is_no_obstacle_and_it_is_shown_later(
    scene: Scene, ben: TelegramActor, zoe: TelegramActor, herald: Herald
) -> None:
    person = await owes(scene, ben)
    await owes(scene, zoe)
    ben.user.blocks_bot()
    await herald.round()

    assert await states_of(scene.stage, person) == {"ticket_answered": NoticeState.UNDELIVERABLE}
    assert told(zoe) == 1
    ben.user.unblocks_bot()
    answer = await ben.says("/balance")
    assert ANSWERED in answer.text
    assert ANSWERED not in (await ben.says("/balance")).text
    await herald.round()
    assert told(ben) == 1


async def test_when_the_answer_of_the_sending_is_lost_it_is_not_sent_again(
    scene: Scene, ben: TelegramActor, herald: Herald
) -> None:
    person = await owes(scene, ben)
    scene.telegram.faults.loses_answers("sendMessage")
    await herald.round()
    await herald.round()

    assert told(ben) == 1
    assert await states_of(scene.stage, person) == {"ticket_answered": NoticeState.UNCERTAIN}


async def test_while_telegram_wants_a_pause_it_waits(scene: Scene, ben: TelegramActor, herald: Herald) -> None:
    person = await owes(scene, ben)
    flood = scene.telegram.faults.floods("sendMessage", retry_after=1)
    await herald.round()

    assert await states_of(scene.stage, person) == {"ticket_answered": NoticeState.OWED}
    await herald.round()
    assert flood.struck == 1, "it is not asked again at once"


async def test_a_crash_while_sending_leaves_it_uncertain(
    scene: Scene, ben: TelegramActor, herald: Herald, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the message and its mark the process dies: nobody is told twice."""
    person = await owes(scene, ben)

    class Died(BaseException):
        """Not even a bug is caught then."""

    async def dies(*_: object) -> None:
        raise Died

    monkeypatch.setattr("core.rights.notices.end", dies)
    with pytest.raises(Died):
        await herald.round()
    monkeypatch.undo()
    await Herald(scene.stage.app, scene.door).round()

    assert told(ben) == 1
    assert await states_of(scene.stage, person) == {"ticket_answered": NoticeState.UNCERTAIN}
