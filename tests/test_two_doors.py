"""Twenty requests at once with credits for exactly one, through two doors of one bot: exactly one picture."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path

from bots.on_terminal import Terminal
from storage.database import SqlDatabase
from tests.cast import build_stage, enter


async def test_twenty_requests_with_credits_for_one_get_one_picture(tmp_path: Path, database: SqlDatabase) -> None:
    """Limits off, so that nothing but the ledger stands in the way."""
    stage = build_stage(tmp_path, database, open_jobs=0, welcome=1)
    ben = enter(stage, "ben")
    await ben.agrees()
    screens = [io.StringIO(), io.StringIO()]
    doors = [Terminal(stage.app, "ben", tmp_path / "pics", screen, as_json=True) for screen in screens]

    await asyncio.gather(*(doors[n % 2].hear(f"/imagine star number {n}") for n in range(20)))

    replies = [json.loads(line) for screen in screens for line in screen.getvalue().splitlines()]
    assert sorted(told["error"] or "accepted" for told in replies) == ["accepted"] + ["refused"] * 19

    await stage.works()
    assert sum(len(told.pictures) for told in ben.inbox) == 1
    assert await ben.balance() == type(await ben.balance())(spendable=0, held=0, debt=0)
    assert stage.mistakes() == []


async def test_the_limit_on_open_requests_holds_for_twenty_at_once(tmp_path: Path, database: SqlDatabase) -> None:
    stage = build_stage(tmp_path, database, open_jobs=3)
    ben = enter(stage, "ben")
    await ben.agrees()
    screen = io.StringIO()
    door = Terminal(stage.app, "ben", tmp_path / "pics", screen, as_json=True)

    await asyncio.gather(
        *(ben.says(f"/imagine star {n}") for n in range(10)), *(door.hear("/imagine x") for _ in range(10))
    )

    assert (await ben.balance()).held == 3_000


async def test_agreeing_twenty_times_at_once_makes_one_account(tmp_path: Path, database: SqlDatabase) -> None:
    from bots.commands import commands
    from bots.declaring import Nothing

    stage = build_stage(tmp_path, database)
    ben = enter(stage, "ben")
    agree = commands.get("agree")
    assert agree is not None
    answers = await asyncio.gather(*(agree.handler(stage.app, ben.who, Nothing()) for _ in range(20)))

    assert len(answers) == 20
    assert (await ben.balance()).spendable == 20_000
    assert stage.mistakes() == []
