"""The worker as a child over a pipe: draws, stops, dies and comes back. A real process, the flat engine."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bots.clock import SteadyClock
from core.rules import JOBS_PER_WORKER
from core.values import JobId, Settings
from core.values.wishes import Drawn, Finished, Lost, News, Progress, Ready, Started, Wish
from inference.flat import colour
from storage.over_pipe.dispatch import PATIENCE, PipeDispatch

SETTINGS = Settings("flat", "square", 128, 128, 10, 3.0)


def wish(job: str, index: int = 0, seed: int = 1, *, lasts: int = 60_000) -> Wish:
    expires_at = SteadyClock().now() + lasts
    return Wish(JobId(job), index, 1, seed + index, "words", "", SETTINGS, expires_at)


@asynccontextmanager
async def running(*command: str) -> AsyncIterator[PipeDispatch]:
    dispatch = PipeDispatch(command, SteadyClock())
    task = asyncio.create_task(dispatch.run())
    try:
        yield dispatch
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def worker(delay: float) -> tuple[str, ...]:
    return (sys.executable, "-m", "bots.worker", "flat", str(delay), "error")


async def until(dispatch: PipeDispatch, *kinds: type) -> list[News]:
    """News up to and including the first of one of these kinds."""
    heard: list[News] = []
    async with asyncio.timeout(30):
        async for news in dispatch.news():
            heard.append(news)
            if isinstance(news, kinds):
                return heard
    return heard


async def test_it_takes_nothing_before_it_is_ready_and_then_a_small_window() -> None:
    async with running(*worker(0)) as dispatch:
        assert dispatch.window == 0
        await until(dispatch, Ready)
        assert dispatch.window == JOBS_PER_WORKER


async def test_it_draws_the_wishes_of_a_job_in_order_and_says_when_it_is_through() -> None:
    async with running(*worker(0)) as dispatch:
        await until(dispatch, Ready)
        await dispatch.send([wish("a", 0, 7), wish("a", 1, 7)])
        heard = await until(dispatch, Finished)

    drawn = [news for news in heard if isinstance(news, Drawn)]
    assert isinstance(heard[0], Started)
    assert [news.index for news in drawn] == [0, 1]
    assert [news.pixels.data[:3] for news in drawn] == [colour(7), colour(8)]


async def test_it_tells_its_progress() -> None:
    async with running(*worker(1.5)) as dispatch:
        await until(dispatch, Ready)
        await dispatch.send([wish("a")])
        passing = aiter(dispatch.passing())
        steps = [progress.step for _ in range(3) if isinstance(progress := await anext(passing), Progress)]

    assert steps == sorted(steps)
    assert len(steps) == 3


async def test_a_cancelled_job_stops_within_a_step_and_is_not_drawn() -> None:
    async with running(*worker(20)) as dispatch:
        await until(dispatch, Ready)
        await dispatch.send([wish("a", 0), wish("a", 1)])
        await anext(aiter(dispatch.passing()))
        asked = time.monotonic()
        await dispatch.cancel(JobId("a"), 1)
        heard = await until(dispatch, Finished)

    assert not [news for news in heard if isinstance(news, Drawn)]
    assert time.monotonic() - asked < 10, "a whole picture takes 20 seconds"


async def test_a_job_cancelled_before_its_turn_is_not_drawn() -> None:
    async with running(*worker(1)) as dispatch:
        await until(dispatch, Ready)
        await dispatch.send([wish("a")])
        await dispatch.send([wish("b")])
        await dispatch.cancel(JobId("b"), 1)
        first = await until(dispatch, Finished)
        second = await until(dispatch, Finished)

    assert [news.job for news in first + second if isinstance(news, Drawn)] == ["a"]


async def test_an_expired_wish_is_left_alone() -> None:
    async with running(*worker(0)) as dispatch:
        await until(dispatch, Ready)
        await dispatch.send([wish("a", lasts=-1)])
        heard = await until(dispatch, Finished)

    assert not [news for news in heard if isinstance(news, Drawn)]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
async def test_when_it_dies_what_was_out_is_lost_and_it_comes_back(how: signal.Signals) -> None:
    async with running(*worker(30)) as dispatch:
        await until(dispatch, Ready)
        await dispatch.send([wish("a")])
        await dispatch.send([wish("b")])
        await until(dispatch, Started)
        assert dispatch.process_id is not None
        os.kill(dispatch.process_id, how)
        heard = await until(dispatch, Lost)
        assert heard[-1] == Lost(((JobId("a"), 1), (JobId("b"), 1)))

        await until(dispatch, Ready)
        assert dispatch.window == JOBS_PER_WORKER


async def test_it_ends_when_its_pipe_ends_even_in_the_middle_of_a_picture() -> None:
    async with running(*worker(60)) as dispatch:
        await until(dispatch, Ready)
        await dispatch.send([wish("a")])
        await until(dispatch, Started)
        child = dispatch._child
        assert child is not None
        assert child.stdin is not None
        child.stdin.close()
        async with asyncio.timeout(10):
            await child.wait()


@pytest.mark.parametrize(
    "command",
    [
        pytest.param((sys.executable, "-c", "raise SystemExit(1)"), id="dies at once"),
        pytest.param(("/nonexistent/python",), id="does not exist"),
        pytest.param((sys.executable, "-c", "print('no frame at all, ' * 99, flush=True)"), id="talks nonsense"),
    ],
)
async def test_a_worker_that_never_comes_up_is_called_broken(
    command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.over_pipe.dispatch.LONGEST_PAUSE", 0.05)
    async with running(*command) as dispatch:
        async with asyncio.timeout(30):
            while not dispatch.broken:
                await asyncio.sleep(0.05)
        assert dispatch.window == 0
        assert dispatch._failed_starts >= PATIENCE


async def test_a_wish_sent_to_a_dead_worker_is_lost_at_once() -> None:
    dispatch = PipeDispatch(worker(0), SteadyClock())
    await dispatch.send([wish("a")])

    assert await until(dispatch, Lost) == [Lost(((JobId("a"), 1),))]


async def test_a_worker_that_hangs_over_its_work_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.over_pipe.dispatch.LEASE", 500)
    async with running(*worker(30)) as dispatch:
        await until(dispatch, Ready)
        await dispatch.send([wish("a")])
        await until(dispatch, Started)
        hung = dispatch.process_id
        assert hung is not None
        os.kill(hung, signal.SIGSTOP)
        await until(dispatch, Lost)
        await until(dispatch, Ready)

        assert dispatch.process_id != hung


async def test_an_idle_worker_may_be_silent_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.over_pipe.dispatch.LEASE", 100)
    async with running(*worker(0)) as dispatch:
        await until(dispatch, Ready)
        idle = dispatch.process_id
        await asyncio.sleep(1)

        assert dispatch.process_id == idle
        assert dispatch.window == JOBS_PER_WORKER
