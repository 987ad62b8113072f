"""What somebody writes to whoever runs the bot from a group is answered in their private chat, and never read in the group."""

from __future__ import annotations

import pytest

from core.rights import tickets
from tests.telegram import Group
from tests.telegram.actor import Scene, TelegramActor
from tests.telegram.test_door_groups import ever_read

SECRET = "a secret cormorant"


@pytest.fixture
def friends(scene: Scene, ben: TelegramActor, zoe: TelegramActor) -> Group:
    return scene.group("Friends", ben, zoe)


@pytest.mark.parametrize("command", ["support", "feedback", "contact", "correct", "appeal", "report child"])
async def test_a_group_reads_neither_the_words_nor_the_number_nor_the_answer(
    scene: Scene, ben: TelegramActor, friends: Group, command: str
) -> None:
    await ben.says(f"/{command} {SECRET}", to=friends)
    (ticket,) = await tickets.unanswered(scene.stage.app)
    await tickets.answer(scene.stage.app, ticket.id, f"{SECRET}, indeed")
    shown = await ben.says(f"/requests {ticket.id}", to=friends)

    assert {message.chat for message in shown.messages} == {ben.user.chat}
    assert f"{SECRET}, indeed" in shown.text
    assert not any(said in ever_read(friends) for said in (SECRET, ticket.id))
