"""What goes on beside the conversation: dispatching, hearing the worker, telling people, sweeping. Tasks of one TaskGroup."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import assert_never

import structlog

from bots.delivering import Courier, Door
from core import completion, retention, scheduling
from core.ports import App
from core.rules import PREVIEW_PAUSE
from core.values import Verdict
from core.wishes import Drawn, Finished, Lost, News, Progress, Ready, Started

log = structlog.get_logger()

TICK = 1.0  #: seconds after which everything is looked at again, whether somebody called or not
SWEEP = 600.0  #: seconds between two sweeps of everything that is due


class Background:
    """Runs until cancelled; `stir` makes it look at once instead of at the next tick."""

    def __init__(self, app: App, *doors: Door) -> None:
        self._app = app
        self._doors = {door.name: door for door in doors}
        self._queued, self._owed = asyncio.Event(), asyncio.Event()
        self._leases = scheduling.Leases(app)

    def stir(self) -> None:
        self._queued.set()
        self._owed.set()

    async def run(self) -> None:
        couriers = [Courier(self._app, door, self._owed.set) for door in self._doors.values()]
        try:
            await self._run(couriers)
        finally:
            for courier in couriers:
                await courier.close()

    async def _run(self, couriers: list[Courier]) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._hear_worker())
            tasks.create_task(_again_and_again("dispatch", TICK, self._queued, self._dispatch))
            tasks.create_task(_again_and_again("sweep", SWEEP, asyncio.Event(), self._sweep))
            tasks.create_task(_again_and_again("deliver", TICK, self._owed, partial(_rounds, couriers)))

    async def _dispatch(self) -> None:
        await scheduling.reclaim(self._app)
        await scheduling.dispatch(self._app)

    async def _sweep(self) -> None:
        await retention.sweep(self._app)

    async def _hear_worker(self) -> None:
        async for news in self._app.dispatch.news():
            try:
                await self._hear(news)
            except Exception:  # the lease runs out and the job comes again: one piece of news must not end them all
                log.exception("news.unheard", task=type(news).__name__)
            if isinstance(news, Drawn | Finished | Lost):  # only these can owe somebody something
                self._owed.set()

    async def _hear(self, news: News) -> None:
        match news:
            case Ready():
                self._queued.set()
            case Started():
                await self._leases.started(news)
            case Progress():
                await self._leases.progress(news)
                await self._show(news)
            case Drawn():
                self._app.board.drawn(news.job, self._app.clock.now())
                try:
                    await completion.keep(self._app, news)
                except ValueError:
                    log.exception("picture.corrupt", job=news.job, index=news.index)
            case Finished():
                await scheduling.attempt_ended(self._app, news.job, news.fence)
                self._queued.set()
            case Lost():
                await scheduling.worker_lost(self._app, news)
                self._queued.set()
            case _:
                assert_never(news)

    async def _show(self, news: Progress) -> None:
        """Tell the job's door how far it is, with a preview now and then that the safety check has passed."""
        app = self._app
        drawing = app.board.step(news.job, news.index, news.step, news.steps)
        if drawing is None or (door := self._doors.get(drawing.job.door)) is None:
            return
        now = app.clock.now()
        if news.preview is not None and now - drawing.previewed_at >= PREVIEW_PAUSE:
            allowed = await app.safety.look(news.preview) is Verdict.ALLOWED
            preview = (await app.encoder.preview(news.preview)).data if allowed else None
            drawing = app.board.show(news.job, preview, now) or drawing
        door.progress(drawing)


async def _rounds(couriers: list[Courier]) -> None:
    for courier in couriers:
        await courier.round()


async def _again_and_again(
    task: str, seconds: float, stirred: asyncio.Event, work: Callable[[], Awaitable[None]]
) -> None:
    """Do the work now, and whenever stirred or the time is up. One failure is noted and never ends the task."""
    while True:
        stirred.clear()
        try:
            await work()
        except Exception:
            log.exception("task.failed", task=task)
            await asyncio.sleep(seconds)
        try:
            async with asyncio.timeout(seconds):
                await stirred.wait()
        except TimeoutError:
            continue
