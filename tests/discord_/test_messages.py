"""Messages: nonces, files, mentions, layouts, and everything that is refused."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from tests.discord_ import routes
from tests.discord_.errors import said

ALL = {"parse": ["users", "roles", "everyone"]}
NOBODY: dict[str, Any] = {"parse": []}
BUTTON = {"type": 2, "style": 1, "label": "Again"}


async def test_the_same_nonce_gives_the_earlier_message(api, room, discord_):
    once = {"content": "x", "nonce": "a-delivery", "enforce_nonce": True}
    first, again = [(await api.sends(room, once))[1]["id"] for _ in range(2)]
    assert first == again
    discord_.passes(discord_.limits.nonce_remembered + 1)
    assert (await api.sends(room, once))[1]["id"] != first
    assert len(discord_.messages) == 2


async def test_an_edit_keeps_the_files_it_lists_and_adds_those_it_brings(api, room, discord_):
    _, sent = await api.sends(room, {"content": "x"}, files=(b"a", b"b"))
    kept = sent["attachments"][1]["id"]
    where = {"channel_id": room, "message_id": sent["id"]}
    body = {"attachments": [{"id": kept}, {"id": 0, "description": "new"}]}
    _, edited = await api(routes.EDIT, body, files=(b"c",), **where)
    [message] = discord_.messages.values()
    assert [(file.bytes, file.description) for file in message.attachments] == [(b"b", None), (b"c", "new")]
    async with aiohttp.ClientSession() as session, session.get(edited["attachments"][1]["url"]) as answer:
        assert await answer.read() == b"c"
    await api(routes.EDIT, {"content": "y"}, **where)
    assert len(message.attachments) == 2
    assert await api(routes.EDIT, {"attachments": [], "content": ""}, **where) == said(50006)


@pytest.mark.parametrize(
    ("allowed", "pinged"),
    [
        (None, "everyone"),
        (NOBODY, ""),
        (ALL, "everyone"),
        ({"parse": ["roles"]}, "role"),
        ({"users": ["ben"]}, "ben"),
    ],
)
async def test_it_knows_whom_a_message_would_ping(api, room, ben, zoe, friends, discord_, allowed, pinged):
    role = friends.role("Painters", ben)
    body: dict[str, Any] = {"content": f"<@{ben.id}> <@!{zoe.id}> <@&{role.id}> @here"}
    if allowed is not None:
        named = {"users": [str(ben.id)]} if "users" in allowed else {}
        body["allowed_mentions"] = allowed | named
    await api.sends(room, body)
    expected = {"everyone": {ben, zoe, role, "@here"}, "": set(), "role": {role}, "ben": {ben}}[pinged]
    assert discord_.pinged == expected


async def test_answers_to_interactions_ping_people_by_default_and_no_more(api, asked, ben):
    use = await asked()
    await api.answers(use, {"type": 4, "data": {"content": f"<@{ben.id}> @everyone"}})
    assert use.message.pinged == {ben}


async def test_a_layout_comes_back_whole(api, room):
    media = {"items": [{"media": {"url": "attachment://0.png"}}], "type": 12}
    button = {"type": 2, "style": 1, "label": "Again", "custom_id": "again"}
    inside = [{"type": 10, "content": "words"}, media, {"type": 1, "components": [button]}]
    body = {"flags": 1 << 15, "components": [{"type": 17, "components": inside}]}
    status, sent = await api.sends(room, body, files=(b"a",))
    assert status == 200
    assert sent["components"][0]["components"][1]["items"][0]["media"]["url"] == sent["attachments"][0]["url"]
    assert (await api.sends(room, body | {"content": "x"}, files=(b"a",)))[1]["code"] == 50035


async def test_what_a_channel_refuses(api, room, friends, ben, discord_):
    x = {"content": "x"}
    room.mutes_bot()
    assert await api.sends(room, x) == said(50013)
    room.hides_from_bot()
    assert await api.sends(room, x) == said(50001)
    room.lets_bot_in()
    friends.blocks_words("goose")
    assert await api.sends(room, {"content": "a Goose"}) == said(200000)
    assert await api(routes.EDIT, x, channel_id=room, message_id=1) == said(10008)
    room.vanishes()
    assert await api.sends(room, x) == said(10003)
    friends.kicks_bot()
    assert await api("GET /guilds/{guild_id}", guild_id=friends) == said(10004)


async def test_what_a_private_chat_refuses(api, ben, friends, discord_):
    _, dm = await api(routes.OPEN_DM, {"recipient_id": ben.id})
    assert (await api.sends(dm["id"], {"content": "x"}))[0] == 200
    ben.closes_dms()
    assert await api.sends(dm["id"], {"content": "x"}) == said(50007)
    friends.left_by(ben)
    assert await api.sends(dm["id"], {"content": "x"}) == said(50278)


async def test_ephemeral_messages_are_out_of_reach_of_the_bots_token(api, asked, room):
    use = await asked()
    await api.answers(use, {"type": 4, "data": {"content": "x", "flags": 64}})
    assert await api(routes.EDIT, {"content": "y"}, channel_id=room, message_id=use.message) == said(10008)


async def test_files_have_a_largest_size(api, room, discord_):
    discord_.limits.file = 3
    assert await api.sends(room, {}, files=(b"1234",)) == said(40005)
    assert (await api.sends(room, {}, files=(b"123",)))[0] == 200


@pytest.mark.parametrize(
    ("body", "path", "code"),
    [
        ({"content": "x" * 2001}, "content", "BASE_TYPE_MAX_LENGTH"),
        ({"content": 5}, "content", "STRING_TYPE_CONVERT"),
        ({"attachments": [{"id": n} for n in range(11)]}, "attachments", "BASE_TYPE_MAX_LENGTH"),
        (
            {"components": [{"type": 1, "components": [b]} for b in []] + [{"type": 9}]},
            "components/0",
            "BASE_TYPE_REQUIRED",
        ),
        ({"allowed_mentions": {"parse": ["all"]}}, "allowed_mentions/parse/0", "BASE_TYPE_CHOICES"),
    ],
)
async def test_a_form_with_errors_names_the_field(api, room, body, path, code):
    status, answer = await api.sends(room, body)
    assert (status, answer["code"]) == (400, 50035)
    found = answer["errors"]
    for step in path.split("/"):
        found = found[step]
    assert code in str(found)


async def test_buttons_have_their_limits(api, room):
    def rows(*rows: int, custom_id: str | None = None) -> dict[str, Any]:
        names = iter(range(100))
        made = [
            {"type": 1, "components": [{**BUTTON, "custom_id": custom_id or str(next(names))} for _ in range(row)]}
            for row in rows
        ]
        return {"content": "x", "components": made}

    assert (await api.sends(room, rows(5, 5, 5, 5, 5)))[0] == 200
    for bad in (rows(6), rows(1, 1, 1, 1, 1, 1), rows(1, custom_id="x" * 101), rows(2, custom_id="x")):
        assert (await api.sends(room, bad))[1]["code"] == 50035


async def test_commands_have_their_limits(api, discord_):
    good = {"name": "draw", "description": "Draw"}
    option = {"type": 3, "name": "prompt", "description": "x"}
    bad = [
        {"name": "Draw", "description": "x"},
        {"name": "a b", "description": "x"},
        {"name": "draw", "description": ""},
        {"name": "draw", "description": "x" * 101},
        good | {"options": [option | {"name": f"p{n}"} for n in range(26)]},
        good | {"options": [option | {"choices": [{"name": str(n), "value": "x"} for n in range(26)]}]},
        good | {"options": [option, option]},
        good | {"options": [option, option | {"name": "q", "required": True}]},
    ]
    where = {"application_id": discord_.application_id}
    for command in bad:
        assert (await api(routes.REGISTER, [command], **where))[1]["code"] == 50035, command
    _, [first] = await api(routes.REGISTER, [good], **where)
    _, [again] = await api(routes.REGISTER, [good], **where)
    _, [changed] = await api(routes.REGISTER, [good | {"description": "Paint"}], **where)
    assert first == again
    assert (changed["id"], changed["version"] != first["version"]) == (first["id"], True)
    discord_.limits.daily_commands = 1
    assert (await api(routes.REGISTER, [good | {"name": "paint"}], **where))[1]["code"] == 30034


async def test_an_unknown_route_is_a_gap_of_the_stand_in_and_not_silent(api, discord_):
    assert (await api("GET /voice/regions"))[0] == 404
    assert "GET /voice/regions" in str(discord_.mistakes.pop())


async def test_a_channel_can_be_read(api, room, ben, discord_):
    said_by_ben = await ben.says("hello", in_=room)
    ids = [(await api.sends(room, {"content": str(number)}))[1]["id"] for number in range(3)]
    history = "GET /channels/{channel_id}/messages"
    assert [one["content"] for one in (await api(history, channel_id=room))[1]] == ["2", "1", "0", "hello"]
    assert len((await api(f"{history}?limit=1&after={ids[0]}", channel_id=room))[1]) == 1
    where = {"channel_id": room, "message_id": ids[0]}
    assert (await api(routes.EDIT.replace("PATCH", "GET"), **where))[1]["content"] == "0"
    assert await api(routes.DELETE, **where) == (204, None)
    assert await api(routes.DELETE, **where) == said(10008)
    where["message_id"] = said_by_ben
    assert await api(routes.EDIT, {"content": "x"}, **where) == said(50005)
    assert await api(routes.DELETE, **where) == said(50013)
    assert (await api("GET /channels/{channel_id}", channel_id=room))[1]["last_message_id"] == ids[2]
    assert (await api("POST /channels/{channel_id}/typing", channel_id=room))[0] == 204


async def test_embeds_and_replies_come_back(api, room, ben):
    asked = await ben.says("a fox", in_=room)
    field, image = {"name": "Seed", "value": "7"}, {"url": "attachment://0.png"}
    embed = {
        "title": "x",
        "footer": {"text": "y"},
        "fields": [field],
        "image": image,
        "timestamp": "2026-01-01T00:00:00Z",
    }
    body = {"embeds": [embed], "message_reference": {"message_id": asked.id}}
    _, sent = await api.sends(room, body, files=(b"a",))
    assert sent["embeds"][0]["image"]["url"] == sent["attachments"][0]["url"]
    assert sent["embeds"][0]["fields"] == [field | {"inline": False}]
    assert sent["referenced_message"]["content"] == "a fox"
    assert ben.sees(room)[-1].pinged == {ben}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"embeds": [{"description": "x" * 4000}, {"description": "x" * 2001}]}, "MAX_EMBED_SIZE_EXCEEDED"),
        ({"content": "x", "flags": 1}, "MESSAGE_FLAGS_INVALID"),
        ({"content": "x", "components": [{"type": 10, "content": "x"}]}, "UNION_TYPE_CHOICES"),
        ({"flags": 1 << 15, "components": [{"type": 10, "content": "x"}] * 41}, "BASE_TYPE_MAX_LENGTH"),
        ({"flags": 1 << 15, "components": [{"type": 10, "content": "x" * 2001}] * 2}, "TEXT_SIZE_EXCEEDED"),
        ({"components": [{"type": 1, "components": [BUTTON]}]}, "BASE_TYPE_REQUIRED"),
        (
            {"components": [{"type": 1, "components": [{**BUTTON, "style": 5, "url": "u", "custom_id": "x"}]}]},
            "EXCLUSIVE",
        ),
        ({"components": [{"type": 1, "components": [{"type": 2, "style": 1, "custom_id": "x"}]}]}, "EMOJI_OR_LABEL"),
        ({"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}}, "PARSE_EXCLUSIVE"),
        ({"content": "x", "message_reference": {"message_id": "1"}}, "REPLIES_UNKNOWN_MESSAGE"),
        ({"content": "x", "nonce": "x" * 26}, "MAX_LENGTH"),
        ([], "DICT_TYPE_CONVERT"),
    ],
)
async def test_other_rules_of_a_form(api, room, body, code):
    status, answer = await api.sends(room, body)
    assert status == 400
    assert code in str(answer["errors"])


async def test_people_and_addresses_are_found(api, ben, discord_):
    assert (await api("GET /users/{user_id}", user_id=ben))[1]["username"] == "ben"
    assert await api("GET /users/{user_id}", user_id=1) == said(10013)
    assert (await api("GET /gateway"))[1]["url"] == discord_.gateway_url
    assert (await api("GET /gateway/bot"))[1]["shards"] == 1
    assert (await api("GET /users/{user_id}", user_id="x"))[1]["code"] == 50035
