"""A command in a process of its own that is killed at its n-th crossing: a statement, a blob, a piece of a file, a new name.

Processes are forked from one that has imported everything and done nothing, so that a hundred deaths take seconds.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Engine, event

from bots import keeping
from bots.cli import app, keeping_shown
from bots.cli.keeping import TERMINATED
from storage.backups.sealed_files import _Counted
from storage.blobs import ObjectBlobs

PRELOADED = (keeping, keeping_shown)
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload([__name__])


class Killed(Exception):
    """The command did not come to its end."""


class Ended(NamedTuple):
    """How many crossings there were, and how much memory it took at most."""

    crossings: int
    kilobytes: int


def run(
    settings: dict[str, str], arguments: Iterable[object], dies_at: int = 0, by: signal.Signals = signal.SIGKILL
) -> Ended:
    """Run a command until its end, or its death. Raises Killed for a death."""
    here, there = _processes.Pipe(duplex=False)
    words = [str(one) for one in arguments]
    process = _processes.Process(target=_run, args=(settings, words, dies_at, by, there))
    process.start()
    there.close()
    process.join()
    if process.exitcode in (-signal.SIGKILL, TERMINATED):
        raise Killed
    assert process.exitcode == 0, process.exitcode
    return Ended(*here.recv())


def deaths(crossings: int, many: int) -> Iterator[int]:
    """So many moments to die at, from the first to the last, the last few among them."""
    spread = {1 + round(number * (crossings - 1) / (many - 1)) for number in range(many)}
    yield from sorted({*spread, max(1, crossings - 1), max(1, crossings - 2)})


def _run(settings: dict[str, str], words: list[str], dies_at: int, by: signal.Signals, told: Connection) -> None:
    for name in [name for name in os.environ if name.startswith("DARKROOM_")]:
        del os.environ[name]
    os.environ.update(settings)
    crossed = 0

    def cross(*_: object, **__: object) -> None:
        nonlocal crossed
        crossed += 1
        if crossed == dies_at:
            os.kill(os.getpid(), by)

    event.listen(Engine, "before_cursor_execute", cross)
    event.listen(Engine, "commit", cross)
    for owner, name in ((ObjectBlobs, "get"), (ObjectBlobs, "put"), (_Counted, "write"), (Path, "rename")):
        setattr(owner, name, _after(cross, getattr(owner, name)))
    with open(os.devnull, "w") as nowhere:
        sys.stdout = nowhere
        assert not app(words, standalone_mode=False), words
    told.send((crossed, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))


def _after(cross: Callable[[], None], does: Callable[..., Any]) -> Callable[..., Any]:
    def crosses(*arguments: Any, **more: Any) -> Any:
        cross()
        return does(*arguments, **more)

    return crosses
