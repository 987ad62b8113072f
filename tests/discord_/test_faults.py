"""Faults strike where, when and as often as they were asked to, and the schemas catch our own mistakes."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import aiohttp
import pytest

from tests.discord_ import DiscordServer, routes
from tests.discord_.errors import said
from tests.discord_.schema import Malformed, spec


async def test_an_answer_may_be_lost_after_it_happened(api, room, discord_):
    fault = discord_.faults.loses_answer(routes.SEND)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await api.sends(room, {"content": "x"})
    assert (fault.struck, len(discord_.messages)) == (1, 1)
    assert discord_.requests[-1].acted
    assert (await api.sends(room, {"content": "x"}))[0] == 200


async def test_a_connection_may_be_reset_before_anything_happens(api, room, discord_):
    discord_.faults.resets(routes.SEND)
    with pytest.raises(aiohttp.ClientOSError):
        await api.sends(room, {"content": "x"})
    assert not discord_.messages


@pytest.mark.parametrize("status", [502, 503])
async def test_a_failure_comes_before_or_after_acting(api, room, discord_, status):
    discord_.faults.fails(routes.SEND, status=status)
    assert (await api.sends(room, {"content": "x"}))[0] == status
    assert not discord_.messages
    discord_.faults.fails(routes.SEND, status=status, after_acting=True)
    assert (await api.sends(room, {"content": "x"}))[0] == status
    assert len(discord_.messages) == 1


async def test_a_global_limit_holds_for_all_but_interactions(api, asked, room, discord_):
    use = await asked()
    discord_.faults.limits(routes.SEND, scope="global", retry_after=5)
    status, answer = await api.sends(room, {"content": "x"})
    assert (status, answer["global"], answer["retry_after"]) == (429, True, 5)
    assert (await api("GET /users/@me"))[0] == 429
    assert (await api.answers(use, {"type": 5}))[0] == 204
    discord_.faults.stop()
    assert (await api("GET /users/@me"))[0] == 200


async def test_a_bucket_is_kept_for_each_channel(api, room, friends, discord_):
    discord_.faults.keeps_bucket(routes.SEND, limit=2, per=60)
    assert [(await api.sends(room, {"content": "x"}))[0] for _ in range(3)] == [200, 200, 429]
    assert (await api.sends(friends.channel("other"), {"content": "x"}))[0] == 200


async def test_answers_may_be_slow_and_any_error_may_come(api, room, discord_):
    discord_.faults.slows(routes.SEND, seconds=0.03)
    discord_.faults.refuses(routes.SEND, 20009)
    started = asyncio.get_running_loop().time()
    assert await api.sends(room, {"content": "x"}) == said(20009)
    assert asyncio.get_running_loop().time() - started >= 0.03


async def test_with_a_nonce_and_patience_a_message_arrives_once_whatever_happens(api, room, discord_):
    discord_.faults.menu(0.15)
    for number in range(20):
        body = {"content": str(number), "nonce": str(number), "enforce_nonce": True}
        for _ in range(50):
            with suppress(aiohttp.ClientError):
                status, _ = await api.sends(room, body)
                if status == 200:
                    break
    assert [message.content for message in discord_.messages.values()] == [str(number) for number in range(20)]
    assert len(discord_.called(routes.SEND)) > 20


def test_shares_are_drawn_by_the_seed():
    def drawn(seed: int) -> list[bool]:
        fault = DiscordServer(seed=seed).faults.resets(share=0.3)
        return [fault.strikes("GET /gateway") for _ in range(200)]

    assert drawn(1) == drawn(1) != drawn(2)
    assert 30 < sum(drawn(1)) < 90


def test_the_file_names_its_sources_and_their_licences():
    for source in spec().sources:
        assert len(source["sha256"]) == 64
        assert source["licence"] == "MIT"
        assert "Permission is hereby granted" in source["notice"]


def test_a_malformed_answer_of_our_own_is_a_mistake():
    with pytest.raises(Malformed, match="url"):
        spec().check_answer("GET /gateway", 200, {"url": 5})
    with pytest.raises(Malformed, match="token"):
        spec().check_event("INTERACTION_CREATE", {"type": 2, "id": "1"})


async def test_a_mistake_fails_the_test_at_the_end():
    with pytest.raises(ExceptionGroup, match="mistakes"):
        async with DiscordServer() as server, aiohttp.ClientSession() as session:
            await session.get(f"{server.api_url}/nowhere")
