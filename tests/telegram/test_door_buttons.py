"""Buttons under messages: who may press them, what they change, and that they outlive the process that made them."""

from __future__ import annotations

import pytest

from core.ports import Provenance
from core.rules import BUTTON_LIFE
from inference.credentials import LabellingEncoder
from tests.cast import credentials
from tests.telegram import Group, Message
from tests.telegram.actor import Scene, TelegramActor

UNDER_A_PICTURE = ["Again", "Edit", "Save", "Delete", "Report"]


@pytest.fixture
def friends(scene: Scene, ben: TelegramActor, zoe: TelegramActor, ana: TelegramActor) -> Group:
    return scene.group("Friends", ben, zoe, ana)


async def drawn(scene: Scene, ben: TelegramActor, to: Group | None = None, how: str = "") -> Message:
    """A picture of Ben's, in a message with its buttons."""
    (message,) = (await ben.says(f"/imagine a yellow star {how}", to=to)).messages
    await scene.stage.works()
    assert message.buttons == UNDER_A_PICTURE
    return message


# Alone


async def test_again_draws_again(scene: Scene, ben: TelegramActor) -> None:
    message = await drawn(scene, ben)
    answer = await ben.presses("Again", message)
    await scene.stage.works()

    assert answer.keys == ["imagine.accepted_in", "imagine.left"]
    assert len(ben.inbox) == 2
    assert ben.inbox[0].pictures[0].id != ben.inbox[1].pictures[0].id


async def test_edit_gives_the_line_to_copy_and_change(scene: Scene, ben: TelegramActor) -> None:
    message = await drawn(scene, ben, how="--seed 7 --shape portrait")
    intro, form = (await ben.presses("Edit", message)).messages

    assert intro.words.startswith("Here is that request")
    assert form.words == "/imagine a yellow star --shape portrait --seed 7 --steps 4 --guidance 3.0 --private no"
    assert [entity["type"] for entity in form.content.entities] == ["pre"]
    assert form.buttons[0].fields["copy_text"] == {"text": form.words}
    assert (await ben.says(form.words)).keys[0] == "imagine.accepted_in"


async def test_a_long_line_to_copy_has_no_button(scene: Scene, ben: TelegramActor) -> None:
    await ben.says("/imagine " + "word " * 100)
    await scene.stage.works()
    _, form = (await ben.presses("Edit")).messages

    assert (form.buttons, form.content.entities[0]["length"]) == ([], len(form.words))


async def test_save_hands_over_the_file_with_its_credentials(scene: Scene, ben: TelegramActor) -> None:
    message = await drawn(scene, ben)
    (handed,) = (await ben.presses("Save", message)).messages

    assert handed.document is not None
    assert handed.document.name.endswith(".png")
    assert await LabellingEncoder(credentials()).verify(handed.document.data) is Provenance.MADE
    assert (await ben.encloses(handed.document.data, "/verify")).keys == ["verify.made"]


async def test_delete_takes_the_picture_out_of_sight(scene: Scene, ben: TelegramActor) -> None:
    message = await drawn(scene, ben)
    answer = await ben.presses("Delete", message)

    assert answer.keys == ["delete.done"]
    assert message.deleted
    assert (await ben.says("/gallery")).keys == ["gallery.empty"]


async def test_a_picture_too_old_to_be_taken_out_of_sight_is_covered(scene: Scene, ben: TelegramActor) -> None:
    message = await drawn(scene, ben)
    before = message.photo
    scene.telegram.passes(49 * 3600)
    await ben.presses("Delete", message)

    assert not message.deleted
    assert message.photo != before
    assert (message.words, message.buttons) == ("This picture was deleted.", [])


@pytest.mark.parametrize("by_press", [True, False])
async def test_deleting_by_another_message_reaches_the_first(scene: Scene, ben: TelegramActor, by_press: bool) -> None:
    first = (await ben.says("/imagine a star --count 3")).messages
    await scene.stage.works()
    id_ = ben.inbox[1].pictures[0].id
    (shown,) = (await ben.says(f"/show {id_}")).messages
    if by_press:
        await ben.presses("Delete", shown)
    else:
        assert (await ben.says(f"/delete {id_}")).keys == ["delete.done"]

    assert [message.deleted for message in first] == [False, True, False]
    assert shown.deleted == by_press


async def test_cancel_takes_back_what_is_not_drawn(scene: Scene, ben: TelegramActor) -> None:
    first, second = (await ben.says("/imagine a star --count 2")).messages
    answer = await ben.presses("Cancel", first)

    assert answer.notice is not None
    assert answer.keys[0] == "cancel.done"
    assert (first.words, first.buttons) == ("Taken back. What was not drawn yet costs nothing.", [])
    assert second.deleted
    assert (await ben.balance()).spendable == 20_000


async def test_cancel_typed_clears_the_placeholders_too(scene: Scene, ben: TelegramActor) -> None:
    first, second = (await ben.says("/imagine a star --count 2")).messages
    answer = await ben.says("/cancel")

    assert answer.keys == ["cancel.done", "cancel.done"]
    assert (first.buttons, second.deleted) == ([], True)


async def test_a_list_of_requests_keeps_its_other_buttons(scene: Scene, ben: TelegramActor) -> None:
    placeholders = [(await ben.says(f"/imagine star {n}")).messages[0] for n in range(2)]
    (listed,) = (await ben.says("/queue")).messages
    await ben.presses("Cancel 1", listed)

    assert listed.buttons == ["Cancel 2"]
    assert [message.buttons for message in placeholders] == [[], ["Cancel"]]


async def test_cancel_keeps_pictures_that_were_shown(scene: Scene, ben: TelegramActor) -> None:
    from core.values.wishes import Started

    first, second, third = (await ben.says("/imagine a star --count 3")).messages
    await scene.stage.dispatches()
    ((one, *_),) = scene.stage.painter.waiting
    await scene.stage.news(Started(one.job, one.fence))
    await scene.stage.news(scene.stage.painter.drawn(one))
    await scene.stage.tells()
    await ben.says("/cancel")

    assert first.photo is not None
    assert second.words.startswith("Taken back.")
    assert third.deleted


async def test_a_second_press_on_what_is_over_says_so(scene: Scene, ben: TelegramActor) -> None:
    (placeholder,) = (await ben.says("/imagine a star")).messages
    button = placeholder.button("Cancel")
    await ben.presses("Cancel", placeholder)
    placeholder.markup = {"inline_keyboard": [[button.fields]]}  # as an app that has not heard of the change yet
    answer = await ben.presses("Cancel", placeholder)

    assert answer.keys[0] == "cancel.over"
    assert answer.notice is not None
    assert answer.notice.alert


async def test_buttons_work_after_a_restart(scene: Scene, ben: TelegramActor) -> None:
    message = await drawn(scene, ben)
    await scene.restarts()

    assert (await ben.presses("Again", message)).keys[0] == "imagine.accepted_in"
    await scene.restarts(killed=True)
    await ben.presses("Cancel")
    assert (await ben.balance()).held == 0


async def test_an_old_button_says_kindly_that_it_is_too_old(scene: Scene, ben: TelegramActor) -> None:
    message = await drawn(scene, ben)
    scene.stage.clock.passes(BUTTON_LIFE)
    answer = await ben.presses("Again", message)

    assert (answer.keys, answer.messages) == (["press.expired"], ())


@pytest.mark.parametrize("data", ["1|0123|abcd", "junk", "0|agree|ffff", "1|" + "x" * 60])
async def test_made_up_buttons_do_nothing(scene: Scene, ben: TelegramActor, data: str) -> None:
    message = await drawn(scene, ben)
    message.markup = {"inline_keyboard": [[{"text": "Free credits", "callback_data": data}]]}
    answer = await ben.presses("Free credits", message)

    assert answer.keys in (["press.expired"], ["press.foreign"])
    assert answer.messages == ()


# With others


@pytest.mark.parametrize("label", ["Again", "Edit", "Save", "Delete"])
@pytest.mark.parametrize("other", ["zoe", "ana"])
async def test_what_is_somebody_elses_cannot_be_pressed(
    scene: Scene, ben: TelegramActor, zoe: TelegramActor, ana: TelegramActor, friends: Group, label: str, other: str
) -> None:
    message = await drawn(scene, ben, to=friends)
    before = (message.content, friends.standing())
    answer = await {"zoe": zoe, "ana": ana}[other].presses(label, message)

    assert (answer.keys, answer.messages) == (["press.foreign"], ())
    assert answer.notice is not None
    assert answer.notice.alert
    assert (message.content, friends.standing()) == before


async def test_anybody_with_an_account_may_report_what_they_see(
    scene: Scene, ben: TelegramActor, zoe: TelegramActor, ana: TelegramActor, friends: Group
) -> None:
    message = await drawn(scene, ben, to=friends)
    standing = friends.standing()

    assert (await zoe.presses("Report", message)).keys == ["report.done"]
    assert (await ana.presses("Report", message)).keys == ["start.first"]
    assert friends.standing() == standing


async def test_another_member_cannot_cancel(
    scene: Scene, ben: TelegramActor, zoe: TelegramActor, friends: Group
) -> None:
    (placeholder,) = (await ben.says("/imagine a star", to=friends)).messages

    assert (await zoe.presses("Cancel", placeholder)).keys == ["press.foreign"]
    assert (await ben.balance()).held == 1_000


async def test_again_in_a_group_answers_there(scene: Scene, ben: TelegramActor, friends: Group) -> None:
    message = await drawn(scene, ben, to=friends)
    (placeholder,) = (await ben.presses("Again", message)).messages
    await scene.stage.works()

    assert (placeholder.chat, placeholder.reply_to) == (friends, message)
    assert placeholder.photo is not None


@pytest.mark.parametrize("label", ["Edit", "Save"])
async def test_what_is_for_one_comes_in_private(scene: Scene, ben: TelegramActor, friends: Group, label: str) -> None:
    message = await drawn(scene, ben, to=friends)
    standing = friends.standing()
    answer = await ben.presses(label, message)

    assert answer.keys[0] == "telegram.answered_alone"
    assert {told.chat for told in answer.messages} == {ben.user.chat}
    assert friends.standing() == standing


@pytest.mark.parametrize(("label", "start"), [("Edit", "edit_"), ("Save", "save_")])
async def test_who_is_out_of_reach_is_led_to_the_private_chat(
    scene: Scene, ben: TelegramActor, friends: Group, label: str, start: str
) -> None:
    message = await drawn(scene, ben, to=friends)
    standing = friends.standing()
    ben.user.blocks_bot()
    answer = await ben.presses(label, message)

    assert answer.notice is not None
    assert answer.notice.url is not None
    assert answer.notice.url.startswith(f"https://t.me/darkroom_test_bot?start={start}")
    assert friends.standing() == standing
    ben.user.unblocks_bot()
    await ben.user.follows(answer.notice.url)
    await scene.settles()
    assert ben.sees()[-1].words.startswith("/imagine" if label == "Edit" else "Here is picture")


async def test_who_is_found_out_of_reach_too_late_is_led_there_by_a_line(
    scene: Scene, ben: TelegramActor, friends: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A press can be answered once, and has been by then."""
    monkeypatch.setattr("bots.on_telegram.answering.GLANCE", 0.0)
    message = await drawn(scene, ben, to=friends)
    ben.user.blocks_bot()
    answer = await ben.presses("Save", message)

    assert answer.keys[0] == "telegram.answered_alone"
    line = friends.standing()[-1]
    assert line.words == "I answer that only where nobody else reads along."
    ben.user.unblocks_bot()
    await ben.user.follows(line.buttons[0].url)
    await scene.settles()
    assert ben.sees()[-1].words.startswith("Here is picture")


async def test_delete_in_a_group_takes_it_out_of_everybodys_sight(
    scene: Scene, ben: TelegramActor, friends: Group
) -> None:
    message = await drawn(scene, ben, to=friends)
    answer = await ben.presses("Delete", message)

    assert message.deleted
    assert answer.keys == ["delete.done"]
    assert answer.messages == ()


async def test_cancel_in_a_group_leaves_nothing_there(scene: Scene, ben: TelegramActor, friends: Group) -> None:
    await ben.says("/imagine a star --count 2", to=friends)
    answer = await ben.presses("Cancel")

    assert ben.sees(friends) == []
    assert answer.keys == ["cancel.done"]


# In time


async def test_a_press_is_answered_though_its_chat_is_flooded(scene: Scene, ben: TelegramActor) -> None:
    message = await drawn(scene, ben)
    scene.telegram.faults.floods("sendMessage", retry_after=1, times=1)
    answer = await ben.presses("Again", message)

    assert answer.keys[0] == "imagine.accepted_in"


async def test_trouble_that_comes_too_late_for_a_notice_is_told_in_private(
    scene: Scene, ben: TelegramActor, zoe: TelegramActor, friends: Group
) -> None:
    """Presses that waited while the bot was away can be answered no more."""
    message = await drawn(scene, ben, to=friends)
    await scene.closes()
    zoe.user.taps(message, "Again")
    scene.telegram.passes(3600)
    scene.door = scene._door()
    await scene.opens()
    await scene.settles()

    assert zoe.sees()[-1].words.startswith("That button is not yours")
    assert len(ben.sees(friends)) == 1
