"""Buttons: what they do to their message, for whom they work, and for how long."""

from __future__ import annotations

import asyncio

import pytest

from bots.on_discord.words import shown
from core import accounts
from core.rules import BUTTON_LIFE
from core.values import JobState
from tests.cast import ban, keys_of, read
from tests.discord_ import Message
from tests.discord_.actor import DiscordActor, Scene
from tests.discord_.test_door_privacy import seen_of

UNDER_A_PICTURE = ("Again", "Edit", "Save", "Delete", "Report")


async def drawn(bea: DiscordActor, line: str = "/imagine a yellow star") -> Message:
    """A public picture with its buttons."""
    await bea.says(line)
    await bea.stage.works()
    return bea.newest


async def test_cancel_ends_the_request_in_its_message(scene: Scene, bea: DiscordActor) -> None:
    await bea.says("/imagine a star")
    placeholder = bea.newest
    answer = await bea.presses("Cancel")
    await scene.stage.works()

    assert answer.replaces
    assert shown(placeholder.content) == read(answer)
    assert not placeholder.buttons
    assert (await bea.balance()).spendable == 20_000
    assert bea.inbox == []


async def test_what_was_drawn_before_cancelling_stays(scene: Scene, bea: DiscordActor) -> None:
    await bea.says("/imagine a star --count 2")
    await scene.stage.dispatches()
    ((first, _),) = scene.stage.painter.waiting
    await scene.stage.news(scene.stage.painter.drawn(first))
    await scene.stage.tells()
    await bea.presses("Cancel")

    told, taken_back = shown(bea.newest.content).splitlines()
    assert told.startswith("AI-generated picture")
    assert taken_back.startswith("Taken back.")
    assert len(bea.newest.attachments) == 1
    assert bea.newest.buttons == [f"{label} 1" for label in UNDER_A_PICTURE]
    assert (await bea.balance()).spendable == 19_000


async def test_cancelling_by_command_is_seen_in_the_requests_message(scene: Scene, bea: DiscordActor) -> None:
    await bea.says("/imagine a star")
    placeholder = bea.newest
    await bea.says("/cancel")

    assert shown(placeholder.content).startswith("Taken back.")
    assert not placeholder.buttons


async def test_cancelling_one_of_a_list_leaves_the_others(scene: Scene, bea: DiscordActor) -> None:
    await bea.says("/imagine a star")
    first = bea.newest
    await bea.says("/imagine a heart")
    await bea.says("/queue")
    queue = bea.newest
    assert queue.buttons == ["Cancel 1", "Cancel 2"]
    await bea.presses("Cancel 1")

    assert queue.buttons == ["Cancel 2"]
    assert shown(queue.content).splitlines()[-1].startswith("Taken back.")
    assert shown(first.content).startswith("Taken back.")
    await bea.presses("Cancel 2")
    assert (await bea.balance()).spendable == 20_000


async def test_a_request_asked_long_ago_is_taken_back_too(scene: Scene, bea: DiscordActor) -> None:
    """Its interaction can be answered no more, and the message is still ours."""
    await bea.says("/imagine a star")
    placeholder = bea.newest
    scene.stage.clock.passes(20 * 60_000)
    scene.discord.passes(20 * 60)
    await bea.says("/cancel")

    assert shown(placeholder.content).startswith("Taken back.")


async def test_a_deleted_picture_leaves_its_message(scene: Scene, bea: DiscordActor) -> None:
    message = await drawn(bea)
    answer = await bea.presses("Delete")

    assert not message.attachments
    assert not message.buttons
    assert shown(message.content) == read(answer)
    assert keys_of(await bea.says("/gallery")) == ["gallery.empty"]


async def test_one_of_several_is_deleted_with_its_buttons_and_its_line(scene: Scene, bea: DiscordActor) -> None:
    message = await drawn(bea, "/imagine a yellow star --count 3")
    kept = [message.attachments[0], message.attachments[2]]
    await bea.presses("Delete 2")

    lines = shown(message.content).splitlines()
    assert [one.name for one in message.attachments] == [one.name for one in kept]
    assert message.buttons == [f"{label} {nth}" for nth in (1, 3) for label in UNDER_A_PICTURE]
    assert "is destroyed for good" in lines[1]
    assert len(lines) == 3
    await bea.presses("Delete 3")
    await bea.presses("Delete 1")
    assert not message.attachments


@pytest.mark.parametrize("long_ago", [False, True])
async def test_deleting_by_command_takes_it_out_of_the_room(scene: Scene, bea: DiscordActor, long_ago: bool) -> None:
    message = await drawn(bea, "/imagine a yellow star --count 2")
    if long_ago:
        scene.stage.clock.passes(24 * 3_600_000)
        scene.discord.passes(24 * 3_600)
        await scene.restarts()
    await bea.says(f"/delete {bea.inbox[0].pictures[0].id}")

    assert [file.name for file in message.attachments] == [f"darkroom-{bea.inbox[1].pictures[0].id}.png"]
    assert message.buttons == [f"{label} 2" for label in UNDER_A_PICTURE]


async def test_deleting_what_is_shown_to_oneself_takes_its_words_too(scene: Scene, bea: DiscordActor) -> None:
    public = await drawn(bea)
    await bea.says(f"/show {bea.inbox[0].pictures[0].id}")
    private = bea.newest
    assert "a yellow star" in private.content
    await bea.presses("Delete", private)

    for message in (public, private):
        assert not message.attachments
        assert "a yellow star" not in message.content


async def test_again_draws_anew_in_a_message_of_its_own(scene: Scene, bea: DiscordActor) -> None:
    first = await drawn(bea)
    await bea.presses("Again")
    await scene.stage.works()

    assert bea.newest is not first
    assert len(bea.newest.attachments) == 1
    assert bea.inbox[0].lines[0].values["seed"] != bea.inbox[1].lines[0].values["seed"]


async def test_the_next_page_of_the_gallery(scene: Scene, bea: DiscordActor) -> None:
    for _ in range(2):
        await drawn(bea, "/imagine a star --count 4")
    await bea.says("/gallery")
    answer = await bea.presses("Next page")

    assert len(answer.pictures) == 2
    assert bea.newest.ephemeral


@pytest.mark.parametrize("label", UNDER_A_PICTURE)
@pytest.mark.parametrize("presser", ["owner", "member", "stranger", "banned"])
async def test_only_who_it_was_made_for_may_press(
    scene: Scene, bea: DiscordActor, kit: DiscordActor, label: str, presser: str
) -> None:
    """Whoever is in the room sees the buttons. A report may come from anybody with an account."""
    message = await drawn(bea)
    before = message.now
    actor = {"owner": bea, "member": kit, "banned": kit}.get(presser) or scene.enter("stranger", bea.room)
    if presser == "banned":
        person = await accounts.find(scene.stage.app, kit.who)
        assert person is not None
        ban(scene.stage, person.id)
    answer = await actor.presses(label, message)

    if presser == "owner" or (presser == "member" and label == "Report"):
        assert answer.error is None
        return
    expected = {"stranger": ["start.first"], "banned": ["account.banned"]}.get(presser, []) if label == "Report" else []
    assert keys_of(answer) == (expected or ["press.foreign"])
    assert message.now == before
    assert actor.use is not None
    assert all(one.ephemeral for one in actor.use.messages if one is not message)
    assert not seen_of(bea, actor)


async def test_a_stranger_may_not_take_a_request_back(scene: Scene, bea: DiscordActor, kit: DiscordActor) -> None:
    await bea.says("/imagine a star")
    placeholder = bea.newest
    answer = await kit.presses("Cancel", placeholder)

    assert keys_of(answer) == ["press.foreign"]
    assert placeholder.buttons == ["Cancel"]
    await scene.stage.works()
    assert len(bea.inbox) == 1


async def test_buttons_survive_a_restart(scene: Scene, bea: DiscordActor) -> None:
    await bea.says("/imagine a star")
    await scene.restarts()
    await bea.presses("Cancel")
    assert (await bea.balance()).spendable == 20_000

    await drawn(bea)
    await scene.restarts(killed=True)
    await bea.presses("Again")
    await bea.presses("Save")
    await bea.presses("Edit", bea.sees()[-3])
    assert bea.use is not None
    assert bea.use.modal is not None


async def test_a_button_that_is_too_old_says_so_kindly(scene: Scene, bea: DiscordActor) -> None:
    message = await drawn(bea)
    scene.stage.clock.passes(BUTTON_LIFE)

    for label in UNDER_A_PICTURE:
        assert keys_of(await bea.presses(label, message)) == ["press.expired"]
        assert bea.newest.ephemeral


async def test_a_second_cancel_is_told_that_it_is_over(scene: Scene, bea: DiscordActor) -> None:
    await bea.says("/imagine a star")
    placeholder = bea.newest
    token = next(part["custom_id"] for part in placeholder.now.walk() if part["type"] == 2)
    await bea.presses("Cancel")
    placeholder.versions.append(placeholder.versions[1])  # a client that shows it as it was
    answer = await bea.presses("Cancel", placeholder)

    assert keys_of(answer) == ["cancel.over"]
    assert len(token) <= 100
    assert bea.newest.ephemeral


async def test_many_quick_presses_each_count_once(scene: Scene, bea: DiscordActor) -> None:
    message = await drawn(bea)
    uses = await asyncio.gather(*(bea.user.presses(message, "Again") for _ in range(3)))
    await scene.settles()
    await scene.stage.works()

    assert all(use.acknowledged for use in uses)
    assert len(bea.inbox) == 4
    assert (await bea.balance()).spendable == 16_000


async def test_a_slow_search_for_what_a_button_does_is_answered_all_the_same(
    scene: Scene, bea: DiscordActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bea.says("/imagine a star")
    placeholder = bea.newest
    monkeypatch.setattr("bots.on_discord.hearing.GLANCE", 0.0)
    await bea.presses("Cancel")

    assert bea.newest.ephemeral
    assert shown(placeholder.content).startswith("Taken back.")
    assert scene.stage.database.transact(lambda tx: [job.state for job in tx.jobs.drawing()]) == []
    assert JobState.CANCELLED.is_open is False
