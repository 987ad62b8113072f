"""A stage whose bot is watched as a serving process watches itself, and somebody who asks it over real HTTP."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientSession, ClientTimeout
from prometheus_client.parser import text_string_to_metric_families

from bots.background import SCHEDULER, Background
from bots.leading import Alone, Leading
from bots.watching.counting import counted
from bots.watching.metrics import Metrics
from bots.watching.outside import Watch, watched
from bots.web import serve
from bots.wiring import House
from tests.cast import Stage, Terminals


@dataclass
class Operator:
    """Asks a process from outside, as a prober and Prometheus do."""

    session: ClientSession

    async def asks(self, path: str, **more: Any) -> tuple[int, str]:
        async with self.session.get(path, **more) as response:
            return response.status, await response.text()

    async def readiness(self) -> tuple[int, str, dict[str, str]]:
        """Status, state, and the sentence of each finding that is not fine."""
        status, said = await self.asks("/readyz")
        told = json.loads(said)
        return status, told["state"], {one["what"]: one["said"] for one in told["findings"] if one["state"] != "ok"}

    async def figure(self, name: str, **labels: str) -> float | None:
        return (await self.figures()).get((name, tuple(sorted(labels.items()))))

    async def figures(self) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
        """Every sample by its name and labels."""
        _, text = await self.asks("/metrics")
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }


@dataclass
class Watching:
    operator: Operator
    watch: Watch
    metrics: Metrics
    house: House

    async def audit(self) -> None:
        """The books are checked now."""
        await self.watch._health._auditor.check()


@asynccontextmanager
async def watching(stage: Stage, leading: Leading | None = None, *, opened: bool = True) -> AsyncIterator[Watching]:
    """From now on everything that happens on the stage is counted; whoever comes later is a person of the counted bot."""
    metrics = Metrics([model.name for model in stage.app.catalogue.models])
    stage.app = counted(stage.app, metrics)
    stage.background = Background(stage.app, Terminals(stage.people))
    house = House(stage.app, stage.painter, stage.database, (), shared=False)  # type: ignore[arg-type]
    async with watched(house, metrics, leading or Alone(), [SCHEDULER, "door:telegram:0123abc"], stage.folder) as watch:
        public = frozenset(route.path for route in watch.routes)
        async with (
            serve(watch.routes, "127.0.0.1", 0, public, here_only=False) as address,
            ClientSession(address, timeout=ClientTimeout(20)) as session,
        ):
            seen = Watching(Operator(session), watch, metrics, house)
            if opened:
                with watch.opened():
                    yield seen
            else:
                yield seen
