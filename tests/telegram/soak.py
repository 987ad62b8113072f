"""`python -m tests.telegram.soak --jobs 500`: requests through a Telegram that fails in every way it can, to a bot that is
killed again and again; and then a look at what was lost, shown twice, or paid for nothing.

The bot is a process of its own with a worker of its own; Telegram is the loopback server, which is here and forgets nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import signal
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bots.settings import PREFIX, Settings
from bots.wiring import open_house
from core.rules import MINIMUM_AGE
from core.values import DeliveryState
from tests.telegram import Message, TelegramServer, User
from tests.telegram.process import PATIENCE as PATIENCE_SETTING

PATIENCE = 1.0  #: seconds the bot waits for an answer
SLOW = 1.4  #: seconds a slow answer takes: too long
OPEN = 12  #: requests under way at the same time
DRAIN = 120.0  #: seconds for what is left when faults have ended
PICTURE = re.compile(r"AI-generated picture (\w+):")
TOLD = {DeliveryState.DELIVERED, DeliveryState.UNCERTAIN, DeliveryState.UNDELIVERABLE, DeliveryState.DROPPED}


@dataclass
class Report:
    figures: dict[str, Any] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [f"{name:>28}: {value}" for name, value in self.figures.items()]
        return "\n".join([*lines, *(f"WRONG: {one}" for one in self.wrong)])


class Bot:
    """The process, which dies and is started again."""

    def __init__(self, folder: Path, telegram: TelegramServer, log_level: str = "warning", model: str = "flat") -> None:
        self._folder = folder
        kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        self._environment = kept | {
            "DARKROOM_DATA": str(folder / "data"),
            "DARKROOM_MODEL": model,
            "DARKROOM_OPEN_JOBS": "0",
            "DARKROOM_WELCOME_CREDITS": "1000000",
            "DARKROOM_REQUESTS_PER_MINUTE": "0",
            "DARKROOM_COMMANDS_PER_MINUTE": "0",
            "DARKROOM_LOG_LEVEL": log_level,
            "DARKROOM_TELEGRAM_TOKEN": telegram.token,
            "DARKROOM_TELEGRAM_API": telegram.url,
            PATIENCE_SETTING: str(PATIENCE),
        }
        self._process: asyncio.subprocess.Process | None = None
        self.starts = 0

    async def starts_up(self) -> None:
        self.starts += 1
        with (self._folder / "errors").open("ab") as errors:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.telegram.process", env=self._environment, stderr=errors
            )

    async def ends(self, how: signal.Signals) -> None:
        """SIGTERM asks, SIGKILL does not."""
        if self._process is None:
            return
        if self._process.returncode is None:
            self._process.send_signal(how)
        await self._process.wait()
        self._process = None


class Soak:
    def __init__(
        self, folder: Path, telegram: TelegramServer, jobs: int, share: float, seed: int, model: str = "flat"
    ) -> None:
        self._folder, self._telegram, self._jobs, self._share = folder, telegram, jobs, share
        self._rng = random.Random(seed)
        self._bot = Bot(folder, telegram, model=model)
        self._people = [telegram.user(name) for name in ("Ana", "Ben", "Cleo", "Dora", "Emil", "Fee")]
        self._group = telegram.group("Friends", *self._people, supergroup=True)
        self._asked = self._pressed = self._deleted = 0

    async def run(self, lives: tuple[float, float]) -> Report:
        begun = time.monotonic()
        await self._bot.starts_up()
        await self._all_agree()
        self._plant_faults()
        restarting = asyncio.create_task(self._restart_again_and_again(*lives))
        try:
            while self._asked < self._jobs:
                await self._ask_something()
        finally:
            restarting.cancel()
            await asyncio.gather(restarting, return_exceptions=True)
        faults = self._end_faults()
        if self._bot._process is None:
            await self._bot.starts_up()
        drained = await self._drain()
        await self._bot.ends(signal.SIGTERM)
        report = self._look()
        report.figures |= {
            "bot started": self._bot.starts,
            "faults": dict(faults),
            "seconds": round(time.monotonic() - begun),
        }
        if not drained:
            report.wrong.append(f"it was not done {DRAIN:g} s after the faults ended")
        return report

    # What goes on

    async def _all_agree(self) -> None:
        for person in self._people:
            await person.sends("/start")
            notice = await person.hears("older", within=30)
            person.taps(notice, f"I am {MINIMUM_AGE} or older")
            await person.hears("Welcome!", within=30)

    async def _ask_something(self) -> None:
        """One after the other, as long as not too much is under way."""
        while self._unfinished() >= OPEN:
            await asyncio.sleep(0.05)
        person = self._rng.choice(self._people)
        to = self._group if self._rng.random() < 0.3 else None
        count = self._rng.choice((1, 1, 1, 2, 4))
        private = " --private" if self._rng.random() < 0.2 else ""
        self._asked += 1
        await person.sends(f"/imagine wish {self._asked} --count {count}{private}", to=to)
        await asyncio.sleep(self._rng.random() * 0.1)
        if self._rng.random() < 0.05:
            self._tap_something(person)
        if self._rng.random() < 0.08:
            self._delete_something(person)

    def _delete_something(self, person: User) -> None:
        """A placeholder, so that its picture needs a new message."""
        waiting = [message for message in person.told()[-10:] if message.words.startswith(("You are", "Picture"))]
        if waiting:
            self._deleted += 1
            self._rng.choice(waiting).deleted = True

    def _tap_something(self, person: User) -> None:
        """Cancel, or look at a file: what people do meanwhile."""
        with_buttons = [message for message in person.told()[-20:] if {"Cancel", "Save"} & set(message.buttons)]
        if with_buttons:
            message = self._rng.choice(with_buttons)
            self._pressed += 1
            person.taps(message, next(label for label in ("Cancel", "Save") if label in message.buttons))

    def _plant_faults(self) -> None:
        faults, often = self._telegram.faults, {"chance": self._share, "times": None}
        for methods in ((), ("getUpdates",)):
            faults.loses_answers(*methods, **often)
            faults.refuses(*methods, **often)
            faults.breaks(*methods, status=502, **often)
            faults.breaks(*methods, status=500, acts=True, **often)
            faults.slows(*methods, seconds=SLOW, **often)
        faults.floods(retry_after=1, **often)
        faults.duplicates = faults.reorders = self._share

    def _end_faults(self) -> Counter[str]:
        self._telegram.faults.end()
        return Counter(call.fault for call in self._telegram.calls if call.fault)

    async def _restart_again_and_again(self, shortest: float, longest: float) -> None:
        while True:
            await asyncio.sleep(self._rng.uniform(shortest, longest))
            await self._bot.ends(self._rng.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGTERM)))
            await self._bot.starts_up()

    async def _drain(self) -> bool:
        deadline = time.monotonic() + DRAIN
        while self._unfinished() or self._telegram.updates.pending:
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(0.1)
        await asyncio.sleep(1.0)  # answers that are on their way
        return True

    # What was left

    def _query(self, question: str) -> list[tuple[Any, ...]]:
        path = self._folder / "data" / "darkroom.db"
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
        try:
            return connection.execute(question).fetchall()
        finally:
            connection.close()

    def _unfinished(self) -> int:
        """Requests that were said and are not through, whether the bot has heard of them or not."""
        through = self._query(
            "SELECT count(*) FROM job WHERE state NOT IN ('queued', 'drawing') AND NOT EXISTS (SELECT * FROM delivery"
            " WHERE job_id = job.id AND state IN ('waiting', 'owed'))"
        )[0][0]
        return self._asked - int(through)

    def _look(self) -> Report:
        jobs = self._query("SELECT id, state, count, price_each, private FROM job")
        held = {id_: (captured, state) for id_, captured, state in self._query("SELECT id, captured, state FROM hold")}
        pictures = self._query('SELECT id, job_id, "index" FROM picture')
        told = {(job, index): state for job, index, state in self._query('SELECT job_id, "index", state FROM delivery')}
        private = {id_ for id_, _, _, _, is_private in jobs if is_private}
        report = Report()
        shown = self._shown()
        states = Counter(told.values())
        twice = [id_ for id_, _, _ in pictures if len(shown.get(id_, ())) > 1]
        twice_edited = [id_ for id_ in twice if sum(bool(message.history) for message in shown[id_]) > 1]
        unseen = [id_ for id_, job, index in pictures if told[job, index] == "delivered" and not shown.get(id_)]
        unsure = [id_ for id_, job, index in pictures if told[job, index] == "uncertain"]
        lost = [key for key, state in told.items() if state not in TOLD]
        drawn = Counter(job for _, job, _ in pictures)
        unpaid = [id_ for id_, _, _, price, _ in jobs if held[id_] != (drawn[id_] * price, held[id_][1])]
        public = [
            id_ for id_, job, _ in pictures if job in private for message in shown.get(id_, ()) if message.chat.id < 0
        ]
        placeholders = [
            message for message in self._all_messages() if re.match(r"You are \d|Picture \d of|Drawing", message.words)
        ]
        with open_house(Settings(_env_file=None, data=self._folder / "data", model="flat")) as house:  # type: ignore[call-arg]
            mistakes = house.database.transact(lambda tx: tx.ledger.mistakes())
        report.figures = {
            "requests said": self._asked,
            "requests accepted": len(jobs),
            "by state": dict(Counter(state for _, state, _, _, _ in jobs)),
            "pictures drawn": len(pictures),
            "outcomes": dict(states),
            "buttons pressed": self._pressed,
            "placeholders deleted": self._deleted,
            "shown twice by edits": len(twice_edited),
            "shown twice by sends": len(twice) - len(twice_edited),
            "told and not to be seen": len(unseen),
            "uncertain, of which seen": f"{len(unsure)}, {sum(bool(shown.get(id_)) for id_ in unsure)}",
            "lost": len(lost),
            "paid without a picture": len(unpaid),
            "private in public": len(public),
            "placeholders left over": len(placeholders),
            "calls": len(self._telegram.called()),
        }
        if len(jobs) != self._asked:
            report.wrong.append(f"{self._asked} requests were said and {len(jobs)} accepted")
        report.wrong += [
            f"{name}: {found}"
            for name, found in {
                "shown twice by edits": twice_edited,
                "told and not to be seen": unseen,
                "lost": lost,
                "paid without a picture": unpaid,
                "private in public": public,
                "held still": [id_ for id_, (_, state) in held.items() if state == "open"],
                "books": mistakes,
            }.items()
            if found
        ]
        return report

    def _shown(self) -> dict[str, list[Message]]:
        """Where each picture stands as what came of its request: messages of a gallery have another caption."""
        found: dict[str, list[Message]] = {}
        for message in self._all_messages():
            if message.content.media and (named := PICTURE.match(message.words)):
                found.setdefault(named[1], []).append(message)
        return found

    def _all_messages(self) -> list[Message]:
        chats: list[Any] = [*(person.chat for person in self._people), self._group]
        return [message for chat in chats for message in chat.standing() if message.by_bot]


@asynccontextmanager
async def soaking(folder: Path, jobs: int, share: float, seed: int, model: str = "flat") -> AsyncIterator[Soak]:
    async with TelegramServer(seed=seed) as telegram:
        soak = Soak(folder, telegram, jobs, share, seed, model)
        try:
            yield soak
        finally:
            await soak._bot.ends(signal.SIGKILL)


async def _main(jobs: int, share: float, seed: int, lives: tuple[float, float], model: str) -> int:
    with TemporaryDirectory() as folder:
        async with soaking(Path(folder), jobs, share, seed, model) as soak:
            report = await soak.run(lives)
        print(report)
        errors = (Path(folder) / "errors").read_text()
        print(Counter(re.findall(r'"event": "([\w.]+)"', errors)))
        print(errors[-3000:] if report.wrong else "")
    return 1 if report.wrong else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=500)
    parser.add_argument("--share", type=float, default=0.02, help="of calls that meet each kind of fault")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lives", type=float, nargs=2, default=(3.0, 12.0), help="seconds between two kills")
    parser.add_argument("--model", default="flat")
    chosen = parser.parse_args()
    sys.exit(asyncio.run(_main(chosen.jobs, chosen.share, chosen.seed, tuple(chosen.lives), chosen.model)))
