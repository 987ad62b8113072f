"""The life of an interaction: what the bot is told, when and how often it may answer, and until when."""

from __future__ import annotations

from typing import Any

import pytest

from tests.discord_ import Impossible, routes
from tests.discord_.errors import said
from tests.discord_.messages import Upload
from tests.discord_.people import Permission

ANSWER = "GET /webhooks/{webhook_id}/{webhook_token}/messages/{message_id}"
BUTTON = {"type": 2, "style": 1, "label": "Again", "custom_id": "again"}


async def test_what_the_bot_is_told(discord_, asked, ben, room, friends):
    seen: list[dict[str, Any]] = []
    discord_.gateway.tell = lambda _name, data, **_: seen.append(data) or 1
    friends.file_limit = 50_000_000
    await asked()
    await asked(in_=None)
    in_guild, in_private = seen
    assert (in_guild["context"], in_private["context"]) == (0, 1)
    assert in_guild["attachment_size_limit"] == 50_000_000
    assert in_private["attachment_size_limit"] == 10 * 1024 * 1024
    assert in_guild["member"]["user"]["id"] == in_private["user"]["id"] == str(ben.id)
    assert int(in_guild["member"]["permissions"]) == room.permissions_of(ben)


async def test_an_interaction_is_answered_once_and_in_time(api, asked, discord_):
    use = await asked()
    assert await api.answers(use, {"type": 5}) == (204, None)
    assert await api.answers(use, {"type": 5}) == said(40060)
    late = await asked()
    discord_.passes(3.1)
    assert await api.answers(late, {"type": 5}) == said(10062)
    assert late.failed
    assert not use.failed


async def test_a_form_does_not_answer_a_form_nor_an_update_a_command(api, asked):
    use = await asked()
    assert (await api.answers(use, {"type": 7, "data": {"content": "x"}}))[1]["code"] == 50035
    assert (await api.answers(use, {"type": 4, "data": {"content": "x"}}))[0] == 204


async def test_a_token_lives_fifteen_minutes(api, asked, discord_):
    use, killed = await asked(), await asked()
    assert await api.edits(use, {"content": "x"}) == said(10015)
    await api.answers(use, {"type": 5})
    await api.answers(killed, {"type": 5})
    discord_.kills_token(killed)
    assert await api.edits(killed, {"content": "x"}) == said(50027)
    assert (await api.edits(use, {"content": "x"}))[0] == 200
    discord_.passes(900)
    assert await api.edits(use, {"content": "y"}) == said(50027)


async def test_a_follow_up_directly_after_thinking_is_its_edit(api, asked):
    use = await asked()
    await api.answers(use, {"type": 5, "data": {"flags": 64}})
    for words in ("first", "second"):
        status, _ = await api(routes.FOLLOWUP, {"content": words}, **api.webhook(use))
        assert status == 200
    assert [message.content for message in use.messages] == ["first", "second"]
    assert [message.ephemeral for message in use.messages] == [True, False]


async def test_what_the_person_deletes_cannot_be_edited(api, asked, ben):
    use = await asked()
    await api.answers(use, {"type": 5})
    await ben.deletes(use.message)
    assert await api.edits(use, {"content": "x"}) == said(10008)


async def test_an_answer_may_be_given_back(api, asked, discord_):
    use = await asked()
    body = {"type": 4, "data": {"content": "x"}}
    _, given = await api(
        routes.CALLBACK + "?with_response=true", body, interaction_id=use.id, interaction_token=use.token
    )
    assert given["resource"]["message"]["id"] == str(use.message.id)
    _, got = await api("GET /webhooks/{webhook_id}/{webhook_token}/messages/@original", **api.webhook(use))
    assert got["content"] == "x"


async def test_options_are_resolved_and_subcommands_nest(asked, discord_, ben, zoe, room, friends):
    option = {"description": "x", "required": True}
    options = [
        {"type": 6, "name": "who", **option},
        {"type": 11, "name": "picture", **option},
        {"type": 3, "name": "shape", "choices": [{"name": "Square", "value": "1:1"}], **option},
    ]
    show = {"type": 1, "name": "show", "description": "x", "options": options}
    group = {"type": 2, "name": "rules", "description": "x", "options": [show]}
    discord_.commands.overwrite(friends.id, [{"name": "server", "description": "x", "options": [group]}])
    picture = Upload("a.png", b"a")
    use = await ben.uses("/server rules show", in_=room, patience=0, who=zoe, picture=picture, shape="Square")
    [rules] = use.data["options"]
    given = {one["name"]: one["value"] for one in rules["options"][0]["options"]}
    assert given["shape"] == "1:1"
    assert use.data["resolved"]["members"][given["who"]]["permissions"]
    assert use.data["resolved"]["attachments"][given["picture"]]["filename"] == "a.png"
    with pytest.raises(Impossible):
        await ben.uses("/server rules", in_=room)
    with pytest.raises(Impossible):
        await ben.uses("/server rules show", who=zoe, picture=picture, shape="Square")


async def test_a_command_for_those_who_run_the_server_is_offered_to_them_alone(
    asked, discord_, ben, zoe, room, friends
):
    needed = Permission.MANAGE_GUILD
    discord_.commands.overwrite(None, [{"name": "server", "description": "x", "default_member_permissions": needed}])
    friends.role("Mods", zoe, permissions=needed)
    await zoe.uses("/server", in_=room, patience=0)
    with pytest.raises(Impossible):
        await ben.uses("/server", in_=room, patience=0)


async def test_a_menu_is_chosen_from_by_its_labels(api, asked, ben):
    options = [{"label": label, "value": label.lower()} for label in ("Square", "Portrait")]
    menu = {"type": 3, "custom_id": "shape", "placeholder": "Shape", "options": options}
    shown = await asked()
    rows = [{"type": 1, "components": [menu]}, {"type": 1, "components": [{**BUTTON, "disabled": True}]}]
    await api.answers(shown, {"type": 4, "data": {"content": "x", "components": rows}})
    use = await ben.chooses(shown.message, "Shape", "Portrait", patience=0)
    assert use.data["values"] == ["portrait"]
    for nonsense in (
        ben.chooses(shown.message, "Shape", "Round"),
        ben.chooses(shown.message, "Shape"),
        ben.chooses(shown.message, "Size", "Square"),
        ben.presses(shown.message, "Again"),
    ):
        with pytest.raises(Impossible):
            await nonsense
    assert await api.answers(use, {"type": 6}) == (204, None)
    assert use.message is shown.message
    await api.edits(use, {"content": "y"})
    assert shown.message.content == "y"


async def test_a_form_may_have_labels_and_must_be_filled_in(api, asked, ben):
    text = {"type": 4, "custom_id": "prompt", "style": 1, "min_length": 2, "max_length": 9}
    options = [{"label": "Square", "value": "1:1"}]
    fields = [("Prompt", text), ("Shape", {"type": 3, "custom_id": "shape", "options": options})]
    labels = [{"type": 18, "label": label, "component": component} for label, component in fields]
    opening = await asked()
    form = {"custom_id": "form", "title": "Edit", "components": labels}
    double = form | {"components": labels[:1] * 2}
    assert (await api.answers(opening, {"type": 9, "data": double}))[1]["code"] == 50035
    assert (await api.answers(opening, {"type": 9, "data": form | {"title": ""}}))[1]["errors"]["data"]["title"]
    await api.answers(opening, {"type": 9, "data": form})
    for answers in ({}, {"Prompt": "x"}, {"Prompt": "a hare", "Size": "x"}, {"Prompt": "a hare", "Shape": "Round"}):
        with pytest.raises(Impossible):
            await ben.submits(opening.modal, **answers)
    use = await ben.submits(opening.modal, Prompt="a hare", Shape="Square", patience=0)
    first, second = (outer["component"] for outer in use.data["components"])
    assert (first["value"], second["values"]) == ("a hare", ["1:1"])
    assert (await api.answers(use, {"type": 7, "data": {"content": "x"}}))[1]["code"] == 50035


async def test_a_message_of_an_interaction_says_whose_it_was(api, asked, ben):
    use = await asked()
    await api.answers(use, {"type": 4, "data": {"content": "x"}})
    _, second = await api(routes.FOLLOWUP, {"content": "y"}, **api.webhook(use))
    _, got = await api(ANSWER, message_id=second["id"], **api.webhook(use))
    assert got["interaction_metadata"]["user"]["id"] == str(ben.id)
    assert got["interaction_metadata"]["original_response_message_id"] == str(use.message.id)
    assert await api(ANSWER.replace("GET", "DELETE"), message_id=second["id"], **api.webhook(use)) == (204, None)
    assert await api(ANSWER, message_id=second["id"], **api.webhook(use)) == said(10008)
    assert await api(ANSWER, message_id=1, webhook_id=1, webhook_token=use.token) == said(10015)
