"""What can be hit in either form of Darkroom, and how it is mended. Knows processes and networks, not what people asked for.

A fault strikes, lasts a while and mends itself.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bots.settings import Settings
from tests.chaos.proxy import Proxy, Trouble
from tests.chaos.records import Orphans, Query
from tests.chaos.slots import Slot, moment
from tests.crashes.processes import PROC, Running, running
from tests.redis_server import RedisServer
from tests.s3_server import Bucket

DELAY = {"flat": 0.15, "starter": 0.0}  #: seconds a picture takes at least
GONE = 3.0  #: seconds after which a killed process is started again, at most
SHORT_PAUSE = 3.0  #: seconds
BAD_NETWORK, LONG_BAD_NETWORK = 4.0, 9.0  #: seconds
OFTEN_LONG = 0.12  #: the chance of something to last long

TROUBLES = {
    "latency": Trouble(latency=0.05, jitter=0.2),
    "stall": Trouble(stalls=True),
    "bandwidth": Trouble(bandwidth=40_000),
    "slices": Trouble(slices=7, latency=0.001),
    "slow close": Trouble(slow_close=2.0),
    "refusal": Trouble(refuses=True),
    "reset": Trouble(),
}


@dataclass(frozen=True)
class Fault:
    """`name` is what it is counted as. Two that hit the same `target` do not overlap."""

    name: str
    target: str
    weight: float
    strike: Callable[[], Awaitable[None]]
    kills: bool = True  #: a process dies or stands still, or data is gone; the network alone is counted apart


@dataclass
class Stand:
    """What is the same in both forms. Every wait of a fault ends at once when it is `calm`."""

    rng: random.Random
    slots: list[Slot]
    proxies: list[Proxy]
    query: Query
    settings: Settings
    faults: list[Fault] = field(default_factory=list)
    orphans: Orphans = field(default_factory=Orphans)
    leaders_hit: Counter[str] = field(default_factory=Counter)
    troubles: Counter[str] = field(default_factory=Counter)  #: of the network, by kind
    wrong: list[str] = field(default_factory=list)
    calm: asyncio.Event = field(default_factory=asyncio.Event)
    folder: Path = Path()
    bucket: Bucket | None = None
    redis: RedisServer | None = None

    async def rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.calm.wait(), seconds)

    async def rest_mostly(self, short: float, long: float) -> None:
        """Up to `short` seconds; now and then `long`, which is more than anybody waits."""
        await self.rest(long if self.rng.random() < OFTEN_LONG else moment(self.rng, short))

    async def close(self) -> list[str]:
        """End every process as an operator does; sentences about those that do not end."""
        ends = await asyncio.gather(*(slot.ends(within=20) for slot in self.slots))
        return [
            f"{slot.name} ended with {status} when it was asked to end"
            for slot, status in zip(self.slots, ends, strict=True)
            if status != 0
        ]

    def leftovers(self) -> list[Running]:
        """Processes that work in our folder although nobody should. Found where the kernel shows where a process works."""
        return [one for one in running() if _works_in(one.pid) == self.folder]

    # Faults of any process

    async def kill(self, slot: Slot) -> None:
        self._note_leader(slot)
        if self.rng.random() < 0.1:  # as one that hung before it died
            slot.pause()
            await self.rest(self.rng.uniform(0, 0.3))
        slot.kill()
        await self.rest(moment(self.rng, GONE))
        slot.start()

    async def pause(self, slot: Slot, long: float) -> None:
        self._note_leader(slot)
        slot.pause()
        try:
            await self.rest_mostly(SHORT_PAUSE, long)
        finally:
            slot.resume()

    async def disturb(self, proxy: Proxy) -> None:
        kind = self.rng.choice(list(TROUBLES))
        self.troubles[f"{proxy.name.split(':')[1]}: {kind}"] += 1
        if kind == "reset":
            proxy.reset()
            return
        with proxy.suffers(TROUBLES[kind]):
            await self.rest_mostly(BAD_NETWORK, LONG_BAD_NETWORK)

    def _note_leader(self, slot: Slot) -> None:
        for role in slot.leads():
            self.leaders_hit[role.split(":")[0]] += 1

    def add(
        self, name: str, target: str, weight: float, strike: Callable[..., Awaitable[None]], *args: Any, **more: Any
    ) -> None:
        async def struck() -> None:
            await strike(*args)

        self.faults.append(Fault(name, target, weight, struck, **more))

    def disturb_all(self, share: float) -> None:
        """Let so many of all faults be the network's."""
        others = sum(fault.weight for fault in self.faults)
        for proxy in self.proxies if share else ():
            weight = others * share / (1 - share) / len(self.proxies)
            self.add("network", proxy.name, weight, self.disturb, proxy, kills=False)


def _works_in(pid: int) -> Path | None:
    try:
        return (PROC / str(pid) / "cwd").readlink()
    except OSError:
        return None
