"""What the records say while everything dies around them: what is open, who leads, how soon a dead worker's job goes on."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

Query = Callable[[str], list[tuple[Any, ...]]]  #: raises OSError when nobody answers


def postgres_query(folder: Path, name: str) -> Query:
    def query(question: str) -> list[tuple[Any, ...]]:
        try:
            with psycopg.connect(
                host=str(folder), user="darkroom", dbname=name, autocommit=True, connect_timeout=3
            ) as opened:
                return opened.execute(question).fetchall()  # type: ignore[call-overload, no-any-return]
        except psycopg.Error as error:
            raise OSError(type(error).__name__) from None

    return query


def sqlite_query(path: Path) -> Query:
    def query(question: str) -> list[tuple[Any, ...]]:
        try:
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as opened:
                return opened.execute(question).fetchall()
        except sqlite3.Error as error:
            raise OSError(type(error).__name__) from None

    return query


@dataclass(frozen=True)
class Standing:
    """`open`: job -> (fence, attempts). `untold`: outcomes of ended requests that nobody was told."""

    open: dict[str, tuple[int, int]]
    untold: int
    holds: int
    leaders: dict[str, str]
    ended: Counter[str]  #: requests that are over, by their seed

    @property
    def idle(self) -> bool:
        return not (self.open or self.untold or self.holds)


def standing(query: Query) -> Standing:
    """Raises OSError when the database does not answer."""
    jobs = query("SELECT id, seed, state, fence, attempts FROM job")
    return Standing(
        open={id_: (fence, attempts) for id_, _, state, fence, attempts in jobs if state in ("queued", "drawing")},
        untold=int(query("SELECT count(*) FROM delivery WHERE state IN ('waiting', 'owed')")[0][0]),
        holds=int(query("SELECT count(*) FROM hold WHERE state = 'open'")[0][0]),
        leaders=dict(query("SELECT role, holder FROM leader")),  # type: ignore[arg-type]
        ended=Counter(str(seed) for _, seed, state, _, _ in jobs if state not in ("queued", "drawing")),
    )


@dataclass
class Orphans:
    """Jobs whose worker was killed, until somebody draws them again or they are over."""

    _since: dict[str, tuple[float, tuple[int, int]]] = field(default_factory=dict)
    taken_up: list[float] = field(default_factory=list)  #: seconds

    def orphaned(self, job: str, was: tuple[int, int]) -> None:
        self._since.setdefault(job, (time.monotonic(), was))

    def see(self, open_: dict[str, tuple[int, int]]) -> list[tuple[str, float]]:
        """Those that were taken up since, and after how many seconds."""
        found = []
        for job, (since, was) in list(self._since.items()):
            if open_.get(job) != was:
                found.append((job, time.monotonic() - since))
                del self._since[job]
        self.taken_up += [seconds for _, seconds in found]
        return found


@dataclass
class Takeovers:
    """How often a role went to another process."""

    count: int = 0
    _last: dict[str, str] = field(default_factory=dict)

    def see(self, leaders: dict[str, str]) -> None:
        for role, holder in leaders.items():
            self.count += self._last.get(role, holder) != holder
            self._last[role] = holder
