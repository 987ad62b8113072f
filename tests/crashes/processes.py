"""A real `darkroom talk` with its worker: spoken to over its pipes, found in the process table, killed. Knows no database."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue
from typing import Any

from tests.typed import DARKROOM

Told = dict[str, Any]  #: one line of `--json`
PROC = Path("/proc")


class Spawned:
    """A process of ours, alive or dead."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_status(self) -> int | None:
        return self._process.poll()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


class Conversation(Spawned):
    """One process from its start to its end. What it printed can be read also when it is dead."""

    def __init__(self, folder: Path, person: str, environment: Mapping[str, str]) -> None:
        self.person = person
        self._errors = folder / f"errors-{time.monotonic_ns()}"
        with self._errors.open("wb") as errors:
            process = subprocess.Popen(
                [*DARKROOM, "talk", "--as", person, "--json", "--out", str(folder / "pictures" / person)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=folder,
                env=dict(environment),
            )
        super().__init__(process)
        self._told: Queue[Told | None] = Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    @property
    def last_words(self) -> str:
        """The end of what it wrote to standard error."""
        return self._errors.read_text()[-500:]

    def says(self, line: str) -> None:
        """A line into its input; a dead process does not read it."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(f"{line}\n".encode())
            self._process.stdin.flush()

    def hears(self, seconds: float) -> Told | None:
        """What it says next, or None when it says nothing within that time."""
        with suppress(Empty):
            return self._told.get(timeout=seconds)
        return None

    def ends(self, seconds: float) -> int | None:
        """Its exit status after the end of input, or None when it goes on for longer than that."""
        self._close()
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(seconds)
        return None

    def rest(self) -> list[Told]:
        """Everything it said until its end that was not heard yet. Only for a process that has ended."""
        self._reader.join()
        self._close()
        return [told for told in iter(self._told.get, None) if told is not None]

    def _close(self) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as printed:
            for line in printed:
                if line.endswith(b"\n"):  # the last one may be torn
                    self._told.put(json.loads(line))
        self._told.put(None)


@dataclass(frozen=True)
class Running:
    """A line of the process table."""

    pid: int
    parent: int
    arguments: str

    def stop(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGSTOP)

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)


def workers(mark: str) -> list[Running]:
    """Every worker whose arguments hold this mark, whoever its parent is now."""
    return [one for one in running() if "bots.worker" in one.arguments and mark in one.arguments]


def running() -> Iterator[Running]:
    """The process table, of the kernel's files where there are some; zombies left out."""
    if not (PROC / "self" / "stat").exists():
        listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True)
        yield from (Running(int(pid), int(parent), arguments) for pid, parent, arguments in _columns(listed.stdout))
        return
    for folder in PROC.iterdir():
        if folder.name.isdecimal():
            with suppress(FileNotFoundError, ProcessLookupError):
                state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
                arguments = (folder / "cmdline").read_text().replace("\0", " ")
                if state != "Z":
                    yield Running(int(folder.name), int(parent), arguments)


def _columns(listed: str) -> Iterator[list[str]]:
    return (fields for line in listed.splitlines() if len(fields := line.split(maxsplit=2)) == 3)
