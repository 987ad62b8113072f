"""Whoever is erased leaves no picture standing at Discord, as far as Discord lets a bot take it back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.rules import HOUR
from core.values.receipts import Counted, Status
from storage.database import SqlDatabase
from tests.cast import build_stage, read
from tests.databases import Store
from tests.discord_.actor import Scene, at_discord
from tests.erasure.going import CODE, passes


@pytest.fixture
def database(sqlite_store: Store) -> SqlDatabase:
    return sqlite_store.open()


@pytest.fixture
async def scene(tmp_path: Path, database: SqlDatabase) -> AsyncIterator[Scene]:
    async with at_discord(build_stage(tmp_path, database)) as scene:
        yield scene


async def test_a_picture_in_private_and_one_in_a_room_are_taken_back(scene: Scene) -> None:
    room = scene.lobby.channel("art")
    ben = scene.enter("ben", room)
    await ben.agrees()
    await ben.says("/imagine a yellow star --count 2")
    await scene.stage.works()
    before = [message for message in ben.sees() if message.attachments]
    assert before
    code = CODE.search(read(await ben.says("/deleteme DELETE")))
    assert code is not None

    receipt = await passes(scene.stage, code["code"])

    assert [message for message in ben.sees() if message.attachments] == []
    assert receipt.status is Status.COMPLETE
    assert Counted("platform:discord", "gone", 2) in receipt.deleted


async def test_what_only_they_see_is_left_once_its_token_is_dead_and_the_receipt_says_so(scene: Scene) -> None:
    ben = scene.enter("ben", scene.lobby.channel("art"))
    await ben.agrees()
    await ben.says("/imagine a yellow star --private yes")
    await scene.stage.works()
    code = CODE.search(read(await ben.says("/deleteme DELETE")))
    assert code is not None
    scene.stage.clock.passes(HOUR)

    receipt = await passes(scene.stage, code["code"])

    assert receipt.status is Status.EXCEPT_SCHEDULED
    assert receipt.residual == (Counted("platform:discord", "left", 1),)
