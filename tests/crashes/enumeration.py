"""Dies at every crossing of a flow, and again at every crossing of every recovery; then recovers and looks at the result.

What a process leaves is the state of the world, so crossings that leave the same state need only one recovery. A flow is
run once: at each crossing the state is noted that a death there would leave. Inside a transaction the process really dies
and the transaction is run again. `die` dies for real wherever it is told; the tests compare both.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from core.rules import ATTEMPTS
from tests.cast import Stage
from tests.crashes.flows import Flow
from tests.crashes.mortal import Alive, Died, DiesAt, Fate
from tests.crashes.wholeness import outcome, told_twice, violations
from tests.crashes.world import Saved, World

Step = Callable[[Stage], Awaitable[object]]
MOST_CROSSINGS = 2_000  #: no flow is longer, so one that is does not come to an end


@dataclass(frozen=True)
class Left:
    """The world after some deaths."""

    saved: Saved
    looks: str
    deaths: tuple[str, ...] = ()


@dataclass
class Reached:
    """What is left, and in how many ways it comes to that."""

    left: Left
    ways: int


@dataclass
class Report:
    """`ways[n]`: in how many ways the process can die n + 1 times. `states`: how many different worlds those deaths leave."""

    ways: list[int] = field(default_factory=list)
    states: int = 0
    told_twice: int = 0
    violations: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        ways = ", ".join(f"{ways:,} ways to die {deaths}x" for deaths, ways in enumerate(self.ways, start=1))
        return f"{ways}; {self.states} states, {self.told_twice} told twice, {len(self.violations)} violations"


class Watcher(Alive):
    """Lives, and notes at each crossing what a death there would leave."""

    def __init__(self, world: World, start: Left) -> None:
        super().__init__()
        self._world, self._start = world, start
        self.left: list[Left] = []
        self._seen: dict[str, Left] = {}

    def point(self, where: str) -> None:
        super().point(where)
        if self.passed > MOST_CROSSINGS:
            raise RuntimeError("it does not come to an end")
        looks = self._world.looks()
        if looks not in self._seen:
            self._seen[looks] = Left(self._world.save(), looks, (*self._start.deaths, where))
        self.left.append(self._seen[looks])

    async def transact(self, transact: Callable[[Fate], Awaitable[Any]]) -> Any:
        """Die at its first verb, roll back, begin again and die at its second, and so on until it lives."""
        for crossing in count():
            fate = DiesAt(crossing)
            try:
                return await transact(fate)
            except Died:
                self.point(fate.where)
        return None


async def begin(world: World, flow: Flow) -> Left:
    await flow.prepare(world.process())
    return Left(world.save(), world.looks())


async def watch(world: World, start: Left, step: Step) -> list[Left]:
    """What a death at each crossing would leave, in order."""
    world.restore(start.saved)
    watcher = Watcher(world, start)
    await step(world.process(watcher))
    return watcher.left


async def die(world: World, start: Left, step: Step, crossing: int) -> Left:
    """What is left after a death at this crossing."""
    world.restore(start.saved)
    fate = DiesAt(crossing)
    try:
        await step(world.process(fate))
    except Died:
        return Left(world.save(), world.looks(), (*start.deaths, fate.where))
    raise RuntimeError(f"there is no crossing {crossing}")


async def enumerate_deaths(world: World, flow: Flow, start: Left, deaths: int, sample: int | None = None) -> Report:
    """Every death, every second death while recovering from it, and so on; and the recovery of each state they leave.

    With `sample`, deaths after the first happen only while recovering from so many states, drawn at random.
    """
    report, step = Report(), flow.act
    level = {start.looks: Reached(start, 1)}
    after: dict[str, list[Left]] = {}
    met: set[str] = set()
    for _ in range(deaths):
        for reached in _some(level, sample):
            if reached.left.looks not in after:
                after[reached.left.looks] = await _watch(world, reached.left, step, report)
        level = _die_once_more(level, after)
        report.ways.append(sum(reached.ways for reached in level.values()))
        for looks in level.keys() - met:
            await _recover(world, flow, level[looks].left, report)
        met |= level.keys()
        if step == flow.act:
            step, after = flow.recover, {}
    return report


async def check(world: World, flow: Flow, left: Left, recover: Step | None = None) -> list[str]:
    """Recover without dying, and say what is wrong then."""
    world.restore(left.saved)
    try:
        await (recover or flow.recover)(world.process())
    except Exception as error:  # noqa: BLE001 - whatever it is, it is reported
        return [f"{left.deaths}: recovery fails: {error!r}"]
    found = await violations(world)
    came = outcome(world.rows())
    given_up = len(left.deaths) >= ATTEMPTS  # it may have been started each time
    if came not in flow.outcomes and recover is None and not given_up:
        found.append(f"it came to {came}")
    return [f"{left.deaths}: {sentence}" for sentence in found]


async def _watch(world: World, start: Left, step: Step, report: Report) -> list[Left]:
    try:
        return await watch(world, start, step)
    except Exception as error:  # noqa: BLE001 - as above
        report.violations.append(f"{start.deaths}: going on fails: {error!r}")
        return []


def _some(level: dict[str, Reached], sample: int | None) -> list[Reached]:
    reached = list(level.values())
    return reached if sample is None else random.Random(sample).sample(reached, min(sample, len(reached)))


def _die_once_more(level: dict[str, Reached], after: dict[str, list[Left]]) -> dict[str, Reached]:
    """Where one more death can lead, and in how many ways."""
    further: dict[str, Reached] = {}
    for reached in level.values():
        for left in after.get(reached.left.looks, ()):
            further.setdefault(left.looks, Reached(left, 0)).ways += reached.ways
    return further


async def _recover(world: World, flow: Flow, left: Left, report: Report) -> None:
    report.states += 1
    report.violations += await check(world, flow, left)
    report.told_twice += told_twice(world) > 0
