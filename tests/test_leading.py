"""Several processes, one of which does what only one should do: who leads, who stands by, and how that changes hands."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import pytest

from bots.leading import Elected
from core.errors import Unavailable
from tests.cast import Stage

LEASE, RENEWED = 400, 50  #: milliseconds
ROLE = "scheduler"


class Process:
    """Beside others on the same database. `away`: it can't reach it."""

    def __init__(self, stage: Stage) -> None:
        self.away = False
        self.leading = Elected(replace(stage.app, database=self), lease=LEASE, renewed=RENEWED)  # type: ignore[arg-type]
        self._database = stage.database
        self.works = 0

    async def run(self, fn: Callable[..., object], *args: object) -> object:
        if self.away:
            raise Unavailable("database.unavailable")
        return await self._database.run(fn, *args)

    async def work(self) -> None:
        self.works += 1
        try:
            await asyncio.Event().wait()
        finally:
            self.works -= 1

    @property
    def leads(self) -> bool:
        return self.works == 1


@asynccontextmanager
async def running(process: Process) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(process.leading.lead(ROLE, process.work))
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


async def test_one_leads_and_the_others_stand_by(stage: Stage) -> None:
    first, second = Process(stage), Process(stage)
    async with running(first):
        await until(lambda: first.leads)
        async with running(second):
            await asyncio.sleep(3 * LEASE / 1000)
            assert (first.leads, second.leads) == (True, False)


async def test_different_roles_may_have_different_leaders(stage: Stage) -> None:
    first, second = Process(stage), Process(stage)
    async with running(first):
        await until(lambda: first.leads)
        other = asyncio.create_task(second.leading.lead("door:telegram:1", second.work))
        await until(lambda: second.works == 1)
        other.cancel()


async def test_one_that_ends_hands_over_at_once(stage: Stage) -> None:
    first, second = Process(stage), Process(stage)
    async with running(second):
        async with running(first):
            await until(lambda: first.leads or second.leads)
            if second.leads:
                first, second = second, first
        await until(lambda: second.leads or first.leads)


async def test_one_that_dies_is_replaced_when_its_lease_runs_out(stage: Stage) -> None:
    first, second = Process(stage), Process(stage)
    async with running(first):
        await until(lambda: first.leads)
        first.away = True  # as far as anybody can see, it is dead
        async with running(second):
            await until(lambda: second.leads)


async def test_one_that_can_not_renew_stops_before_another_may_begin(stage: Stage) -> None:
    first, second = Process(stage), Process(stage)
    async with running(first):
        await until(lambda: first.leads)
        first.away = True
        async with running(second):
            while not second.leads:
                both = first.leads and second.leads
                assert not both
                await asyncio.sleep(0.005)
            assert not first.leads


async def test_one_that_was_paused_past_its_lease_finds_itself_replaced(stage: Stage) -> None:
    first, second = Process(stage), Process(stage)
    async with running(first):
        await until(lambda: first.leads)
        stage.database.transact(lambda tx: tx.leaders.resign(ROLE, first.leading._holder))  # time passed it by
        async with running(second):
            await until(lambda: second.leads or first.leads)
            await asyncio.sleep(3 * RENEWED / 1000)
            assert first.leads != second.leads


async def test_a_short_outage_of_the_database_changes_nothing(stage: Stage) -> None:
    first = Process(stage)
    async with running(first):
        await until(lambda: first.leads)
        first.away = True
        await asyncio.sleep(2 * RENEWED / 1000)
        first.away = False
        for _ in range(20):
            assert first.leads
            await asyncio.sleep(0.01)


async def test_what_the_work_raises_is_raised(stage: Stage) -> None:
    async def fails() -> None:
        raise ValueError("wrong token")

    with pytest.raises(ValueError, match="wrong token"):
        await Process(stage).leading.lead(ROLE, fails)


async def test_nobody_else_can_resign_for_a_leader(stage: Stage) -> None:
    assert stage.database.transact(lambda tx: tx.leaders.lead(ROLE, "a", 60_000))
    stage.database.transact(lambda tx: tx.leaders.resign(ROLE, "b"))

    assert not stage.database.transact(lambda tx: tx.leaders.lead(ROLE, "b", 60_000))


async def test_a_lease_is_measured_by_the_clock_of_the_database(stage: Stage) -> None:
    assert stage.database.transact(lambda tx: tx.leaders.lead(ROLE, "a", 300))
    stage.clock.passes(3_600_000)  # of a process that is wrong by an hour
    assert not stage.database.transact(lambda tx: tx.leaders.lead(ROLE, "b", 300))

    time.sleep(0.35)
    assert stage.database.transact(lambda tx: tx.leaders.lead(ROLE, "b", 300))
