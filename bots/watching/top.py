"""How the bot is doing, seen from its stores alone, so that it works beside whatever runs. Names nobody; knows no terminal."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

from bots.leading import nameless
from bots.replies import say
from bots.texts import render
from bots.watching.health import Crowd
from bots.wiring import House
from core.periods import Keeping
from core.records import Records
from core.rules import HOUR, MINUTE, SECOND
from core.values import JobId, Moment
from core.values.figures import UnderWay, Untold, at_share
from core.values.wishes import Progress
from storage.over_redis.house import Worker

SPEED_OVER: Final = 5  #: minutes that the speed is the mean of
HISTORY: Final = 60  #: minutes that are shown at most
ERRORS_OVER: Final = HOUR
MOST_HEARD: Final = 1_000  #: requests that steps are remembered of


@dataclass(frozen=True)
class Stores:
    """What one transaction says."""

    waiting: list[Moment]
    under_way: list[UnderWay]
    by_minute: dict[int, int]
    failed: dict[str, int]
    untold: Untold
    leaders: dict[str, int]
    overdue: int
    kept_since: Moment | None


@dataclass(frozen=True)
class Doing:
    """One worker, or one request that is out where workers are not known by name."""

    worker: str
    model: str = ""
    picture: int = 0  #: which one is being drawn, from 1; 0: none
    count: int = 0
    step: int = 0  #: of that picture, as far as it is heard
    steps: int = 0
    attempts: int = 0
    asked: float = 0.0  #: seconds ago


@dataclass(frozen=True)
class Frame:
    """Everything at one moment; waits in seconds."""

    queued: int
    drawing: int
    wait_half: float
    wait_most: float
    wait_longest: float
    speed: float  #: pictures a minute
    history: tuple[int, ...]  #: pictures of each minute, the running one last
    workers: tuple[Doing, ...]
    leaders: dict[str, float]  #: seconds that each role is led for
    owed: dict[str, int]
    failed: dict[str, int]
    trouble: str = ""
    overkept: float = 0.0  #: seconds since the oldest was to be deleted that is still here
    overdue: int = 0  #: tickets that nobody answered by the day they were due

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


Steps = dict[tuple[JobId, int], Progress]  #: the newest of each request that is out, by its fence


async def look(house: House, heard: Steps | None = None) -> Frame:
    """Raises Unavailable when the database can't be read. `heard` is what `listen` keeps."""
    now = house.app.clock.now()
    stores = await house.database.look(_read, now, house.app.keeping)
    crowd = house.dispatch if isinstance(house.dispatch, Crowd) else None
    away = crowd is not None and not await crowd.look()
    waits = sorted(max(0, now - asked) for asked in stores.waiting)
    this_minute = now // MINUTE
    history = tuple(stores.by_minute.get(this_minute - back, 0) for back in reversed(range(HISTORY)))
    return Frame(
        queued=len(stores.waiting),
        drawing=len(stores.under_way),
        wait_half=at_share(waits, 0.5) / SECOND,
        wait_most=at_share(waits, 0.95) / SECOND,
        wait_longest=at_share(waits, 1.0) / SECOND,
        speed=_speed(history, now),
        history=history,
        workers=tuple(_doing(stores.under_way, crowd.workers if crowd else None, heard or {}, now)),
        leaders=_leaders(stores.leaders),
        owed=_owed(stores.untold),
        failed=stores.failed,
        trouble=render(say("top.redis_away")) if away else "",
        overdue=stores.overdue,
        overkept=0.0 if stores.kept_since is None else (now - stores.kept_since) / SECOND,
    )


async def listen(house: House, heard: Steps) -> None:
    """Keep what workers on other machines say of their steps, until cancelled."""
    if not isinstance(house.dispatch, Crowd):
        return
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(house.dispatch.watch())
        async for passing in house.dispatch.passing():
            if isinstance(passing, Progress):
                heard[passing.job, passing.fence] = passing
                if len(heard) > MOST_HEARD:
                    del heard[next(iter(heard))]


def _read(tx: Records, now: Moment, keeping: Keeping) -> Stores:
    return Stores(
        waiting=tx.figures.waiting(),
        under_way=tx.figures.under_way(),
        by_minute=tx.figures.drawn_by_minute(Moment((now // MINUTE - HISTORY + 1) * MINUTE)),
        failed=tx.figures.failed(Moment(now - ERRORS_OVER)),
        untold=tx.figures.untold(),
        leaders=tx.figures.leaders(now),
        overdue=tx.tickets.count_overdue(now),
        kept_since=tx.expiry.overdue_since(keeping),
    )


def _speed(history: tuple[int, ...], now: Moment) -> float:
    """Over the last whole minutes, and what has passed of the running one."""
    minutes = SPEED_OVER - 1 + now % MINUTE / MINUTE
    return sum(history[-SPEED_OVER:]) / minutes


def _doing(under_way: list[UnderWay], workers: tuple[Worker, ...] | None, heard: Steps, now: Moment) -> Iterator[Doing]:
    """Workers by their names where they are known. What lies behind what they draw waits there, and is no line of its own."""
    if workers is None:
        for number, out in enumerate(under_way):
            yield _drawn(render(say("top.nameless", number=number + 1)), out, None, now)
        return
    by_job: dict[tuple[JobId, int], UnderWay] = {(out.job, out.fence): out for out in under_way}
    for worker in workers:
        taken = by_job.get(worker.drawing) if worker.drawing else None
        if taken is None:
            yield Doing(worker.name, " ".join(worker.models))
        else:
            yield _drawn(worker.name, taken, heard.get((taken.job, taken.fence)), now)


def _drawn(name: str, out: UnderWay, progress: Progress | None, now: Moment) -> Doing:
    return Doing(
        name,
        out.model,
        picture=min(out.count, out.drawn + 1) if out.attempts else 0,
        count=out.count,
        step=progress.step if progress else 0,
        steps=progress.steps if progress else 0,
        attempts=out.attempts,
        asked=max(0, now - out.asked_at) / SECOND,
    )


def _leaders(until: dict[str, int]) -> dict[str, float]:
    return {nameless(role).removeprefix("door:"): left / SECOND for role, left in sorted(until.items())}


def _owed(untold: Untold) -> dict[str, int]:
    owed: dict[str, int] = {}
    for (door, _), count in sorted(untold.items()):
        owed[door] = owed.get(door, 0) + count
    return owed
