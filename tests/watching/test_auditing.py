"""When the books are checked: at the start by everybody, every hour by the one that leads, sooner after trouble."""

from __future__ import annotations

import asyncio
import threading

import pytest
from sqlalchemy import text

from bots.watching import auditing
from bots.watching.auditing import Auditor
from core.records import Records
from tests.cast import Actor, Stage


class Auditing(Auditor):
    """Counts its checks."""

    checks = 0

    async def check(self) -> None:
        self.checks += 1
        await super().check()


def auditor(stage: Stage, *, leads: bool) -> Auditing:
    return Auditing(stage.app, stage.database, lambda: leads)


def spoil(stage: Stage, by: int) -> None:
    with stage.database._engine.begin() as connection:
        moved = "UPDATE credit_lot SET available = available - :by, spent = spent + :by"
        connection.execute(text(moved), {"by": by})


@pytest.mark.parametrize("leads", [True, False])
async def test_every_process_checks_them_at_its_start_and_then_waits(stage: Stage, leads: bool) -> None:
    desk = auditor(stage, leads=leads)
    assert desk.mistakes is None
    for _ in range(3):
        await desk.check_if_due()

    assert (desk.checks, desk.mistakes, desk.checked_at) == (1, 0, stage.clock.now())


@pytest.mark.parametrize(("leads", "checks"), [(True, 3), (False, 1)])
async def test_when_an_hour_is_over_the_leader_checks_them_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, leads: bool, checks: int
) -> None:
    monkeypatch.setattr(auditing, "CHECKED", 0.0)
    desk = auditor(stage, leads=leads)
    for _ in range(3):
        await desk.check_if_due()

    assert desk.checks == checks


@pytest.mark.parametrize("leads", [True, False])
async def test_after_trouble_whoever_saw_it_looks_again_soon(
    stage: Stage, ben: Actor, monkeypatch: pytest.MonkeyPatch, leads: bool
) -> None:
    spoil(stage, 1)
    desk = auditor(stage, leads=leads)
    for _ in range(2):
        await desk.check_if_due()
    assert (desk.checks, desk.mistakes) == (1, 2)

    spoil(stage, -1)
    monkeypatch.setattr(auditing, "CHECKED_AGAIN", 0.0)
    for _ in range(2):
        await desk.check_if_due()
    assert (desk.checks, desk.mistakes) == (2, 0)


async def test_a_check_holds_nobody_up(stage: Stage, ben: Actor) -> None:
    """People are served while it reads, and it does not see what they do meanwhile."""
    reads, go_on = threading.Event(), threading.Event()

    def slowly(tx: Records) -> tuple[int, int]:
        before = len(tx.figures.waiting())
        reads.set()
        assert go_on.wait(30)
        return before, len(tx.figures.waiting())

    looking = asyncio.create_task(stage.database.look(slowly))
    await asyncio.to_thread(reads.wait)
    answer = await ben.says("/imagine a star")
    assert answer.error is None
    go_on.set()

    assert await looking == (0, 0)
    assert await stage.database.look(lambda tx: len(tx.figures.waiting())) == 1
