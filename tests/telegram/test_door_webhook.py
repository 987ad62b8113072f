"""Updates that are pushed: only with the secret, only so long, and answered when they were acted on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bots.on_telegram import Telegram
from bots.on_telegram.access import Access, load_access
from bots.on_telegram.listening import BODY, HEADER
from bots.settings import BadSettings, Settings
from core.errors import Refused
from storage.database import SqlDatabase
from tests.cast import build_stage
from tests.telegram import TelegramServer
from tests.telegram.actor import Scene, TelegramActor

SECRET = "it-opens_nothing"


@pytest.fixture
async def scene(tmp_path: Path, database: SqlDatabase) -> AsyncIterator[Scene]:
    """A door that is told what happens."""
    made: list[Scene] = []

    async def hook(request: web.Request) -> web.Response:
        return await made[0].door.hook(request)

    app = web.Application()
    app.router.add_post("/hook", hook)
    async with TelegramServer() as telegram, TestServer(app) as here:
        access = Access(telegram.token, telegram.url, str(here.make_url("/hook")), SECRET)
        made.append(Scene(build_stage(tmp_path, database), telegram, access))
        await made[0].opens()
        yield made[0]
        await made[0].closes()


async def pushes(scene: Scene, body: bytes | AsyncIterator[bytes], secret: str | None = SECRET) -> int:
    headers = {} if secret is None else {HEADER: secret}
    async with (
        aiohttp.ClientSession() as session,
        session.post(scene.access.webhook, data=body, headers=headers) as answer,
    ):
        return answer.status


def update(number: int = 1, **more: Any) -> bytes:
    return json.dumps({"update_id": number, **more}).encode()


async def test_it_hears_and_answers(scene: Scene, ben: TelegramActor) -> None:
    (message,) = (await ben.says("/imagine a yellow star")).messages
    await scene.stage.works()

    assert message.photo is not None
    assert scene.telegram.called("getUpdates") == []
    assert len(scene.telegram.calls) == len(scene.telegram.called())


async def test_an_update_that_is_pushed_twice_is_acted_on_once(scene: Scene, ben: TelegramActor) -> None:
    scene.telegram.faults.duplicates = 1.0
    await ben.says("/imagine a star")

    assert (await ben.balance()).held == 1_000


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET[:-1], SECRET + "x", "é"])
async def test_without_the_secret_nothing_is_looked_at(scene: Scene, secret: str | None) -> None:
    assert await pushes(scene, update(), secret) == 403
    assert not scene.door.busy


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"7", b'{"update_id": 1, "message": 3}', b"\xff\xfe"])
async def test_junk_is_refused(scene: Scene, body: bytes) -> None:
    assert await pushes(scene, body) == 400


async def test_what_asks_for_nothing_is_taken(scene: Scene) -> None:
    assert await pushes(scene, update(5)) == 200


async def test_a_long_body_is_read_no_further(scene: Scene) -> None:
    assert await pushes(scene, b" " * (BODY + 1)) == 413

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(64):
            yield b" " * 65_536

    assert await pushes(scene, endless()) == 413


async def test_a_door_that_is_closed_asks_to_come_again(scene: Scene) -> None:
    await scene.closes()
    assert await pushes(scene, update()) == 503
    scene.door = scene._door()
    await scene.opens()


async def test_an_address_that_telegram_does_not_take_is_refused_with_a_sentence(scene: Scene) -> None:
    door = Telegram(scene.stage.app, replace(scene.access, webhook="nowhere"))
    with pytest.raises(Refused, match=r"telegram.bad_webhook"):
        await door.start()
    await door.close()


async def test_what_is_said_while_the_door_is_closed_comes_later(scene: Scene, ben: TelegramActor) -> None:
    await scene.closes()
    assert scene.telegram.updates.webhook is not None
    scene.telegram.updates.webhook.first_delay = 0.05
    await ben.user.sends("/balance")
    await asyncio.sleep(0.1)
    scene.door = scene._door()
    await scene.opens()
    await scene.telegram.until(lambda: len(ben.sees()) == 3)


# Settings


def settings(**more: Any) -> Settings:
    return Settings(_env_file=None, **more)  # type: ignore[call-arg]


def test_without_a_token_there_is_no_door() -> None:
    assert load_access(settings()) is None


def test_the_token_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("1:abc\n")
    access = load_access(settings(telegram_token_file=tmp_path / "token", telegram_api="http://127.0.0.1:8081"))

    assert access == Access("1:abc", "http://127.0.0.1:8081")
    assert "abc" not in repr(access)


def test_a_token_given_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="DARKROOM_TELEGRAM_TOKEN and DARKROOM_TELEGRAM_TOKEN_FILE are both set"):
        load_access(settings(telegram_token="1:abc", telegram_token_file=tmp_path / "token"))


@pytest.mark.parametrize("secret", [None, "", "has spaces", "x" * 257, "ä"])
def test_a_webhook_needs_a_secret_that_telegram_takes(secret: str | None) -> None:
    with pytest.raises(BadSettings, match="DARKROOM_TELEGRAM_WEBHOOK_SECRET must be"):
        load_access(
            settings(telegram_token="1:abc", telegram_webhook="https://x.example/hook", telegram_webhook_secret=secret)
        )


def test_a_webhook_with_its_secret() -> None:
    access = load_access(
        settings(
            telegram_token="1:abc", telegram_webhook="https://x.example/telegram/a1", telegram_webhook_secret="s-1"
        )
    )

    assert access is not None
    assert (access.path, access.secret) == ("/telegram/a1", "s-1")
    assert "s-1" not in repr(access)
