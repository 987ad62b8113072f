"""A stand-in with two people in one room, the tiny bot signed in, and requests without a library between."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from storage.database import SqlDatabase
from tests.cast import build_stage
from tests.databases import Store
from tests.discord_ import Channel, DiscordServer, Guild, Use, User, routes
from tests.discord_.actor import DiscordActor, Scene, at_discord
from tests.discord_.client import signed_in
from tests.discord_.session import Session
from tests.discord_.tiny_bot import TinyBot


@pytest.fixture
async def discord_() -> AsyncIterator[DiscordServer]:
    async with DiscordServer() as server:
        yield server


@pytest.fixture
def ben(discord_: DiscordServer) -> User:
    return discord_.user("ben")


@pytest.fixture
def zoe(discord_: DiscordServer) -> User:
    return discord_.user("zoe")


@pytest.fixture
def friends(discord_: DiscordServer, ben: User, zoe: User) -> Guild:
    return discord_.guild("Friends", ben, zoe)


@pytest.fixture
def room(friends: Guild) -> Channel:
    return friends.channel("art")


@pytest.fixture
async def bot(discord_: DiscordServer, room: Channel) -> AsyncIterator[TinyBot]:
    async with signed_in(TinyBot(), discord_) as client:
        yield client


class Api:
    """Requests without a library between, by the bot's token."""

    def __init__(self, server: DiscordServer, session: aiohttp.ClientSession) -> None:
        self._server, self._session = server, session

    async def __call__(
        self, route: str, body: Any = None, files: tuple[bytes, ...] = (), **params: Any
    ) -> tuple[int, Any]:
        verb, path = route.split()
        path = path.format_map({name: getattr(value, "id", value) for name, value in params.items()})
        headers = {"Authorization": f"Bot {self._server.token}"}
        form: Any = None
        if files:
            form = aiohttp.FormData()
            form.add_field("payload_json", json.dumps(body))
            for number, content in enumerate(files):
                form.add_field(f"files[{number}]", content, filename=f"{number}.png")
        async with self._session.request(
            verb, self._server.api_url + path, json=None if files else body, data=form, headers=headers
        ) as answer:
            return answer.status, await answer.json() if answer.content_type == "application/json" else None

    async def answers(self, use: Any, body: Any, **how: Any) -> tuple[int, Any]:
        return await self(routes.CALLBACK, body, interaction_id=use.id, interaction_token=use.token, **how)

    async def edits(self, use: Any, body: Any, **how: Any) -> tuple[int, Any]:
        return await self(routes.EDIT_ORIGINAL, body, **self.webhook(use), **how)

    async def sends(self, room: Any, body: Any, **how: Any) -> tuple[int, Any]:
        return await self(routes.SEND, body, channel_id=room, **how)

    def webhook(self, use: Any) -> dict[str, Any]:
        return {"webhook_id": self._server.application_id, "webhook_token": use.token}


@pytest.fixture
async def api(discord_: DiscordServer) -> AsyncIterator[Api]:
    async with aiohttp.ClientSession() as session:
        yield Api(discord_, session)


@pytest.fixture
def asked(discord_: DiscordServer, ben: User, room: Channel) -> Callable[..., Awaitable[Use]]:
    """A command that reaches a bot which says nothing by itself."""
    discord_.gateway.sessions["silent"] = Session("silent", 0, (0, 1))
    discord_.commands.overwrite(None, [{"name": "draw", "description": "Draw"}])

    async def asked(person: User = ben, in_: Channel | None = room) -> Use:
        return await person.uses("/draw", in_=in_, patience=0)

    return asked


@pytest.fixture
def database(sqlite_store: Store) -> SqlDatabase:
    """One product is enough here: what the door asks of a database is tested over both elsewhere."""
    return sqlite_store.open()


@pytest.fixture
async def scene(tmp_path: Path, database: SqlDatabase) -> AsyncIterator[Scene]:
    """A door on a stage."""
    async with at_discord(build_stage(tmp_path, database)) as opened:
        yield opened


@pytest.fixture
def studio(scene: Scene) -> Channel:
    """A room of a server where people of the cast are; what is public there, all of them read."""
    return scene.discord.guild("Friends").channel("art")


@pytest.fixture
def eve(scene: Scene) -> DiscordActor:
    """New: alone with the bot, and has never said a word."""
    return scene.enter("eve")


@pytest.fixture
async def bea(scene: Scene, studio: Channel) -> DiscordActor:
    """In the studio; has agreed, and has 20 credits."""
    bea = scene.enter("bea", studio)
    await bea.agrees()
    return bea


@pytest.fixture
async def dan(scene: Scene) -> DiscordActor:
    """Alone with the bot; has agreed, and has 20 credits."""
    dan = scene.enter("dan")
    await dan.agrees()
    return dan


@pytest.fixture
async def kit(scene: Scene, studio: Channel) -> DiscordActor:
    """In the studio too; has agreed, and reads along."""
    kit = scene.enter("kit", studio)
    await kit.agrees()
    return kit
