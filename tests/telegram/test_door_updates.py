"""Hearing people: each update is acted on once, none is confirmed before, and one bot listens with one token."""

from __future__ import annotations

import asyncio
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.on_telegram import Telegram, listening
from bots.on_telegram.access import Access, check
from bots.on_telegram.listening import REMEMBERED, Seen
from core.errors import Refused
from storage.database import SqlDatabase
from tests.cast import build_stage
from tests.telegram import TelegramServer
from tests.telegram.actor import Scene, TelegramActor


async def test_a_request_that_comes_twice_is_one(scene: Scene, ben: TelegramActor) -> None:
    scene.telegram.faults.duplicates = 1.0
    for _ in range(3):
        await ben.says("/imagine a star")

    assert (await ben.balance()).held == 3_000
    assert len(ben.sees()) == 2 + 3


async def test_a_request_that_comes_again_after_a_crash_is_one(scene: Scene, ben: TelegramActor) -> None:
    """It was paid for, and the process died before it said so."""
    scene.telegram.faults.slows("sendMessage", seconds=0.3)
    await ben.user.sends("/imagine a star")
    (update,) = scene.telegram.updates.pending
    await scene.telegram.until(lambda: len(ben.sees()) == 3)
    await scene.dies()
    scene.telegram.updates.pending = [update]
    scene.door = scene._door()
    await scene.opens()
    await scene.settles()

    assert (await ben.balance()).held == 1_000
    assert ben.sees()[-1].words.startswith("I have that request already")
    await scene.stage.works()
    assert [len(told.pictures) for told in ben.inbox] == [1]


async def test_nothing_is_confirmed_before_it_was_acted_on(
    scene: Scene, ben: TelegramActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = asyncio.Event()
    acted = scene.door._act

    async def slowly(update: Any) -> None:
        await held.wait()
        await acted(update)

    monkeypatch.setattr(scene.door._listener, "_act", slowly)
    await ben.user.sends("/imagine a star")
    await asyncio.sleep(0.3)
    assert len(scene.telegram.updates.pending) == 1

    await scene.dies()
    scene.door = scene._door()
    await scene.opens()
    await scene.settles()
    assert (await ben.balance()).held == 1_000


async def test_one_slow_person_holds_up_nobody(
    scene: Scene, ben: TelegramActor, zoe: TelegramActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More updates come than are handed out at once, while the first is still being acted on."""
    monkeypatch.setattr(listening, "BATCH", 5)
    held = asyncio.Event()
    acted = scene.door._act

    async def slowly(update: Any) -> None:
        if update.effective_user.id == ben.user.id:
            await held.wait()
        await acted(update)

    monkeypatch.setattr(scene.door._listener, "_act", slowly)
    await ben.user.sends("/balance")
    for _ in range(4):
        await zoe.user.sends("/balance")
    await scene.telegram.until(lambda: len(zoe.sees()) == 2 + 4)
    assert len(ben.sees()) == 2
    held.set()
    await scene.settles()
    assert len(ben.sees()) == 3


async def test_what_one_person_says_is_answered_in_order(scene: Scene, ben: TelegramActor) -> None:
    scene.telegram.faults.reorders = 1.0
    await scene.closes()
    for number in range(10):
        await ben.user.sends(f"/help nosuch{number}")
    scene.door = scene._door()
    await scene.opens()
    await scene.settles()

    told = [message.words.split(".")[0] for message in ben.sees()[-10:]]
    assert told == [f"I don't know the command /nosuch{number}" for number in range(10)]


async def test_a_bug_in_one_update_stops_none_of_the_others(
    scene: Scene, ben: TelegramActor, monkeypatch: pytest.MonkeyPatch, log: io.StringIO
) -> None:
    acted = scene.door._act

    async def fails(update: Any) -> None:
        if "boom" in update.message.text:
            raise RuntimeError(update.message.text)
        await acted(update)

    monkeypatch.setattr(scene.door._listener, "_act", fails)
    await ben.says("boom")
    answer = await ben.says("/balance")

    assert answer.keys[0] == "balance.spendable"
    assert '"event": "task.failed"' in log.getvalue()
    assert "boom" not in log.getvalue()


async def test_closing_confirms_what_was_done(scene: Scene, ben: TelegramActor) -> None:
    await ben.user.sends("/balance")
    await scene.telegram.until(lambda: len(ben.sees()) == 3)
    await scene.closes()

    assert scene.telegram.updates.pending == []
    scene.door = scene._door()
    await scene.opens()


async def test_being_blocked_or_kicked_is_no_question(scene: Scene, ben: TelegramActor) -> None:
    friends = scene.group("Friends", ben)
    calls = len(scene.telegram.called())
    friends.kicks_bot()
    ben.user.blocks_bot()
    await scene.settles()

    assert len(scene.telegram.called()) == calls


@given(st.lists(st.tuples(st.integers(0, 20), st.booleans()), max_size=60))
def test_the_offset_never_passes_what_is_not_finished(events: list[tuple[int, bool]]) -> None:
    seen, open_, done = Seen(), set(), set()
    for update, finish in events:
        if finish and update in open_:
            seen.finish(update)
            open_.discard(update)
            done.add(update)
        elif not finish:
            assert seen.begin(update) == (update not in open_ | done)
            if update not in done:
                open_.add(update)
        offset = seen.offset
        assert offset is None or all(update >= offset for update in open_)
        if offset is not None:
            seen.confirmed(offset)


def test_numbers_may_start_anew() -> None:
    """ "If there are no new updates for at least a week, then identifier of the next update will be chosen randomly" """
    seen = Seen()
    assert seen.begin(900)
    seen.finish(900)
    assert seen.offset == 901
    seen.confirmed(901)
    assert seen.offset is None
    assert seen.begin(5)
    seen.finish(5)
    assert seen.offset == 6


def test_what_is_remembered_is_bounded() -> None:
    seen = Seen()
    for update in range(REMEMBERED + 10):
        seen.begin(update)
        seen.finish(update)
        seen.confirmed(update + 1)

    assert len(seen._known) == REMEMBERED
    assert not seen.begin(REMEMBERED)


# One token


async def test_a_second_bot_with_the_token_is_told_so_once(
    scene: Scene, ben: TelegramActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "CONFLICT_PAUSE", 0.05)
    async with scene.access.bot() as other:
        for _ in range(3):
            await other.get_updates(timeout=0, offset=0)
            await asyncio.sleep(0.1)

    assert [line.key for line in scene.warnings] == ["telegram.conflict"] * len(scene.warnings)
    assert len(scene.warnings) >= 1
    assert (await ben.says("/balance")).keys[0] == "balance.spendable"


async def test_a_wrong_token_is_refused_with_a_sentence(tmp_path: Path, database: SqlDatabase) -> None:
    stage = build_stage(tmp_path, database)
    async with TelegramServer() as server:
        door = Telegram(stage.app, Access(server.token[:-1] + "X", server.url))
        with pytest.raises(Refused) as refused:
            await door.start()
        await door.close()

    assert refused.value.key == "telegram.wrong_token"
    assert refused.value.__cause__ is None


async def test_a_token_that_is_taken_back_ends_the_listening(scene: Scene, ben: TelegramActor) -> None:
    scene.telegram.token = scene.telegram.token[:-1] + "X"
    async with scene.telegram.down():
        pass
    assert scene._running is not None
    with pytest.raises(Refused, match=r"telegram.wrong_token"):
        await scene._running


async def test_a_telegram_out_of_reach_is_tried_again(tmp_path: Path, database: SqlDatabase) -> None:
    async with TelegramServer() as server:
        await server.goes_down()
        scene = Scene(build_stage(tmp_path, database), server, Access(server.token, server.url))
        await scene.opens()
        assert [line.key for line in scene.warnings] == ["telegram.unreachable"]
        await server.comes_up()
        ana = scene.enter("Ana")
        await ana.user.sends("/start")
        await server.until(ana.sees)
        await scene.closes()


async def test_a_webhook_of_before_is_taken_away(tmp_path: Path, database: SqlDatabase) -> None:
    async with TelegramServer() as server:
        async with Access(server.token, server.url).bot() as before:
            await before.set_webhook("http://127.0.0.1:9/hook")
        scene = Scene(build_stage(tmp_path, database), server, Access(server.token, server.url))
        await scene.opens()
        assert (await scene.enter("Ana").says("/about")).keys[0] == "about.what"
        await scene.closes()


# What an operator is told


async def test_a_checkup_says_who_the_bot_is(scene: Scene) -> None:
    found = await check(scene.access)

    assert found.sentence == "Reached Telegram as @darkroom_test_bot. In groups it is told only what is meant for it."
    assert found.invitation == "https://t.me/darkroom_test_bot?startgroup=true"
    scene.telegram.privacy_mode = False
    assert "which it does not need" in (await check(scene.access)).sentence


async def test_a_checkup_says_what_is_wrong_and_no_secret(scene: Scene) -> None:
    wrong = await check(replace(scene.access, token=scene.access.token[:-1] + "X"))
    away = await check(replace(scene.access, api="http://127.0.0.1:9"))

    assert wrong.trouble.startswith("Telegram does not know this token")
    assert away.trouble.startswith("Telegram can't be reached")
    secret = scene.access.token.partition(":")[2]
    assert secret[:-1] not in f"{wrong} {away} {scene.access!r}"


async def test_the_token_is_in_no_log(scene: Scene, ben: TelegramActor, log: io.StringIO) -> None:
    """At its most talkative, the libraries' lines included, through floods, lost answers and a wrong token."""
    scene.telegram.faults.loses_answers("sendMessage")
    scene.telegram.faults.floods("sendMessage", retry_after=1)
    await ben.says("/imagine a very secret star")
    scene.telegram.faults.breaks("editMessageMedia")
    await scene.stage.works()
    await check(replace(scene.access, token=scene.access.token[:-1] + "X"))
    await ben.encloses(b"no picture", "/verify")

    assert "httpx" in log.getvalue()
    for secret in (scene.access.token, scene.access.token.partition(":")[2][:-1], "secret star", str(ben.user.id)):
        assert secret not in log.getvalue()
