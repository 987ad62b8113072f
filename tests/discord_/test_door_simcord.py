"""One conversation through simcord, a model of Discord made by others: what ours and theirs agree on is likelier so."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import simcord

from bots.background import Background
from bots.delivering import deliver
from bots.on_discord import Discord
from bots.on_discord.access import Access, Client
from bots.on_discord.pacing import Throttle
from bots.on_discord.words import shown
from storage.database import SqlDatabase
from tests.cast import AGREE, build_stage


async def test_from_the_first_word_to_the_picture_and_its_end(tmp_path: Path, database: SqlDatabase) -> None:
    stage = build_stage(tmp_path, database)
    door = Discord(stage.app, Access("a.token"), throttle=Throttle(0, 0))
    stage.background = Background(stage.app, door)
    client = Client()
    client.listener = door._hearing
    async with simcord.run(client) as env:
        door._wire.client = client
        await door._register(client)
        guild = env.create_guild()
        room = guild.create_text_channel("art")
        ben, zoe = (guild.add_member(env.create_user(name)) for name in ("ben", "zoe"))

        async def done(doing: Awaitable[Any]) -> Any:
            """It returns before the door has asked its records."""
            result = await doing
            while door.busy:
                await asyncio.sleep(0.002)
            return result

        hello = await done(ben.slash(room, "start"))
        assert hello.ephemeral
        welcome = await done(ben.click(hello.response, label=AGREE))
        assert "20 credits" in shown(welcome.response.content)

        asked = await done(ben.slash(room, "imagine", prompt="a **star**", count=2))
        assert not asked.ephemeral
        assert "1st in line" in shown(asked.response.content)
        await stage.works()
        await deliver(stage.app, door)
        message = asked.response.message
        assert len(message.attachments) == 2
        assert len([button for row in message.components for button in row.children]) == 10

        refused = await done(zoe.click(message, label="Delete 1"))
        assert refused.ephemeral
        assert "not yours" in shown(refused.response.content)
        await done(ben.click(message, label="Delete 1"))
        assert len(asked.response.message.attachments) == 1

        form = await done(ben.click(message, label="Edit 2"))
        assert form.modal is not None
        balance = await done(ben.slash(room, "balance"))
        assert balance.ephemeral
        assert "You have 18 credits." in shown(balance.response.content)
        await door.close()
