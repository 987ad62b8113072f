"""Telling people what came of their requests: each outcome until its door says it was told. Knows no chat."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import structlog

from bots.commands.shown import details, picture_buttons, shown
from bots.replies import Reply, reply, say
from core.errors import Gone, Unavailable
from core.ports import App
from core.queue.board import Drawing
from core.requests import delivery, gallery
from core.values import DeliveryState, JobId, Owed, PictureId

log = structlog.get_logger()

AT_ONCE: Final = (
    32  #: requests whose outcomes are on their way at the same time: one slow chat must not hold up the others
)
LONGEST_PAUSE: Final = 60.0  #: seconds


class Door(Protocol):
    """Where outcomes are told. `name` is the door of `Who`."""

    name: str

    async def owed(self) -> list[Owed]: ...

    async def tell(self, told: Reply, owed: Sequence[Owed], /) -> DeliveryState:
        """Tell one picture, or all failures of one request. DELIVERED, or UNCERTAIN when the answer of a send was lost.

        Raises Gone when this chat can never be reached again, Unavailable when it is worth trying later.
        """
        ...

    def progress(self, drawing: Drawing) -> None:
        """How a request of this door is doing now. Must not wait: it is called for every step."""
        ...


class Courier:
    """Delivers for one door, request by request side by side, the outcomes of one request in their order."""

    def __init__(self, app: App, door: Door, delivered: Callable[[], None] = lambda: None) -> None:
        self._app, self._door, self._delivered = app, door, delivered
        self._under_way: dict[JobId, asyncio.Task[None]] = {}
        self._room = asyncio.Semaphore(AT_ONCE)

    async def round(self) -> None:
        """Set out with everything that is owed and not under way yet."""
        owed_of: dict[JobId, list[Owed]] = {}
        for owed in await self._door.owed():
            owed_of.setdefault(owed.job, []).append(owed)
        for job, outcomes in owed_of.items():
            if job not in self._under_way:
                self._under_way[job] = asyncio.create_task(self._deliver(job, outcomes))

    async def settle(self) -> None:
        """Wait for what is under way."""
        await asyncio.gather(*self._under_way.values())

    async def close(self) -> None:
        """Stop; what is not told stays owed."""
        for task in (tasks := list(self._under_way.values())):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _deliver(self, job: JobId, outcomes: list[Owed]) -> None:
        pause = 0.0
        try:
            async with self._room:
                await self._tell_all(outcomes)
        except Unavailable as later:
            pause = min(LONGEST_PAUSE, later.retry_after or 1.0)
            log.info("delivery.later", job=job, door=self._door.name)
        except Exception:
            pause = 1.0
            log.exception("delivery.failed", job=job, door=self._door.name)
        finally:
            if pause:
                await asyncio.sleep(pause)
            del self._under_way[job]
            self._delivered()

    async def _tell_all(self, outcomes: list[Owed]) -> None:
        untold = outcomes[0].untold
        failures = [owed for owed in outcomes if owed.picture is None and owed.reason is not None]
        for owed in outcomes:
            if owed in failures:
                continue
            untold -= 1
            told = await self._outcome(owed, owed.picture, final=untold == 0) if owed.picture else None
            await self._tell(told, [owed])
        for reason in dict.fromkeys(owed.reason for owed in failures):
            missing = [owed for owed in failures if owed.reason == reason]
            untold -= len(missing)
            line = say(f"failed.{reason}", n=len(missing))
            told = reply(line, private=missing[0].private, error="unavailable", final=untold == 0, job=missing[0].job)
            await self._tell(told, missing)

    async def _tell(self, told: Reply | None, owed: Sequence[Owed]) -> None:
        """A chat that is gone is told nothing more; what it missed stays in the gallery."""
        state = DeliveryState.DELIVERED
        if told is not None:
            try:
                state = await self._door.tell(told, owed)
            except Gone:
                log.info("delivery.gone", door=self._door.name)
                state = DeliveryState.UNDELIVERABLE
        for one in owed:
            await delivery.told(self._app, one, state)

    async def _outcome(self, owed: Owed, picture: PictureId, *, final: bool) -> Reply | None:
        """The picture as its person is told of it; None when they deleted it before we came to tell."""
        try:
            opened = await gallery.show(self._app, owed.person, picture)
        except gallery.PictureLost:
            log.exception("picture.lost", job=owed.job, index=owed.index)
            await gallery.make_good(self._app, owed.person, picture, owed.price_each)
            line = say("picture.lost", id=picture)
            return reply(line, private=owed.private, final=final, error="unavailable", job=owed.job)
        if opened is None:
            return None
        return reply(
            details(opened, owed.price_each),
            pictures=(shown(opened),),
            buttons=picture_buttons(picture, owed.job),
            private=owed.private,
            final=final,
            job=owed.job,
        )


async def deliver(app: App, door: Door) -> None:
    """Tell a door everything it owes now. What fails stays owed."""
    courier = Courier(app, door)
    await courier.round()
    await courier.settle()
