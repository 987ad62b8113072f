"""A place where a process of Darkroom ought to run: it is killed, paused and started again, as a supervisor would do it."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.machines.deployment import Process

AGAIN = 0.3  #: seconds until a process that ended by itself is started again
REFUSED = 2  #: exit status of a process that says in one sentence what it lacks


@dataclass
class Ended:
    """A process that nobody killed."""

    slot: str
    status: int
    last_words: str


@dataclass
class Slot:
    """`environment` of every process that runs here, one after the other."""

    name: str
    command: str
    folder: Path
    environment: dict[str, str]
    starts: int = 0
    ended: list[Ended] = field(default_factory=list)
    process: Process | None = None
    paused: bool = False
    _wanted: bool = False
    _keeper: asyncio.Task[None] | None = None

    def start(self) -> None:
        self.starts += 1
        self.process, self.paused, self._wanted = Process(self.folder, self.command, self.environment), False, True
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._keep())

    @property
    def runs(self) -> bool:
        return self.process is not None and self.process.exit_status is None

    def kill(self) -> None:
        self._wanted = False
        if self.process is not None:
            self.process.kill()

    def pause(self) -> None:
        if self.process is not None:
            self.paused = True
            self.process.pause()

    def resume(self) -> None:
        if self.process is not None:
            self.paused = False
            self.process.resume()

    def said(self) -> Iterator[dict[str, Any]]:
        """Events in the log of the process that runs now."""
        return events(self.process.said) if self.process is not None else iter(())

    def leads(self) -> set[str]:
        """The roles it has, by its own log."""
        roles: set[str] = set()
        for event in self.said():
            if event.get("event") == "leading":
                roles.add(str(event["task"]))
            elif event.get("event") == "leading.lost":
                roles.discard(str(event["task"]))
        return roles

    async def ends(self, within: float) -> int | None:
        """Its exit status after SIGTERM, None when it does not end."""
        self._wanted = False
        if self._keeper is not None:
            self._keeper.cancel()
        if self.process is None or self.process.exit_status is not None:
            return self.process.exit_status if self.process else None
        self.process.ask_to_end()
        until = time.monotonic() + within
        while self.process.exit_status is None and time.monotonic() < until:
            await asyncio.sleep(0.05)
        status = self.process.exit_status
        self.process.kill()
        return status

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(AGAIN)
            if self._wanted and self.process is not None and self.process.exit_status is not None:
                self.ended.append(Ended(self.name, self.process.exit_status, self.process.said[-600:]))
                self.start()


def events(said: str) -> Iterator[dict[str, Any]]:
    for line in said.splitlines():
        if line.startswith("{"):
            try:
                yield json.loads(line)
            except ValueError:
                continue  # torn by a kill


def moment(rng: random.Random, longest: float) -> float:
    """Mostly short, now and then long."""
    return float(longest * rng.random() ** 2)
