"""What operators see of a serving process from outside: /livez, /readyz, /metrics, and what a service manager is told.

Served whether the page is on or off, to whoever reaches the port; nothing here names a person.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

from aiohttp import web

from bots.leading import Leading, nameless
from bots.replies import say
from bots.texts import render
from bots.watching.auditing import Auditor
from bots.watching.health import Crowd, Health, State
from bots.watching.metrics import Metrics
from bots.watching.notifying import READY, STOPPING, notify
from bots.watching.pulse import Pulse
from bots.watching.standing import Standing
from bots.wiring import House

LIVE: Final = "/livez"
READY_PATH: Final = "/readyz"
METRICS: Final = "/metrics"


class Watch:
    """`routes` are to be served from the start; people may come while it is `opened`."""

    def __init__(self, pulse: Pulse, health: Health, standing: Standing, metrics: Metrics) -> None:
        self._pulse, self._health, self._standing, self._metrics = pulse, health, standing, metrics
        self._scraping = asyncio.Lock()
        self.routes = [
            web.get(LIVE, self._live),
            web.get(READY_PATH, self._ready),
            web.get(METRICS, self._figures),
        ]

    @contextmanager
    def opened(self) -> Iterator[None]:
        self._health.opened = True
        notify(READY)
        try:
            yield
        finally:
            self._health.opened = False
            notify(STOPPING)

    async def _live(self, _request: web.Request) -> web.Response:
        line = say("health.alive") if self._pulse.beats else say("health.stuck", seconds=self._pulse.silence)
        return web.Response(text=f"{render(line)}\n", status=200 if self._pulse.beats else 503)

    async def _ready(self, _request: web.Request) -> web.Response:
        readiness = await self._health.readiness()
        return web.json_response(readiness.as_json(), status=503 if readiness.state is State.FAILED else 200)

    async def _figures(self, request: web.Request) -> web.Response:
        async with self._scraping:  # two at once would ask the stores twice
            await self._standing.read()
            body, content_type = self._metrics.exposition(request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": content_type})


@asynccontextmanager
async def watched(
    house: House, metrics: Metrics, leading: Leading, roles: Sequence[str], folder: Path
) -> AsyncIterator[Watch]:
    """Watch over a process that serves, until left. `roles` are what it may lead, the scheduler's first."""
    pulse = Pulse(metrics.late)
    auditor = Auditor(house.app, house.database, lambda: leading.leads(roles[0]))
    health = Health(house.app, house.database, auditor, house.dispatch if isinstance(house.dispatch, Crowd) else None)
    leads = {nameless(role): role for role in roles}
    standing = Standing(
        house.app,
        house.dispatch,
        house.database,
        health,
        auditor,
        folder,
        lambda: {name: leading.leads(role) for name, role in leads.items()},
    )
    metrics.add(standing)
    watching = [asyncio.create_task(pulse.run()), asyncio.create_task(auditor.run())]
    with metrics.hearing_the_log():
        try:
            yield Watch(pulse, health, standing, metrics)
        finally:
            for task in watching:
                task.cancel()
            await asyncio.gather(*watching, return_exceptions=True)
            await health.close()
