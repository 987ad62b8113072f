"""The door comes and goes: connections that drop, sessions that are forgotten, tokens that are wrong, servers that leave."""

from __future__ import annotations

import asyncio
import io

import pytest

from bots import logs
from bots.on_discord import Discord
from bots.on_discord.access import Access, check, invite_link, load_access
from bots.on_discord.words import shown
from bots.settings import Settings
from core.errors import Refused
from tests.catalogue import SmallCatalogue
from tests.discord_ import routes
from tests.discord_.actor import DiscordActor, Scene

CATALOGUE = SmallCatalogue()


async def quietly(*_: object, **__: object) -> None:
    """In place of what would wait for five seconds."""


async def test_a_connection_that_drops_is_resumed_with_what_was_missed(scene: Scene, bea: DiscordActor) -> None:
    scene.discord.gateway.drops()
    await bea.says("/imagine a star")
    await scene.stage.works()

    assert len(scene.discord.gateway.resumed) == 1
    assert len(bea.newest.attachments) == 1


async def test_a_forgotten_session_begins_anew(scene: Scene, bea: DiscordActor) -> None:
    client = scene.door._wire.client
    assert client is not None
    client.before_identify_hook = quietly  # type: ignore[method-assign]
    await bea.says("/imagine a star")
    scene.discord.gateway.drops(resumable=False)
    await scene.discord.until(lambda: len(scene.discord.gateway.identified) == 2)
    await bea.presses("Cancel")

    assert (await bea.balance()).spendable == 20_000


async def test_no_intent_is_asked_for_that_discord_has_to_grant(scene: Scene) -> None:
    (identified,) = scene.discord.gateway.identified

    assert identified["intents"] == (1 << 0) | (1 << 12)


async def test_a_wrong_token_is_refused_in_one_sentence(scene: Scene) -> None:
    door = Discord(scene.stage.app, Access("wrong", scene.discord.api_url, scene.discord.gateway_url))

    with pytest.raises(Refused, match=r"discord\.wrong_token"):
        await door.start()
    with pytest.raises(Refused, match=r"discord\.wrong_token"):
        await door.run()
    await door.close()


async def test_a_token_that_is_changed_while_it_runs_ends_it(scene: Scene, bea: DiscordActor) -> None:
    assert scene._running is not None
    scene.discord.token = "another"
    scene.discord.gateway.drops(resumable=False)
    client = scene.door._wire.client
    assert client is not None
    client.before_identify_hook = quietly  # type: ignore[method-assign]

    with pytest.raises(Refused, match=r"discord\.wrong_token"):
        await asyncio.wait_for(scene._running, 5)


async def test_a_discord_that_cannot_be_reached_is_tried_again(scene: Scene, bea: DiscordActor) -> None:
    await scene.closes()
    await scene.discord.goes_down(forgetting_sessions=True)
    scene.door = scene._door()
    await scene.door.start()
    assert [line.key for line in scene.warnings] == ["discord.unreachable"]

    scene._running = asyncio.create_task(scene.door.run())
    await asyncio.sleep(0.1)
    await scene.discord.comes_up()
    await scene.discord.until(lambda: scene.discord.gateway.connected)
    await bea.says("/balance")


async def test_a_gateway_that_does_not_let_us_in_is_tried_again(scene: Scene, bea: DiscordActor) -> None:
    """Signing in works before listening does."""
    await scene.closes()
    scene.door = scene._door()
    await scene.door.start()
    await scene.discord.goes_down(forgetting_sessions=True)
    scene._running = asyncio.create_task(scene.door.run())
    await asyncio.sleep(0.2)
    await scene.discord.comes_up()
    await scene.discord.until(lambda: scene.discord.gateway.connected)
    await bea.says("/balance")


async def test_while_discord_is_away_pictures_wait(scene: Scene, bea: DiscordActor) -> None:
    await bea.says("/imagine a star")
    await scene.closes()
    await scene.stage.works()
    assert len(await bea.owed()) == 1

    scene.door = scene._door()
    await scene.opens()
    await scene.stage.tells()
    assert len(bea.newest.attachments) == 1


async def test_an_answer_under_way_is_finished_before_the_door_closes(scene: Scene, bea: DiscordActor) -> None:
    scene.discord.faults.slows(routes.EDIT_ORIGINAL, seconds=0.2)
    use = await bea.user.uses("/balance", in_=bea.room)
    await scene.restarts()

    assert "You have 20 credits." in shown(use.messages[0].content)


async def test_a_server_that_comes_back_is_answered_again(scene: Scene, bea: DiscordActor) -> None:
    assert bea.room is not None
    assert bea.room.guild is not None
    bea.room.guild.kicks_bot()
    bea.room.guild.invites_bot()

    await bea.says("/balance")


async def test_an_operator_learns_how_it_stands(scene: Scene, bea: DiscordActor, dan: DiscordActor) -> None:
    access = Access(scene.discord.token, scene.discord.api_url, scene.discord.gateway_url)
    found = await check(access, CATALOGUE)
    assert found.sentence == "signed in as darkroom, in 2 servers; its commands are registered"
    assert f"client_id={scene.discord.application_id}" in found.invitation

    scene.discord.commands.overwrite(None, [])
    assert not (await check(access, CATALOGUE)).registered
    wrong = await check(Access("wrong", scene.discord.api_url), CATALOGUE)
    assert "DARKROOM_DISCORD_TOKEN is not a token" in wrong.sentence
    assert not wrong.invitation
    scene.discord.faults.fails("GET /users/@me", status=503)
    assert "can't reach Discord" in (await check(access, CATALOGUE)).trouble
    await bea.presses("Draw it")


def test_the_invitation_asks_for_what_is_needed_and_no_more() -> None:
    link = invite_link(42)

    assert link.startswith("https://discord.com/oauth2/authorize?client_id=42&")
    assert "scope=bot+applications.commands" in link
    wanted = int(link.partition("permissions=")[2].partition("&")[0])
    assert wanted == 1 << 10 | 1 << 11 | 1 << 15 | 1 << 16 | 1 << 38


def test_the_settings_name_the_token_or_its_file(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_access(Settings()) is None
    (tmp_path / "token").write_text(" abc \n")
    access = load_access(Settings(discord_token_file=tmp_path / "token", discord_api="http://127.0.0.1:1/api/v10"))

    assert access == Access("abc", "http://127.0.0.1:1/api/v10", "")
    assert "abc" not in repr(access)


async def test_no_token_and_no_word_of_anybody_reaches_the_log(
    scene: Scene, bea: DiscordActor, dan: DiscordActor, log: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    """At its most talkative, with failures on the way."""
    logs.set_up("debug", log)
    marker = "zweiundvierzig-kormorane"
    scene.discord.faults.loses_answer(routes.EDIT_ORIGINAL)
    scene.discord.faults.refuses(routes.FOLLOWUP, 50035)
    await bea.user.uses("/imagine", in_=bea.room, prompt=f"{marker} " * 200)
    await scene.settles()
    use = await bea.user.uses("/imagine", in_=bea.room, prompt=marker)
    await scene.settles()
    await scene.stage.works()
    await dan.says(marker)
    scene.discord.gateway.drops()
    await bea.says("/gallery")
    await bea.user.uses("/imagine", in_=bea.room, prompt=marker)
    await scene.settles()
    scene.stage.clock.passes(14 * 60_000)
    scene.discord.faults.refuses(routes.SEND, 50035, share=1)
    await scene.stage.works()
    await scene.restarts()

    written = log.getvalue() + "".join(capsys.readouterr())
    assert written.count("\n") > 20, "a silent log proves nothing"
    for secret in (scene.discord.token, use.token, marker, str(bea.user.id), bea.user.name.title()):
        assert secret not in written


async def test_it_may_be_closed_before_it_is_cancelled(scene: Scene, bea: DiscordActor) -> None:
    await scene.door.close()
    assert scene._running is not None
    await asyncio.wait_for(scene._running, 5)


async def test_the_library_keeps_nothing_of_what_was_shown(scene: Scene, bea: DiscordActor) -> None:
    await bea.says("/imagine a star --count 4")
    await scene.stage.works()
    await bea.presses("Edit 1")
    client = scene.door._wire.client
    assert client is not None
    state = client._connection

    assert not any(state._view_store._views.values())
    assert not state._view_store._modals
    assert not client.cached_messages
