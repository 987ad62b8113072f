"""Everything that is asked, struck and mended, in rounds: at the end of each one all is quiet and nothing may be left open."""

from __future__ import annotations

import asyncio
import random
import re
import statistics
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from core.rules import LEASE, SECOND
from tests.chaos.aftermath import look, shows_secret
from tests.chaos.people import SECRET, People
from tests.chaos.records import Standing, Takeovers, standing
from tests.chaos.slots import REFUSED, events
from tests.chaos.stands import Fault, Stand
from tests.telegram import TelegramServer

DRAIN = 30.0  #: seconds within which everything that is open should be over when nothing fails any more
PATIENCE = 120.0  #: seconds until what is still open then counts as stuck
GLANCE = 0.4  #: seconds between two looks at the records
TAKEN_UP = LEASE / SECOND + 1  #: seconds within which somebody else draws what a dead worker had


@dataclass(frozen=True)
class Pace:
    """`pause`: seconds between two faults at most; `open_`: requests under way; `round_`: kills until it is quiet."""

    pause: float
    open_: int
    round_: int = 100
    together: int = 4


PACES = {
    ("postgres", "flat"): Pace(pause=1.9, open_=14),
    ("sqlite", "flat"): Pace(pause=1.7, open_=14, together=3),
    ("postgres", "starter"): Pace(pause=8.0, open_=5, round_=40, together=3),
    ("sqlite", "starter"): Pace(pause=12.0, open_=5, round_=40, together=2),
}


@dataclass
class Result:
    figures: dict[str, float]
    wrong: list[str] = field(default_factory=list)


class Siege:
    def __init__(self, stand: Stand, telegram: TelegramServer, pace: Pace, rng: random.Random) -> None:
        self._stand, self._telegram, self._pace, self._rng = stand, telegram, pace, rng
        self._people = People(telegram, rng)
        self._struck: Counter[str] = Counter()
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._takeovers = Takeovers()
        self._drains: list[float] = []
        self._wrong: list[str] = []
        self._lasted = 0.0

    @property
    def kills(self) -> int:
        """Without what only the network did."""
        return sum(self._struck[name] for name in {fault.name for fault in self._stand.faults if fault.kills})

    async def run(self, kills: int, progress: Callable[[str], None] = lambda _: None) -> Result:
        for slot in self._stand.slots:
            slot.start()
        await self._people.agree()
        watching = asyncio.create_task(self._watch())
        try:
            while self.kills < kills and not self._wrong:
                begun = time.monotonic()
                asking = asyncio.create_task(self._keep_asking())
                try:
                    await self._round(min(kills, self.kills + self._pace.round_))
                finally:
                    await _end_of(asking)
                self._lasted += time.monotonic() - begun
                await self._drain()
                progress(f"{self.kills} kills, drained in {self._drains[-1]:.1f} s")
        finally:
            await _end_of(watching)
        return await self._end()

    # What goes on

    async def _round(self, kills: int) -> None:
        self._stand.calm.clear()
        while self.kills < kills:
            await self._moment()
            free = [fault for fault in self._stand.faults if fault.target not in self._under_way]
            if free and len(self._under_way) < self._pace.together:
                self._strike(self._rng.choices(free, [fault.weight for fault in free])[0])

    def _strike(self, fault: Fault) -> None:
        self._struck[fault.name] += 1
        self._note(f"{fault.name} ({fault.target})")
        task = asyncio.create_task(fault.strike(), name=fault.name)
        self._under_way[fault.target] = task
        task.add_done_callback(lambda done: self._struck_out(fault, done))

    def _struck_out(self, fault: Fault, done: asyncio.Task[None]) -> None:
        del self._under_way[fault.target]
        self._note(f"mended: {fault.name} ({fault.target})")
        if not done.cancelled() and (error := done.exception()) is not None:
            self._wrong.append(f"{fault.name} could not be mended: {error!r}")

    async def _moment(self) -> None:
        """Some time from now, or just after the next picture or the next request."""
        count: Callable[[], int] | None
        count, within = self._rng.choice(
            ((None, self._pace.pause), (None, self._pace.pause), (self._people.pictures, 0.1), (self._asked, 0.05))
        )
        if count is not None:
            seen, until = count(), time.monotonic() + self._pace.pause
            while count() == seen and time.monotonic() < until:
                await asyncio.sleep(0.02)
        await asyncio.sleep(self._rng.uniform(0, within))

    def _asked(self) -> int:
        return len(self._people.asked)

    async def _keep_asking(self) -> None:
        while True:
            await self._people.ask(self._pace.open_)
            if self._rng.random() < 0.04:
                self._people.cancel_something()
            await asyncio.sleep(self._rng.uniform(0.02, 0.3))

    async def _watch(self) -> None:
        """Until cancelled, see what becomes of what was open."""
        while True:
            await self._see()
            await asyncio.sleep(GLANCE)

    async def _see(self) -> Standing | None:
        """None when the database does not answer."""
        try:
            seen = await asyncio.to_thread(standing, self._stand.query)
        except OSError:
            return None
        persons = {str(ask.seed): ask.person for ask in self._people.asked}
        self._people.ended = Counter(persons[seed] for seed in seen.ended if seed in persons)
        for job, seconds in self._stand.orphans.see(seen.open):
            self._note(f"a dead worker's job {job} was taken up after {seconds:.1f} s")
        self._takeovers.see(seen.leaders)
        return seen

    async def _drain(self) -> None:
        """Nothing fails any more; see how long it takes until nothing is open."""
        self._stand.calm.set()
        while self._under_way:
            await asyncio.wait(self._under_way.values())
        begun = time.monotonic()
        self._note("calm")
        while True:
            seen = await self._see()
            if seen is not None and seen.idle and not self._telegram.updates.pending:
                break
            if time.monotonic() - begun > PATIENCE:
                self._wrong.append(f"after {PATIENCE:g} quiet seconds it is stuck: {self._stuck(seen)}")
                break
            await asyncio.sleep(0.1)
        self._drains.append(time.monotonic() - begun)
        self._note(f"drained in {self._drains[-1]:.1f} s")

    def _stuck(self, seen: Standing | None) -> str:
        if seen is None:
            return "the database does not answer"
        updates = len(self._telegram.updates.pending)
        return (
            f"{len(seen.open)} jobs open {seen.open}, {seen.untold} outcomes untold, {seen.holds} holds open, "
            f"{updates} updates not heard"
        )

    def _note(self, what: str) -> None:
        """Beside what the processes say, for whoever looks for the cause of something."""
        with (self._stand.folder / "siege-0").open("a") as written:
            written.write(f"{datetime.now(UTC).isoformat()} {what}\n")

    # What is left

    async def _end(self) -> Result:
        stand = self._stand
        await asyncio.sleep(1.5)  # answers that are on their way
        queues = await asyncio.to_thread(self._left_in_redis)
        wrong = [*self._wrong, *await stand.close(), *stand.wrong]
        after = await asyncio.to_thread(look, stand.settings, self._people, stand.bucket)
        wrong += after.wrong
        wrong += [f"after its end {one.arguments} runs still, as {one.pid}" for one in stand.leftovers()]
        if max(self._drains) > DRAIN:
            wrong.append(f"it took {max(self._drains):.1f} seconds to drain, and {DRAIN:g} are allowed")
        taken_up = stand.orphans.taken_up
        if taken_up and max(taken_up) > TAKEN_UP:
            wrong.append(f"a dead worker's job waited {max(taken_up):.1f} seconds, and {TAKEN_UP:g} are allowed")
        if stand.redis is not None:
            wrong += [
                f"{name} of Redis holds what somebody asked for" for name in shows_secret(stand.redis.files(), SECRET)
            ]
        wrong += [f"{name} holds what somebody asked for" for name in shows_secret(iter(self.logs()), SECRET)]
        wrong += queues
        unexplained = [ended for slot in stand.slots for ended in slot.ended if ended.status != REFUSED]
        wrong += [f"{ended.slot} ended by itself with {ended.status}: {ended.last_words}" for ended in unexplained]
        if bugs := after.figures.pop("answered with an apology"):
            wrong.append(f"{bugs} times somebody was told of a bug")
        return Result(self._figures() | after.figures, wrong)

    def _figures(self) -> dict[str, float]:
        stand, taken_up = self._stand, self._stand.orphans.taken_up
        refused = sum(ended.status == REFUSED for slot in stand.slots for ended in slot.ended)
        figures: dict[str, float] = {"kills": self.kills}
        figures |= {f"  {name}": many for name, many in sorted(self._struck.items())}
        figures |= {f"    {kind}": many for kind, many in sorted(stand.troubles.items())}
        figures |= {f"  that led: {role}": many for role, many in sorted(stand.leaders_hit.items())}
        return figures | {
            "kills a minute": round(60 * self.kills / self._lasted, 1) if self._lasted else 0,
            "seconds": round(self._lasted + sum(self._drains)),
            "takeovers": self._takeovers.count,
            "processes started": sum(slot.starts for slot in stand.slots),
            "  that refused to start": refused,
            "longest drain, seconds": round(max(self._drains), 1),
            "usual drain, seconds": round(statistics.median(self._drains), 1),
            "dead workers' jobs taken up": len(taken_up),
            "  slowest, seconds": round(max(taken_up, default=0.0), 1),
            "  usually, seconds": round(statistics.median(taken_up), 1) if taken_up else 0.0,
            "buttons pressed": self._people.pressed,
        }

    def _left_in_redis(self) -> list[str]:
        if self._stand.redis is None:
            return []
        with self._stand.redis.client() as client:
            left = {
                key.decode(): client.xlen(key)
                for kind in ("wishes", "results")
                for key in client.keys(f"darkroom:*:{kind}")
            }
        return [f"{many} entries are left in {key}" for key, many in left.items() if many]

    def logs(self) -> list[Path]:
        """What each process said, those that died included."""
        said = re.compile(r"(chat|web|worker|up|siege)-\d+")
        return [path for path in self._stand.folder.glob("*-*") if path.is_file() and said.fullmatch(path.name)]

    def events(self) -> Counter[str]:
        """What all processes noted, by event and error."""
        found: Counter[str] = Counter()
        for path in self.logs():
            for event in events(path.read_text(errors="replace")):
                error = event.get("error", "") or event.get("logger", "")
                found[f"{event.get('level')} {event.get('event')} {event.get('task', '')} {error}"] += 1
        return found


async def _end_of(task: asyncio.Task[None]) -> None:
    """Raises what the task raised, if it failed before."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
