"""Sending jobs out and hearing what comes back, sweeping too: what one process does for all. Knows no door."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final, assert_never

import structlog

from bots.outlived import Outlived
from bots.repeating import again_and_again
from core.erasing import erasure, replaying, retention
from core.errors import Unavailable
from core.ports import App
from core.requests import completion, scheduling
from core.values.wishes import Drawn, Finished, Lost, News, Progress, Ready, Started

log = structlog.get_logger()

AGAIN: Final = 1.0  #: seconds until news is acted on again after a store was away
TAKEN_BACK: Final = 5.0  #: seconds between two times of listening whether anybody has what is out
SWEEP: Final = 600.0  #: seconds between two sweeps of everything that is due


class Dispatcher:
    """`owe` is called when there may be something to tell somebody, `queued` set when there may be something to send."""

    def __init__(self, app: App, owe: Callable[[], None]) -> None:
        self._app, self._owe = app, owe
        self.queued = asyncio.Event()
        self._leases = scheduling.Leases(app)
        self._outlived = Outlived(app)

    async def run(self) -> None:
        scheduler = scheduling.Scheduler(self._app)  # a new one: who led meanwhile has moved the line on
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            tasks.create_task(again_and_again("take back", self._take_back, seconds=TAKEN_BACK))
            tasks.create_task(again_and_again("reclaim", self._reclaim))
            tasks.create_task(again_and_again("dispatch", scheduler.dispatch, stirred=self.queued))
            tasks.create_task(again_and_again("erase", partial(erasure.proceed, self._app)))
            tasks.create_task(again_and_again("forget", partial(replaying.forget, self._app), seconds=SWEEP))
            tasks.create_task(again_and_again("sweep", partial(retention.sweep, self._app), seconds=SWEEP))

    async def hear(self, news: News) -> None:
        """Act on one piece of news."""
        if isinstance(news, Started | Drawn):
            self._outlived.heard(news.job, news.fence)
        match news:
            case Ready():
                self.queued.set()
            case Started():
                await self._leases.started(news)
            case Drawn():
                self._app.board.drawn(news.job, self._app.clock.now())
                try:
                    await completion.keep(self._app, news)
                except ValueError:
                    log.exception("picture.corrupt", job=news.job, index=news.index)
            case Finished():
                await scheduling.attempt_ended(self._app, news.job, news.fence)
                self.queued.set()
            case Lost():
                await scheduling.worker_lost(self._app, news)
                self.queued.set()
            case _:
                assert_never(news)

    async def heartbeat(self, progress: Progress) -> None:
        self._outlived.heard(progress.job, progress.fence)
        await self._leases.progress(progress)

    async def _listen(self) -> None:
        async for news in self._app.dispatch.news():
            try:
                await self._hear_in_the_end(news)
            except Exception:  # the lease runs out and the job comes again: one piece of news must not end them all
                log.exception("news.unheard", task=type(news).__name__)
            if isinstance(news, Drawn | Finished | Lost):  # only these can owe somebody something
                self._owe()

    async def _hear_in_the_end(self, news: News) -> None:
        """While a store is away nothing is lost that was drawn, and no job is drawn again because its news has to wait."""
        while True:
            try:
                return await self.hear(news)
            except Unavailable as trouble:
                log.warning("news.later", task=type(news).__name__, error=trouble.key)
            await asyncio.sleep(AGAIN)
            with suppress(Unavailable):
                await scheduling.bear(self._app)

    async def _take_back(self) -> None:
        if await self._outlived.take_back():
            self.queued.set()

    async def _reclaim(self) -> None:
        if await scheduling.reclaim(self._app):
            self.queued.set()
            self._owe()
