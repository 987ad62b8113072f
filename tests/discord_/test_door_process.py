"""The whole program at Discord, in a process of its own: from the first command to the picture, killed on the way."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bots.on_discord.words import shown
from tests.cast import AGREE
from tests.discord_ import DiscordServer
from tests.typed import DARKROOM

UP = (*DARKROOM, "up")
PATIENCE = 60.0  #: seconds; what it does on a loaded machine


@asynccontextmanager
async def running(server: DiscordServer, data: Path, **settings: str) -> AsyncIterator[asyncio.subprocess.Process]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DARKROOM_")}
    ours = {"DARKROOM_DATA": str(data), "DARKROOM_MODEL": "flat", "DARKROOM_PORT": "0"}
    environment |= server.environment | ours | settings
    process = await asyncio.create_subprocess_exec(
        *UP, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, start_new_session=True
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def test_a_picture_survives_the_death_of_the_process(tmp_path: Path) -> None:
    async with DiscordServer() as server:
        ben = server.user("ben")
        room = server.guild("Friends", ben).channel("art")
        async with running(server, tmp_path, DARKROOM_FLAT_DELAY="5") as process:
            await server.until(lambda: server.gateway.connected, within=PATIENCE)
            hello = await ben.uses("/start", in_=room)
            agreed = await ben.presses(await hello.finished(), AGREE)
            assert "20 credits" in shown((await agreed.finished()).content)
            asked = await ben.uses("/imagine", in_=room, prompt="a star")
            placeholder = await asked.finished()
            os.killpg(process.pid, signal.SIGKILL)
        async with running(server, tmp_path) as process:
            await server.until(lambda: placeholder.attachments, within=PATIENCE)
            assert placeholder.buttons == ["Again", "Edit", "Save", "Delete", "Report"]
            balance = await ben.uses("/balance", in_=room)
            assert "You have 19 credits." in shown((await balance.finished()).content)
            process.send_signal(signal.SIGTERM)
            written, complained = await asyncio.wait_for(process.communicate(), PATIENCE)
            assert process.returncode == 0
    assert server.token.encode() not in written + complained
    assert len([call for call in server.requests if call.route.startswith("PUT /applications")]) == 1


async def test_a_wrong_token_is_one_sentence_and_exit_status_2(tmp_path: Path) -> None:
    async with DiscordServer() as server, running(server, tmp_path, DARKROOM_DISCORD_TOKEN="wrong") as process:
        _, complained = await asyncio.wait_for(process.communicate(), PATIENCE)

    assert process.returncode == 2
    lines = [line for line in complained.decode().splitlines() if not line.startswith("{")]
    assert len(lines) == 1
    assert lines[0].startswith("DARKROOM_DISCORD_TOKEN is not a token that Discord knows")
