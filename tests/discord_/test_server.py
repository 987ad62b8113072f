"""What discord.py sees of the stand-in, and what people see through it."""

from __future__ import annotations

import asyncio
import sys

import aiohttp
import discord
import pytest
import simcord

from tests.discord_ import Impossible, routes
from tests.discord_.client import pointed_at, signed_in
from tests.discord_.session import GUILD_MEMBERS, MESSAGE_CONTENT
from tests.discord_.tiny_bot import TinyBot

IDENTIFY = {"token": "right", "intents": 1, "properties": {"os": "x", "browser": "x", "device": "x"}}


async def test_a_bot_signs_in_registers_and_sees_its_servers(bot, discord_, friends, room):
    assert [command["name"] for command in discord_.commands.here()] == ["imagine", "whoami"]
    assert bot.get_guild(friends.id).get_channel(room.id).name == "art"
    [identified] = discord_.gateway.identified
    assert identified["intents"] == discord.Intents(guilds=True).value


async def test_a_deferred_answer_becomes_pictures_that_everybody_in_the_room_sees(bot, ben, zoe, room):
    use = await ben.uses("/imagine", prompt="a fox", count=2, in_=room)
    assert 0 <= use.acknowledged_after < 3
    message = await use.finished()
    assert (message.content, message.buttons) == ("a fox", ["Again", "Edit"])
    assert [(file.name, file.bytes) for file in message.attachments] == [
        ("0.png", b"a fox square"),
        ("1.png", b"a fox square"),
    ]
    assert message.versions[0].flags & 128
    assert len(message.edits) == 1
    assert ben.sees(room) == zoe.sees(room) == [message]
    assert ben.sees() == []


async def test_an_ephemeral_answer_is_seen_by_the_person_alone(bot, ben, zoe, room):
    use = await ben.uses("/whoami", in_=room)
    assert use.ephemeral
    assert use.message.content == f"You are <@{ben.id}>"
    assert ben.sees(room) == [use.message]
    assert zoe.sees(room) == []


async def test_a_command_works_in_private(bot, ben):
    use = await ben.uses("/imagine", prompt="a fox")
    assert ben.sees() == [await use.finished()]


async def test_a_button_changes_its_message(bot, ben, zoe, room):
    message = await (await ben.uses("/imagine", prompt="a fox", in_=room)).finished()
    use = await zoe.presses(message, "Again")
    assert use.message is message
    assert (message.content, len(message.edits)) == ("once more", 2)


async def test_a_form_opens_filled_in_and_comes_back(bot, ben, zoe, room):
    message = await (await ben.uses("/imagine", prompt="a fox", in_=room)).finished()
    use = await ben.presses(message, "Edit")
    assert [(one.label, one.value) for one in use.modal.fields] == [("Prompt", "a fox")]
    with pytest.raises(Impossible, match="0 to 50"):
        await ben.submits(use.modal, Prompt="a" * 51)
    with pytest.raises(Impossible):
        await zoe.submits(use.modal)
    await ben.submits(use.modal, Prompt="a hare")
    assert message.content == "a hare"


async def test_autocompletion_offers_choices(bot, ben, room):
    assert await ben.autocompletes("/imagine", "shape", "p", in_=room) == {"Portrait": "portrait"}


async def test_what_no_client_allows_is_impossible(bot, ben, zoe, room, friends):
    message = await (await ben.uses("/imagine", prompt="a fox", in_=room)).finished()
    for nonsense in (
        ben.uses("/fly", in_=room),
        ben.uses("/imagine", in_=room),
        ben.uses("/imagine", prompt="a fox", count=5, in_=room),
        ben.uses("/imagine", prompt="a fox", size=5, in_=room),
        ben.presses(message, "Fly"),
    ):
        with pytest.raises(Impossible):
            await nonsense


async def test_a_kicked_bot_loses_the_server(bot, ben, friends, room, discord_):
    friends.kicks_bot()
    await discord_.until(lambda: not bot.guilds)
    with pytest.raises(Impossible):
        await ben.uses("/whoami", in_=room)
    friends.invites_bot()
    await discord_.until(lambda: bot.guilds)


async def test_a_connection_that_drops_is_resumed_with_what_was_missed(bot, ben, room, discord_):
    discord_.gateway.drops()
    use = await ben.uses("/whoami", in_=room)
    assert use.acknowledged
    assert len(discord_.gateway.resumed) == 1
    assert len(discord_.gateway.identified) == 1


async def test_op_7_is_resumed_too(bot, ben, room, discord_):
    discord_.gateway.drops(politely=True)
    assert (await ben.uses("/whoami", in_=room)).acknowledged


async def test_a_forgotten_session_begins_anew(bot, ben, room, discord_):
    bot.before_identify_hook = _quietly  # which sleeps for five seconds
    discord_.gateway.drops(resumable=False)
    assert (await ben.uses("/whoami", in_=room)).failed
    await discord_.until(lambda: len(discord_.gateway.identified) == 2)
    assert (await ben.uses("/whoami", in_=room)).acknowledged


async def test_it_comes_back_on_the_same_port_with_all_it_knew(bot, ben, room, discord_, monkeypatch):
    monkeypatch.setattr("discord.client.ExponentialBackoff.delay", lambda _: 0.02)
    before = discord_.api_url, await (await ben.uses("/imagine", prompt="a fox", in_=room)).finished()
    await discord_.goes_down()
    await asyncio.sleep(0.05)
    await discord_.comes_up()
    use = await ben.uses("/whoami", in_=room)
    assert use.acknowledged
    assert (discord_.api_url, ben.sees(room)[0]) == before


async def test_the_same_event_may_come_twice(bot, ben, room, discord_):
    discord_.faults.duplicates("INTERACTION_CREATE")
    bot.on_error = bot.tree.on_error = _quietly
    use = await ben.uses("/whoami", in_=room)
    await discord_.until(lambda: [call.status for call in discord_.called(routes.CALLBACK)] == [200, 400])
    assert discord_.called(routes.CALLBACK)[1].answer["code"] == 40060
    assert len(use.messages) == 1


async def test_events_may_come_out_of_order(bot, ben, zoe, room, discord_):
    discord_.faults.reorders("INTERACTION_CREATE")
    first, second = await asyncio.gather(ben.uses("/whoami", in_=room), zoe.uses("/whoami", in_=room))
    assert first.message.id > second.message.id


async def test_discord_py_waits_out_a_429(bot, ben, room, discord_):
    discord_.faults.limits(routes.EDIT_ORIGINAL, retry_after=0.02)
    await (await ben.uses("/imagine", prompt="a fox", in_=room)).finished()
    assert [call.status for call in discord_.called(routes.EDIT_ORIGINAL)] == [429, 200]
    assert len(discord_.invalid_requests) == 1


async def test_a_wrong_token_and_ungranted_intents_are_refused(discord_, friends):
    with pointed_at(discord_), pytest.raises(discord.LoginFailure):
        async with TinyBot() as client:
            await client.login("nonsense")
    reader = discord.Client(intents=discord.Intents(message_content=True), guild_ready_timeout=0.05)
    with pytest.raises(discord.PrivilegedIntentsRequired):
        async with signed_in(reader, discord_):
            pass


async def test_members_come_in_a_chunk_to_those_who_may_know_them(discord_, friends):
    discord_.gateway.grants(GUILD_MEMBERS)
    client = discord.Client(intents=discord.Intents(guilds=True, members=True), guild_ready_timeout=0.05)
    async with signed_in(client, discord_):
        assert {member.name for member in client.get_guild(friends.id).members} >= {"ben", "zoe", "darkroom"}
        await client.change_presence(activity=discord.Game("x"))
        await discord_.until(lambda: discord_.gateway.presence)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ([{"op": 99}], 4001),
        ([{"op": 2, "d": {}}], 4002),
        ([{"op": 8, "d": {"guild_id": "1", "query": "", "limit": 0}}], 4003),
        ([{"op": 2, "d": IDENTIFY | {"token": "nonsense"}}], 4004),
        ([{"op": 2, "d": IDENTIFY}] * 2, 4005),
        ([{"op": 2, "d": IDENTIFY | {"intents": GUILD_MEMBERS}}], 4014),
    ],
)
async def test_a_bot_that_breaks_the_protocol_is_hung_up_on(discord_, said, code):
    async with aiohttp.ClientSession() as session, session.ws_connect(discord_.gateway_url) as socket:
        assert (await socket.receive_json())["op"] == 10
        for payload in said:
            token = {"token": discord_.token} if payload.get("d", {}).get("token") == "right" else {}
            await socket.send_json(payload | ({"d": payload["d"] | token} if token else {}))
        async for _ in socket:
            pass
        assert socket.close_code == code


async def test_nobody_waits_for_a_bot_that_is_not_there(discord_, ben, room):
    discord_.commands.overwrite(None, [{"name": "draw", "description": "Draw"}])
    assert (await ben.uses("/draw", in_=room)).failed
    with pytest.raises(AssertionError, match="did not come true"):
        await discord_.until(lambda: False, within=0.01)


async def test_every_server_has_its_shard(discord_, ben, room):
    other = discord_.guild("Others", ben)
    while (other.id >> 22) % 2 == (room.guild.id >> 22) % 2:
        other.id += 1 << 22
    heard: list[int | None] = []
    sharded = discord.AutoShardedClient(intents=discord.Intents(guilds=True), shard_count=2, guild_ready_timeout=0.05)
    sharded.before_identify_hook = _quietly

    async def on_interaction(interaction: discord.Interaction) -> None:
        assert interaction.guild is not None
        heard.append(interaction.guild.shard_id)

    sharded.event(on_interaction)
    discord_.commands.overwrite(None, [{"name": "draw", "description": "Draw"}])
    async with signed_in(sharded, discord_):
        await ben.uses("/draw", in_=room, patience=0)
        await ben.uses("/draw", in_=other.channel("art"), patience=0)
        await discord_.until(lambda: len(heard) == 2)
    assert sorted(heard) == [0, 1]
    assert [identified["shard"] for identified in discord_.gateway.identified] == [[0, 2], [1, 2]]


async def test_words_are_blank_without_the_intent_to_read_them(discord_, ben, room):
    heard: list[str] = []
    reading = discord.Intents(guilds=True, guild_messages=True, message_content=True)
    discord_.gateway.grants(MESSAGE_CONTENT)
    for number, intents in enumerate((discord.Intents(guilds=True, guild_messages=True), reading)):
        client = discord.Client(intents=intents, guild_ready_timeout=0.05, chunk_guilds_at_startup=False)

        @client.event
        async def on_message(message: discord.Message) -> None:
            heard.append(message.content)

        async with signed_in(client, discord_):
            await ben.says("hello", in_=room)
            await discord_.until(lambda: len(heard) > number)  # noqa: B023
    assert heard == ["", "hello"]


async def test_the_bot_may_live_in_another_process(discord_, ben, room):
    bot = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "ignore", "-m", "tests.discord_.tiny_bot", env=discord_.environment
    )
    try:
        await discord_.until(lambda: discord_.gateway.connected, within=20)
        use = await ben.uses("/imagine", prompt="a fox", in_=room)
        assert (await use.finished()).attachments
    finally:
        bot.kill()
        await bot.wait()


async def test_it_keeps_up_with_a_thousand_commands_a_minute(bot, ben, zoe, room):
    started = asyncio.get_running_loop().time()
    uses = await asyncio.gather(*(who.uses("/imagine", prompt="a fox", in_=room) for who in (ben, zoe) * 25))
    for use in uses:
        await use.finished()
    assert asyncio.get_running_loop().time() - started < 3


async def test_simcord_an_independent_model_runs_the_same_bot():
    async with simcord.run(TinyBot()) as env:
        guild = env.create_guild()
        room = guild.create_text_channel("art")
        ben = guild.add_member(env.create_user("ben"))
        drawn = await ben.slash(room, "imagine", prompt="a fox")
        assert drawn.response.content == "a fox"
        pressed = await ben.click(drawn.response, label="Again")
        assert room.last_message.content == "once more"
        assert not pressed.ephemeral
        assert (await ben.slash(room, "whoami")).ephemeral


async def _quietly(*_: object, **__: object) -> None:
    """In place of what would print or wait."""
