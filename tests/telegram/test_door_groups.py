"""In a group: what is public stands where it was asked, and nothing else ever does."""

from __future__ import annotations

import pytest
from telegram import Update

from bots.on_telegram.pacing import Pace, Rate, Rates
from bots.on_telegram.words import written
from bots.replies import say
from core import accounts
from core.values import Who
from tests.telegram import Group, objects
from tests.telegram.actor import Scene, TelegramActor

SECRET = "a secret wish"


@pytest.fixture
def friends(scene: Scene, ben: TelegramActor, zoe: TelegramActor) -> Group:
    return scene.group("Friends", ben, zoe)


def ever_read(group: Group) -> str:
    """Everything the bot ever showed there, what it edited or deleted included."""
    messages = [message for message in group.messages.values() if message.by_bot]
    return "\n".join(content.text for message in messages for content in [*message.history, message.content])


async def test_a_picture_is_drawn_where_it_was_asked(scene: Scene, ben: TelegramActor, friends: Group) -> None:
    answer = await ben.says("/imagine a yellow star", to=friends)
    (placeholder,) = answer.messages

    assert placeholder.chat is friends
    assert placeholder.reply_to is ben.user.sees(friends)[0]
    assert placeholder.words == "You are 1st in line. It costs 1 credit."

    await scene.stage.works()

    assert placeholder.photo is not None
    assert "credits are left" not in ever_read(friends)
    assert scene.telegram.duplicates() == []


async def test_people_talking_to_each_other_are_left_alone(scene: Scene, ben: TelegramActor, friends: Group) -> None:
    friends.promotes_bot()  # it hears everything now
    for line in ("nice weather", "/help@other_bot", "/kick Zoe", "@darkroom_test_bot hello"):
        assert (await ben.says(line, to=friends)).messages == ()


async def test_an_unknown_command_is_answered_where_it_is_meant_for_this_bot(
    scene: Scene, ben: TelegramActor, friends: Group
) -> None:
    answer = await ben.says("/nosuch@Darkroom_Test_Bot", to=friends)

    assert [(message.chat, key) for message, key in zip(answer.messages, answer.keys, strict=True)] == [
        (ben.user.chat, "command.unknown")
    ]


@pytest.mark.parametrize(
    "line", ["/balance", "/gallery", "/queue", "/settings", "/start", "/edit", "/show ABC", "/cancel"]
)
async def test_personal_things_are_answered_in_private(
    scene: Scene, ben: TelegramActor, friends: Group, line: str
) -> None:
    answer = await ben.says(line, to=friends)

    assert {message.chat for message in answer.messages} == {ben.user.chat}
    assert ben.sees(friends) == []


async def test_help_is_public(scene: Scene, ben: TelegramActor, friends: Group) -> None:
    answer = await ben.says("/help", to=friends)

    assert {message.chat for message in answer.messages} == {friends}


@pytest.mark.parametrize(
    ("line", "start"),
    [
        ("/balance", "balance"),
        ("/gallery 2", "gallery_2"),
        ("/show ABC123", "show_ABC123"),
        ("/show --x", "show"),
        ("/settings --private yes", "settings"),
        ("/imagine a star", "start"),
        ("/delete ABC123", "start"),
        ("/cancel", "start"),
    ],
)
async def test_who_never_opened_the_private_chat_gets_one_line_that_leads_there(
    scene: Scene, ana: TelegramActor, line: str, start: str
) -> None:
    friends = scene.group("Friends", ana)
    (message,) = (await ana.says(line, to=friends)).messages

    assert message.chat is friends
    assert message.words == "I answer that only where nobody else reads along."
    assert message.buttons[0].url == f"https://t.me/darkroom_test_bot?start={start}"


async def test_a_link_answers_in_the_private_chat_what_was_asked_in_the_group(
    scene: Scene, ben: TelegramActor, friends: Group
) -> None:
    ben.user.blocks_bot()
    await ben.says("/balance", to=friends)
    (pointing,) = ben.sees(friends)
    ben.user.unblocks_bot()

    await ben.user.follows(pointing.buttons[0].url)
    await scene.settles()

    assert ben.sees()[-1].words.startswith("You have 20 credits.")


@pytest.mark.parametrize("payload", ["", "balance", "gallery_1", "what_is_this", "delete_ABC", "settings_x"])
async def test_a_newcomer_who_follows_any_link_is_shown_the_notice(
    scene: Scene, ana: TelegramActor, payload: str
) -> None:
    await ana.user.follows(f"https://t.me/darkroom_test_bot?start={payload}")
    await scene.settles()

    assert [message.buttons for message in ana.sees()] == [["I am 16 or older", "I am younger"]]


@pytest.mark.parametrize("payload", ["delete_ABC", "cancel", "imagine_fox", "again", "nonsense", "agree", "-_-"])
async def test_a_link_never_does_more_than_show(scene: Scene, ben: TelegramActor, payload: str) -> None:
    await ben.user.follows(f"https://t.me/darkroom_test_bot?start={payload}")
    await scene.settles()

    assert ben.sees()[-1].words.startswith("Welcome back.")


async def test_a_private_request_never_shows_in_the_group(scene: Scene, ben: TelegramActor, friends: Group) -> None:
    answer = await ben.says(f"/imagine {SECRET} --private", to=friends)
    await scene.stage.works()

    assert {message.chat for message in answer.messages} == {ben.user.chat}
    assert ben.sees(friends) == []
    assert [len(told.pictures) for told in ben.inbox] == [1]
    assert ben.sees()[-1].photo is not None


async def test_a_private_request_of_somebody_out_of_reach_waits_in_the_gallery(
    scene: Scene, ben: TelegramActor, friends: Group
) -> None:
    ben.user.blocks_bot()
    (pointing,) = (await ben.says(f"/imagine {SECRET} --private", to=friends)).messages
    await scene.stage.works()

    assert pointing.buttons[0].url == "https://t.me/darkroom_test_bot?start=queue"
    assert ben.sees(friends) == [pointing]
    assert SECRET not in ever_read(friends)
    ben.user.unblocks_bot()
    assert len((await ben.says("/gallery")).pictures) == 1
    assert await ben.owed() == []


async def test_a_private_request_reaches_who_comes_back_in_time(
    scene: Scene, ben: TelegramActor, friends: Group
) -> None:
    ben.user.blocks_bot()
    await ben.says(f"/imagine {SECRET} --private", to=friends)
    ben.user.unblocks_bot()
    await scene.stage.works()

    assert ben.sees()[-1].photo is not None
    assert len(ben.sees(friends)) == 1


def test_nobody_is_called_by_what_the_bot_says_in_public() -> None:
    line = say("gallery.caption", id="X", prompt="@zoe @everyone", seed=1, at=0)
    assert "@z" not in written([line], public=True)
    assert "@zoe" in written([line])


@pytest.mark.parametrize("line", ["/imagine a star", "/balance", "/settings --private yes"])
async def test_somebody_who_speaks_as_the_group_is_asked_to_speak_as_themselves(
    scene: Scene, ben: TelegramActor, friends: Group, line: str
) -> None:
    """All anonymous administrators share one id: https://core.telegram.org/bots/api#message, sender_chat"""
    said = await ben.user.sends(line, to=friends)
    await scene.settles()
    friends.messages = {said.id: said}
    spoken = objects.message(said) | {
        "from": {"id": 1_087_968_824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"},
        "sender_chat": objects.chat(friends),
    }
    await scene.door._act(Update.de_json({"update_id": 1, "message": spoken}, None))
    await scene.settles()

    (answer,) = ben.sees(friends)
    assert answer.words.startswith("I can't see who you are")
    assert await accounts.find(scene.stage.app, Who("telegram", "1087968824")) is None


async def test_other_bots_are_not_answered(scene: Scene, ben: TelegramActor, friends: Group) -> None:
    said = objects.message(await ben.user.sends("/kick", to=friends)) | {"text": "/help"}
    said["from"] = {"id": 5, "is_bot": True, "first_name": "Other"}
    await scene.door._act(Update.de_json({"update_id": 1, "message": said}, None))
    await scene.settles()

    assert ben.sees(friends) == []


async def test_a_group_that_asks_too_much_is_not_listened_to_for_a_while(
    scene: Scene, ben: TelegramActor, friends: Group
) -> None:
    scene.door._pace = Pace(Rates(*[Rate(1000, 1.0)] * 3, heard=Rate(3, 60.0)))
    for _ in range(5):
        await ben.says("/help", to=friends)

    assert len(ben.sees(friends)) == 3


async def test_menus_differ_by_place(scene: Scene, ben: TelegramActor, friends: Group) -> None:
    alone, together = ben.user.menu(), ben.user.menu(friends)

    assert alone["imagine"] == together["imagine"] == "draw pictures from your words"
    assert "balance" in alone
    assert "balance" not in together
    assert "agree" not in alone


async def test_menus_are_set_only_when_they_changed(scene: Scene) -> None:
    set_before = len(scene.telegram.called("setMyCommands"))
    await scene.restarts()

    assert set_before == 2
    assert len(scene.telegram.called("setMyCommands")) == 2
