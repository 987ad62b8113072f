"""What people are told at Discord without asking: in their private channel, each notice once, and never an offer."""

from __future__ import annotations

import pytest

from bots.heralding import Herald
from bots.on_discord.words import shown
from core.rights.notices import NOTICES, notify
from core.values import PersonId
from core.values.letters import NoticeCategory, NoticeState
from tests.discord_ import routes
from tests.discord_.actor import DiscordActor, Scene
from tests.tickets.asking import person_of, states_of

ANSWERED = "is answered: /requests shows it"


@pytest.fixture
def herald(scene: Scene) -> Herald:
    return Herald(scene.stage.app, scene.door)


async def owes(scene: Scene, actor: DiscordActor) -> PersonId:
    stage, person = scene.stage, await person_of(actor)  # type: ignore[arg-type]
    await stage.app.database.run(lambda tx: notify(tx, person, "ticket_answered", 1, stage.clock.now()))
    return person


def told(actor: DiscordActor) -> int:
    return sum(ANSWERED in shown(message.content) for message in actor.user.sees())


async def test_it_comes_as_a_private_message_and_once(scene: Scene, bea: DiscordActor, herald: Herald) -> None:
    """Bea speaks in a room; the room reads nothing of it."""
    person = await owes(scene, bea)
    await herald.round()
    await herald.round()
    await Herald(scene.stage.app, scene.door).round()

    assert told(bea) == 1
    assert not any(ANSWERED in shown(message.content) for message in bea.user.sees(bea.room))
    assert await states_of(scene.stage, person) == {"ticket_answered": NoticeState.TOLD}


async def test_who_takes_no_private_messages_is_shown_it_with_the_next_private_answer(
    scene: Scene, bea: DiscordActor, kit: DiscordActor, herald: Herald
) -> None:
    person = await owes(scene, bea)
    bea.user.closes_dms()
    await herald.round()

    assert await states_of(scene.stage, person) == {"ticket_answered": NoticeState.UNDELIVERABLE}
    answer = await bea.says("/balance")
    assert answer.private
    assert "notice.ticket_answered" in [line.key for line in answer.lines]
    assert not any(ANSWERED in shown(message.content) for message in kit.user.sees(kit.room))
    assert "notice.ticket_answered" not in [line.key for line in (await bea.says("/balance")).lines]


async def test_when_an_answer_is_lost_the_message_is_one_all_the_same(
    scene: Scene, bea: DiscordActor, herald: Herald
) -> None:
    person = await owes(scene, bea)
    scene.discord.faults.loses_answer(routes.SEND, times=1)
    await herald.round()

    assert told(bea) == 1
    assert await states_of(scene.stage, person) == {"ticket_answered": NoticeState.TOLD}


async def test_an_offer_is_never_sent(
    scene: Scene, bea: DiscordActor, herald: Herald, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(NOTICES, "ticket_answered", NoticeCategory.MARKETING)  # type: ignore[arg-type]
    person = await owes(scene, bea)
    await herald.round()

    assert told(bea) == 0
    assert await states_of(scene.stage, person) == {"ticket_answered": NoticeState.UNWANTED}
