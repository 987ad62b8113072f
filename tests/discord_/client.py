"""discord.py, unmodified, pointed at a `DiscordServer` in the same process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TypeVar

import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from tests.discord_.server import DiscordServer

Bot = TypeVar("Bot", bound=discord.Client)


@contextmanager
def pointed_at(server: DiscordServer) -> Iterator[None]:
    """Both addresses are class attributes, so they hold for every client of the process."""
    before = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = server.api_url, yarl.URL(server.gateway_url)
    try:
        yield
    finally:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = before


@asynccontextmanager
async def signed_in(client: Bot, server: DiscordServer) -> AsyncIterator[Bot]:
    """A client that is ready. Give it `guild_ready_timeout=0.05`: the default waits two seconds for more servers."""
    with pointed_at(server):
        async with client:
            await client.login(server.token)
            connecting = asyncio.create_task(client.connect())
            ready = asyncio.create_task(client.wait_until_ready())
            await asyncio.wait({connecting, ready}, return_when=asyncio.FIRST_COMPLETED)
            if connecting.done():
                ready.cancel()
                await connecting
            yield client
        await connecting
