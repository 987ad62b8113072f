"""What goes on beside the conversation: sending jobs out, showing how they do, telling people. Tasks of one TaskGroup.

Beside other processes it shares the work: one of them sends and hears, one serves each platform.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Final, Protocol

import structlog

from bots.delivering import Courier, Door
from bots.dispatching import Dispatcher
from bots.exporting.exporter import LOOK as EXPORTS_LOOK
from bots.exporting.exporter import Exporter
from bots.heralding import LOOK, Herald
from bots.heralding import Chat as Speaking
from bots.leading import Alone, Leading
from bots.receipts import Receipts
from bots.repeating import again_and_again
from bots.taking_back import Leaves, TakesBack
from core.ports import App
from core.queue.board import Drawing
from core.requests import scheduling
from core.rights import usage
from core.rules import MINUTE, PREVIEW_PAUSE, SECOND
from core.values import Verdict
from core.values.wishes import Passing, Progress

log = structlog.get_logger()

SCHEDULER: Final = "scheduler"  #: the role of the process that sends jobs out


class Chat(Door, Speaking, Leaves, Protocol):
    """A door to a platform that one process at a time should serve: `role` names it, `run` listens until cancelled.

    `run` raises Refused when the platform does not know us any more.
    """

    @property
    def role(self) -> str: ...
    async def run(self) -> None: ...


class Background:
    """Runs until cancelled; `stir` makes it look at once instead of at the next tick."""

    def __init__(self, app: App, *doors: Door, chats: Sequence[Chat] = (), leading: Leading | None = None) -> None:
        self._app, self._chats = app, tuple(chats)
        self._leading = leading or Alone()
        self._doors = {door.name: door for door in (*doors, *chats)}
        self._open = tuple(doors)
        self._owed = {name: asyncio.Event() for name in self._doors}
        self._elsewhere = asyncio.Event()
        self._asked = asyncio.Event()
        self.dispatcher = Dispatcher(app, self.stir)

    def stir(self) -> None:
        """Something is queued or owed: look at once, here and in every other process."""
        self._look()
        self._elsewhere.set()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._notice_all())
            tasks.create_task(self._stir_others())
            tasks.create_task(again_and_again("usage", partial(usage.write, self._app), seconds=MINUTE / SECOND))
            tasks.create_task(self._leading.lead(SCHEDULER, self.dispatcher.run))
            exporter = Exporter(self._app)
            tasks.create_task(again_and_again("exports", exporter.round, seconds=EXPORTS_LOOK, stirred=self._asked))
            for door in self._open:
                tasks.create_task(self._deliver(door))
            for chat in self._chats:
                tasks.create_task(self._leading.lead(chat.role, partial(self._serve, chat)))

    async def notice(self, passing: Passing) -> None:
        """What workers say of their drawing, and other processes of themselves."""
        if not isinstance(passing, Progress):
            self._look()
            return
        if self._leading.leads(SCHEDULER):
            await self.dispatcher.heartbeat(passing)
        await self._show(passing)

    # How it is done

    def _look(self) -> None:
        self.dispatcher.queued.set()
        self._asked.set()
        for owed in self._owed.values():
            owed.set()

    async def _serve(self, chat: Chat) -> None:
        """Listen to a platform and tell people there."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._deliver(chat))
            tasks.create_task(again_and_again("notices", Herald(self._app, chat).round, seconds=LOOK))
            tasks.create_task(again_and_again("take back", TakesBack(self._app, chat).round))
            tasks.create_task(again_and_again("receipts", Receipts(self._app, chat).round))
            tasks.create_task(chat.run())

    async def _deliver(self, door: Door) -> None:
        courier = Courier(self._app, door, self._owed[door.name].set)
        try:
            await again_and_again("deliver", courier.round, stirred=self._owed[door.name])
        finally:
            await courier.close()

    async def _notice_all(self) -> None:
        async for passing in self._app.dispatch.passing():
            try:
                await self.notice(passing)
            except Exception:  # the next one comes soon
                log.exception("news.unheard", task=type(passing).__name__)

    async def _stir_others(self) -> None:
        while True:
            await self._elsewhere.wait()
            self._elsewhere.clear()
            await self._app.dispatch.stir()

    async def _show(self, progress: Progress) -> None:
        """Tell the job's door how far it is, with a preview now and then that the safety check has passed."""
        app = self._app
        drawing = await self._drawing(progress)
        if drawing is None or (door := self._served(drawing.job.door)) is None:
            return
        now = app.clock.now()
        if progress.preview is not None and now - drawing.previewed_at >= PREVIEW_PAUSE:
            allowed = await app.safety.look(progress.preview) is Verdict.ALLOWED
            preview = (await app.encoder.preview(progress.preview)).data if allowed else None
            drawing = app.board.show(progress.job, preview, now) or drawing
        door.progress(drawing)

    def _served(self, name: str) -> Door | None:
        """The door, where this is the process that tells its people: progress of another could come over a result."""
        for chat in self._chats:
            if chat.name == name and not self._leading.leads(chat.role):
                return None
        return self._doors.get(name)

    async def _drawing(self, progress: Progress) -> Drawing | None:
        """The drawing as it stands now. One that another process sent out is looked up the first time it is heard of."""
        board, step = self._app.board, (progress.job, progress.index, progress.step, progress.steps)
        drawing = board.step(*step)
        if drawing is None:
            job = await scheduling.being_drawn(self._app, progress.job, progress.fence)
            if job is not None:
                board.begin(job, self._app.clock.now())
                drawing = board.step(*step)
        if progress.step == progress.steps and not self._leading.leads(SCHEDULER):
            board.drawn(progress.job, self._app.clock.now())  # the picture itself is heard of elsewhere
        return drawing
