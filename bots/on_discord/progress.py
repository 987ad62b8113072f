"""How far a request is, in its message: the newest state, now and then. Results never wait for it."""

from __future__ import annotations

import asyncio

from bots.chatting import NewestShown
from bots.commands.shown import progress
from bots.on_discord.cards import PREVIEW, Card, Enclosed
from bots.on_discord.pacing import Pace
from bots.on_discord.places import NAME
from bots.on_discord.requests import Requests
from bots.on_discord.snags import Dead, Missing, Snag
from bots.on_discord.wire import Wire
from bots.on_discord.words import read_by
from core.ports import App
from core.queue.board import Drawing


class ProgressShown(NewestShown):
    def __init__(self, app: App, wire: Wire, requests: Requests, pace: Pace) -> None:
        super().__init__(NAME, Snag)
        self._app, self._wire, self._requests, self._pace = app, wire, requests, pace

    async def _show(self, drawing: Drawing) -> None:
        job = drawing.job
        request = await self._requests.of(job.person, job.id)
        if request is None or request.spot(self._app.clock.now()) is None:
            return
        if request.gone or not request.takes(private=job.private):
            return
        await asyncio.sleep(self._pace.turn(request.asked))
        drawing = self._newer(drawing)
        async with self._requests.turn(request.asked):
            spot = request.spot(self._app.clock.now())
            if spot is None or not self._is_so(drawing):
                return
            try:
                if request.card is None:
                    request.card = Card.of(await self._wire.fetch(spot))
                said = progress(drawing)
                card = request.card.at_work(read_by(said, in_public=request.asked.in_public))
                previews = [Enclosed(PREVIEW, one.data) for one in said.pictures if not request.asked.in_public]
                request.card = Card.of(await self._wire.change(spot, card.letter(*previews, same_rows=True)))
            except Dead:
                request.dead = True
            except Missing:
                request.gone = True

    def _is_so(self, drawing: Drawing) -> bool:
        """Still drawing that picture: nobody took the request back, and the picture has not come."""
        now = self._app.board.of(drawing.job.id)
        return now is not None and now.index == drawing.index
