"""`python -m tests.kills --kills 100`: kill -9 of the real processes at random moments, and a look at what got lost.

Real `darkroom talk` processes serve one data folder, one after the other, for three people who keep asking for pictures.
The bot or its worker is killed; what died is started again; at the end everything is drained and the stores are read.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from bots.replies import say
from bots.settings import PREFIX, Settings
from bots.texts import render
from core.rules import MINIMUM_AGE
from tests import databases
from tests.crashes.aftermath import FAILURES, Asked, Heard, look
from tests.crashes.processes import Conversation, Told, workers

CAST = ("ana", "ben", "cleo")
WELCOME = 1_000_000  #: credits; nobody runs out
DRAIN = 30.0  #: seconds from the end of input to the end of the process
ORPHANED = 2.0  #: seconds a worker may outlive its bot
AGREE = f"press {render(say('button.agree', age=MINIMUM_AGE))}"
CANCEL = render(say("button.cancel"))


@dataclass(frozen=True)
class Pace:
    """How fast a model can be worked: seconds between two kills at most, and how many requests may be open."""

    longest: float
    open_requests: int


PACES = {"flat": Pace(longest=1.2, open_requests=6), "starter": Pace(longest=15, open_requests=2)}


@dataclass
class Result:
    figures: dict[str, float]
    wrong: list[str] = field(default_factory=list)


class Moment:
    """When to strike: `delay` seconds from now, or from when `count` counts more; nobody waits for that beyond `patience`."""

    def __init__(self, count: Callable[[], int] | None, delay: float, patience: float) -> None:
        self._count, self._delay = count, delay
        self._seen = count() if count else 0
        self._at = time.monotonic() + (patience if count else delay)

    def has_come(self) -> bool:
        if self._count and self._count() > self._seen:
            self._count, self._at = None, time.monotonic() + self._delay
        return time.monotonic() >= self._at


class Siege:
    """Everything that is asked, heard and killed, from an empty folder on."""

    def __init__(self, folder: Path, model: str, seed: int, database_url: str = "") -> None:
        self._folder, self._pace, self._rng = folder, PACES[model], random.Random(seed)
        delay = 0.05 + os.getpid() / 1e9
        self._mark = f" {delay} "  #: a worker's arguments hold the delay, so this tells ours from everybody else's
        self.settings = Settings(
            data=folder / "data",
            database_url=database_url,
            keys_url="",
            model=model,
            open_jobs=0,
            requests_per_minute=0,
            commands_per_minute=0,
            welcome_credits=WELCOME,
            flat_delay=delay,
        )
        self.asked: list[Asked] = []
        self._unanswered: list[Asked | None] = []  #: lines of the running process; None asks for nothing
        self.heard = Heard()
        self._agreed: set[str] = set()
        self._kills: Counter[str] = Counter()
        self._starts = 0
        self._wrong: list[str] = []

    def run(self, kills: int) -> Result:
        started = time.monotonic()
        bot = self._start()
        while self._kills.total() < kills:
            self._work(bot, self._moment())
            if bot.exit_status is not None:
                self._wrong.append(f"the bot ended by itself with {bot.exit_status}: {bot.last_words}")
                break
            if self._strike(bot):
                bot = self._start()
        lasted = time.monotonic() - started
        self._work(bot, Moment(self.heard.shown.total, 0, patience=DRAIN))  # it still draws
        self._bury(bot)
        drained = [self._drain(person) for person in CAST if person in self._agreed]
        after = look(self.settings, self.asked, self.heard)
        figures = {"kills": self._kills.total()}
        figures |= {f"kills of the {victim}": number for victim, number in sorted(self._kills.items())}
        times = {"seconds": lasted, "longest drain, seconds": max(drained, default=0.0)}
        return Result(figures | {"starts": self._starts} | after.figures | times, self._wrong + after.wrong)

    def _start(self) -> Conversation:
        self._starts += 1
        self._unanswered.clear()
        bot = Conversation(self._folder, self._rng.choice(CAST), self._environment())
        if bot.person not in self._agreed:
            self._say(bot, "/start", None)
            self._say(bot, AGREE, None)
        return bot

    def _environment(self) -> dict[str, str]:
        """Ours are the only settings."""
        values = self.settings.model_dump(include=self.settings.model_fields_set)
        theirs = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        return theirs | {PREFIX + name.upper(): str(value) for name, value in values.items()}

    def _moment(self) -> Moment:
        """Strike some time from now, or just after the next picture or the next request."""
        shown, asked = self.heard.shown.total, self.asked.__len__
        count, within = self._rng.choice(((None, self._pace.longest), (shown, 0.1), (shown, 0.005), (asked, 0.03)))
        return Moment(count, self._rng.uniform(0, within), 2 * self._pace.longest)

    def _work(self, bot: Conversation, moment: Moment) -> None:
        """Keep the bot busy until it is time."""
        while not moment.has_come() and bot.exit_status is None:
            waits_for = self._open(bot.person)
            if bot.person in self._agreed and not self._unanswered and waits_for < self._pace.open_requests:
                self._ask(bot)
            if told := bot.hears(0.005):
                self._hear(bot, told)

    def _ask(self, bot: Conversation) -> None:
        ask = Asked(bot.person, seed=10 * len(self.asked), count=self._rng.randint(1, 4))
        self.asked.append(ask)
        self._say(bot, f"/imagine a star --count {ask.count} --seed {ask.seed}", ask)

    def _say(self, bot: Conversation, line: str, ask: Asked | None) -> None:
        self._unanswered.append(ask)
        bot.says(line)

    def _hear(self, bot: Conversation, told: Told) -> None:
        if told["pictures"]:
            self.heard.shown.update(str(self._folder / path) for path in told["pictures"])
        elif told["text"] in FAILURES:
            self.heard.failed[bot.person] += FAILURES[told["text"]]
        elif self._unanswered:
            self._answer(bot, told, self._unanswered.pop(0))
        else:
            self._wrong.append(f"nobody asked for this: {told['text']}")

    def _answer(self, bot: Conversation, told: Told, ask: Asked | None) -> None:
        """Answers come in the order of the lines."""
        if told["error"] in ("unavailable", "bug", "gone"):
            self._wrong.append(f"an answer was: {told['text']}")
        if ask is not None:
            ask.accepted = told["buttons"] == [CANCEL]
        elif not self._unanswered:
            self._agreed.add(bot.person)

    def _open(self, person: str) -> int:
        """About how many requests this person waits for."""
        pictures = sum(ask.count for ask in self.asked if ask.accepted and ask.person == person)
        shown = sum(Path(path).parent.name == person for path in self.heard.shown)
        return (pictures - shown - self.heard.failed[person]) // 2

    def _strike(self, bot: Conversation) -> bool:
        """Kill the bot, or only its worker. True when the bot is dead."""
        frozen = self._rng.random() < 0.15
        if self._rng.random() < 0.5:
            self._kill_worker(frozen)
            return False
        if frozen:
            os.kill(bot.pid, signal.SIGSTOP)
            time.sleep(self._rng.uniform(0, 0.2))
        bot.kill()
        self._kills["frozen bot" if frozen else "bot"] += 1
        self._bury(bot)
        return True

    def _kill_worker(self, frozen: bool) -> None:
        for worker in workers(self._mark):
            if frozen:
                worker.stop()
                time.sleep(self._rng.uniform(0, 0.2))
            worker.kill()
            self._kills["frozen worker" if frozen else "worker"] += 1

    def _bury(self, bot: Conversation) -> None:
        """Hear what a killed bot had said, and see that no worker is left of it."""
        bot.kill()
        for told in bot.rest():
            self._hear(bot, told)
        until = time.monotonic() + ORPHANED
        while left := workers(self._mark):
            if time.monotonic() > until:
                self._wrong.append(f"{len(left)} workers outlived their bot by {ORPHANED} seconds")
                for worker in left:
                    worker.kill()
            time.sleep(0.01)

    def _drain(self, person: str) -> float:
        """Nobody is killed any more: at the end of input everything owed is told, and soon."""
        started = time.monotonic()
        bot = Conversation(self._folder, person, self._environment())
        status = bot.ends(DRAIN)
        if status != 0:
            self._wrong.append(f"the last conversation of {person} ended with {status}: {bot.last_words}")
        self._bury(bot)
        return time.monotonic() - started


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--kills", type=int, default=100)
    options.add_argument("--model", choices=PACES, default="flat")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    with TemporaryDirectory() as folder, _database(given.database) as url:
        result = Siege(Path(folder), given.model, given.seed, url).run(given.kills)
    if given.json:
        print(json.dumps({"figures": result.figures, "wrong": result.wrong}))
    else:
        print("\n".join(f"{name:>24}  {figure:,.10g}" for name, figure in result.figures.items()))
        print("\n".join(result.wrong) or "Nothing was lost, made up or left behind.")
    return 1 if result.wrong else 0


@contextmanager
def _database(product: str) -> Iterator[str]:
    """An address; empty for SQLite in the data folder."""
    if product == "sqlite":
        yield ""
        return
    programs = databases.postgres_programs()
    if programs is None:
        sys.exit(databases.NOT_INSTALLED)
    with databases.postgres_server(programs) as server:
        yield server.create("darkroom")


if __name__ == "__main__":
    sys.exit(main())
