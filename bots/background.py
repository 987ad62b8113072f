"""What goes on beside the conversation: dispatching, hearing the worker, telling people, sweeping. Tasks of one TaskGroup."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol, assert_never

import structlog

from bots.commands.pictures import shown
from bots.replies import Reply, reply, say
from core import completion, delivery, gallery, retention, scheduling
from core.errors import Gone
from core.ports import App
from core.values import JobId, Owed, PictureId
from core.wishes import Drawn, Finished, Lost, News, Progress, Ready, Started

log = structlog.get_logger()

TICK = 1.0  #: seconds after which everything is looked at again, whether somebody called or not
SWEEP = 600.0  #: seconds between two sweeps of everything that is due


class Door(Protocol):
    """Where outcomes are told. `tell` raises Gone when this chat can never be reached again."""

    async def owed(self) -> list[Owed]: ...
    async def tell(self, told: Reply) -> None: ...


class Background:
    """Runs until cancelled; `stir` makes it look at once instead of at the next tick."""

    def __init__(self, app: App, *doors: Door) -> None:
        self._app, self._doors = app, doors
        self._queued, self._owed = asyncio.Event(), asyncio.Event()
        self._leases = scheduling.Leases(app)

    def stir(self) -> None:
        self._queued.set()
        self._owed.set()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._hear_worker())
            tasks.create_task(_again_and_again("dispatch", TICK, self._queued, self._dispatch))
            tasks.create_task(_again_and_again("sweep", SWEEP, asyncio.Event(), self._sweep))
            for door in self._doors:
                tasks.create_task(_again_and_again("deliver", TICK, self._owed, partial(deliver, self._app, door)))

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
            self._owed.set()

    async def _hear(self, news: News) -> None:
        match news:
            case Ready():
                self._queued.set()
            case Started():
                await self._leases.started(news)
            case Progress():
                await self._leases.progress(news)
            case Drawn():
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


async def deliver(app: App, door: Door) -> None:
    """Tell a door everything it owes, pictures as they are and failures of one job together. What fails stays owed."""
    failed: dict[JobId, list[Owed]] = {}
    untold: dict[JobId, int] = {}
    for owed in await door.owed():
        if owed.picture is None and owed.reason is not None:
            failed.setdefault(owed.job, []).append(owed)
            continue
        untold[owed.job] = untold.get(owed.job, owed.untold) - 1
        if owed.picture is not None:
            told = await _outcome(app, owed, owed.picture, final=untold[owed.job] == 0)
            if told is not None:
                await _tell(door, told)
        await delivery.told(app, owed)
    for job, missing in failed.items():
        line = say(f"failed.{missing[0].reason}", n=len(missing))
        final = untold.get(job, missing[0].untold) == len(missing)
        await _tell(door, reply(line, private=missing[0].private, error="unavailable", final=final))
        for owed in missing:
            await delivery.told(app, owed)


async def _outcome(app: App, owed: Owed, picture: PictureId, *, final: bool) -> Reply | None:
    """The picture as its person is told of it; None when they deleted it before we came to tell."""
    try:
        opened = await gallery.show(app, owed.person, picture)
    except gallery.PictureLost:
        log.exception("picture.lost", job=owed.job, index=owed.index)
        await gallery.make_good(app, owed.person, picture, owed.price_each)
        return reply(say("picture.lost", id=picture), private=owed.private, final=final, error="unavailable")
    if opened is None:
        return None
    line = say("picture.done", id=picture, seed=opened.picture.seed, price=owed.price_each)
    return reply(line, pictures=(shown(opened),), private=owed.private, final=final)


async def _tell(door: Door, told: Reply) -> None:
    """A chat that is gone is told nothing more; what it missed stays in the gallery."""
    try:
        await door.tell(told)
    except Gone:
        log.info("delivery.gone")


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
