"""A command's answer, in a room and in private: one message that lives from the request to its picture."""

from __future__ import annotations

import pytest

from bots.on_discord.words import shown
from core.values import Who
from tests.cast import keys_of, read
from tests.discord_ import routes
from tests.discord_.actor import DiscordActor, Scene


async def test_a_newcomer_agrees_and_gets_credits(eve: DiscordActor) -> None:
    answer = await eve.says("/start")
    assert keys_of(answer)[0] == "start.hello"
    await eve.presses("I am 16 or older")

    assert (await eve.balance()).spendable == 20_000


async def test_a_request_is_answered_at_once_and_becomes_its_picture(scene: Scene, bea: DiscordActor) -> None:
    answer = await bea.says("/imagine a yellow star")
    placeholder = bea.newest
    assert placeholder.buttons == ["Cancel"]
    assert shown(placeholder.content) == "You are 1st in line. It costs 1 credit."
    assert keys_of(answer)[0] == "imagine.accepted"

    await scene.stage.works()

    (told,) = bea.inbox
    assert bea.newest is placeholder
    assert [file.bytes for file in placeholder.attachments] == [told.pictures[0].data]
    assert placeholder.buttons == ["Again", "Edit", "Save", "Delete", "Report"]
    assert shown(placeholder.content) == read(told)


async def test_several_pictures_come_into_one_message_each_with_its_buttons(scene: Scene, bea: DiscordActor) -> None:
    await bea.says("/imagine a yellow star --count 4")
    await scene.stage.works()

    message = bea.newest
    assert [told.final for told in bea.inbox] == [False, False, False, True]
    assert [file.bytes for file in message.attachments] == [told.pictures[0].data for told in bea.inbox]
    assert shown(message.content).splitlines() == [read(told) for told in bea.inbox]
    assert message.buttons == [f"{label} {nth}" for nth in range(1, 5) for label in LABELS]


LABELS = ("Again", "Edit", "Save", "Delete", "Report")


async def test_cancel_stays_until_the_last_picture(scene: Scene, bea: DiscordActor) -> None:
    await bea.says("/imagine a yellow star --count 2")
    await scene.stage.works()

    assert [version.buttons[-1] for version in bea.newest.edits if version.buttons] == ["Cancel", "Cancel", "Report 2"]


async def test_what_failed_is_told_in_the_same_message(scene: Scene, bea: DiscordActor) -> None:
    await bea.says("/imagine a yellow star --count 2")
    for _ in range(3):
        await scene.stage.breaks_down()

    assert shown(bea.newest.content).startswith("2 pictures could not be drawn")
    assert not bea.newest.buttons
    assert (await bea.balance()).spendable == 20_000


async def test_each_request_gets_its_own_message(scene: Scene, bea: DiscordActor) -> None:
    for _ in range(3):
        await bea.says("/imagine a yellow star")
    await scene.stage.works()

    assert len([message for message in bea.sees() if message.attachments]) == 3


async def test_words_in_private_are_offered_to_be_drawn(scene: Scene, dan: DiscordActor) -> None:
    assert keys_of(await dan.says("a yellow star, please")) == ["words.offer"]
    await dan.presses("Draw it")
    await scene.stage.works()

    assert len(dan.inbox[0].pictures) == 1


async def test_a_command_that_is_written_in_private_works_too(scene: Scene, dan: DiscordActor) -> None:
    """Without an interaction there is no token: its message is edited as one of ours."""
    said = await dan.user.says("/imagine a yellow star --count 2")
    await scene.discord.until(lambda: "Cancel" in dan.newest.buttons)
    await scene.stage.works()

    message = dan.newest
    assert message.id > said.id
    assert len(message.attachments) == 2
    assert len(dan.sees()) == 3


async def test_words_in_a_room_are_none_of_its_business(scene: Scene, bea: DiscordActor) -> None:
    before = len(bea.sees())
    await bea.user.says("/imagine a yellow star", in_=bea.room)
    await bea.says("/balance")

    assert len(bea.sees()) == before + 1


async def test_a_long_text_comes_in_parts_and_a_longer_one_as_a_file(scene: Scene, dan: DiscordActor) -> None:
    before = len(dan.sees())
    await dan.says("/mydata")
    parts = dan.sees()[before:]
    assert 1 < len(parts) <= 3
    assert all(len(part.content) <= 2_000 for part in parts)

    text = read(await dan.says("/privacy all"))
    *_, last = dan.sees()
    assert last.attachments[0].name == "darkroom.txt"
    assert last.attachments[0].bytes.decode() == text


async def test_the_policy_in_full_reaches_whoever_asks(scene: Scene, bea: DiscordActor) -> None:
    told = await bea.says("/privacy")
    assert bea.use is not None
    seen = "\n".join(shown(message.content) for message in bea.use.messages)
    files = [file.bytes.decode() for message in bea.use.messages for file in message.attachments]

    assert read(told) in (seen, *files)


async def test_nobody_is_called_and_nothing_is_markup(scene: Scene, bea: DiscordActor, kit: DiscordActor) -> None:
    words = f"<@{kit.user.id}> @everyone **bold** [link](https://example.org) `x` # y"
    await bea.says(f'/imagine {words} --negative "@here"')
    await scene.stage.works()
    await bea.says("/gallery")
    await bea.says(f"/show {bea.inbox[0].pictures[0].id}")
    await bea.says("/queue")

    assert scene.discord.pinged == set()
    sent = [call.body for call in scene.discord.requests if call.body and "content" in call.body]
    assert len(sent) > 5
    assert all(body["allowed_mentions"]["parse"] == [] for body in sent)
    assert words in shown(bea.sees()[-2].content)
    assert "https://" not in bea.sees()[-2].content


async def test_a_command_of_yesterday_is_answered_with_a_way_on(scene: Scene, bea: DiscordActor) -> None:
    """People may send what was registered before, until Discord has forgotten it."""
    scene.discord.commands.overwrite(None, [{"name": "paint", "description": "x"}])
    use = await bea.user.uses("/paint", in_=bea.room)
    await use.finished()

    assert use.ephemeral
    assert "I don't know the command /paint" in shown(use.messages[0].content)


@pytest.mark.parametrize(
    ("option", "value", "key"),
    [
        ({"name": "count", "type": 4}, 9, "parse.range"),
        ({"name": "size", "type": 3}, "big", "parse.unknown_option"),
        ({"name": "shape", "type": 3}, "round", "parse.choice"),
        ({"name": "steps", "type": 4}, 100_000, "option_range.of_model"),
    ],
)
async def test_an_option_of_yesterday_is_refused_and_costs_nothing(
    scene: Scene, bea: DiscordActor, option: dict, value: object, key: str
) -> None:
    options = [{"name": "prompt", "type": 3, "required": True, "description": "x"}, option | {"description": "x"}]
    scene.discord.commands.overwrite(None, [{"name": "imagine", "description": "x", "options": options}])
    use = await bea.user.uses("/imagine", in_=bea.room, prompt="a star", **{option["name"]: value})
    await scene.settles()

    assert [message.ephemeral for message in use.messages if not message.deleted] == [True]
    assert (await bea.balance()).held == 0


@pytest.mark.parametrize("prompt", ["a" * 2_001, "a" * 6_000, "\u200b\u202e"])
async def test_words_that_cannot_be_drawn_are_refused_to_who_wrote_them(
    scene: Scene, bea: DiscordActor, kit: DiscordActor, prompt: str
) -> None:
    answer = await bea.says(f"/imagine {prompt}")

    assert keys_of(answer)[0] in ("prompt.too_long", "prompt.empty")
    assert (await bea.balance()).held == 0
    assert not [message for message in kit.sees() if message.use and message.use.user is bea.user]


async def test_an_interaction_that_comes_twice_is_one_request(scene: Scene, bea: DiscordActor) -> None:
    scene.discord.faults.duplicates("INTERACTION_CREATE")
    await bea.says("/imagine a star")
    await scene.stage.works()

    assert (await bea.balance()).spendable == 19_000
    assert len(scene.discord.called(routes.CALLBACK)) == 3
    assert len(bea.inbox) == 1


async def test_who_speaks_is_known_by_discords_number(scene: Scene, bea: DiscordActor) -> None:
    assert bea.who == Who("discord", str(bea.user.id))
    assert (await bea.balance()).spendable == 20_000
