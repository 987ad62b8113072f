"""What may stand in Redis: every key, field and channel, its grammar, its life and what it means.

`check` refuses any other command before it is sent (`clients.py` asks it). Knows no connection. All keys bear the version of
the wire, so that a worker of another version never sees a wish.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from core.datamap import Category, Datum, Entry, Meaning, NotPersonal, OnErase, OnExport, Purpose, Until
from core.rules import HOUR, SECOND
from storage.wire import WIRE_VERSION

PREFIX: Final = f"darkroom:{WIRE_VERSION}:"
NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,60}")  #: what a worker may be called
GROUP: Final = "workers"  #: who reads the wishes, each under its name

WISH_LIFE: Final = HOUR  #: longer than a request waits for its last attempt
RESULT_LIFE: Final = HOUR
WORKER_LIFE: Final = 10 * SECOND  #: a worker that was not heard for this long is gone
BEAT: Final = 3 * SECOND  #: how often a worker says that it lives
HOUSE_LIFE: Final = 30 * SECOND

Command = tuple[str | bytes | int, ...]


def _travelling(category: Category, why: str, *, sealed: bool = False) -> Datum:
    """Something on its way between us and a worker: it goes when the request ends, and within the hour at the latest."""
    return Datum(
        category,
        (Purpose.DRAW,),
        Until.REQUEST_ENDS,
        OnErase.DELETE,
        OnExport.WITHHELD,
        withheld_because=why,
        sealed=sealed,
        free_text=sealed,
    )


_pseudonym = _travelling(Category.REQUESTS, "a random number that is gone once the request is drawn")


@dataclass(frozen=True)
class Key:
    """One key, or all workers' keys of one kind. A key without fields holds one thing, which is what `holds` says of it."""

    name: str
    life: int  #: milliseconds after it was last written
    holds: Meaning | None = None
    fields: Mapping[str, Meaning] = field(default_factory=dict)
    grammar: str = ""

    def allows(self, key: str) -> bool:
        return re.fullmatch(self.grammar or re.escape(PREFIX + self.name), key) is not None

    def __str__(self) -> str:
        return PREFIX + self.name


@dataclass(frozen=True)
class Channel:
    name: str
    carries: Meaning

    def __str__(self) -> str:
        return PREFIX + self.name


WISHES: Final = Key(
    "wishes",
    WISH_LIFE,
    fields={
        "j": _pseudonym,
        "f": NotPersonal("how often a request was sent out"),
        "b": _travelling(Category.WORDS, "on its way to a worker; the words themselves are exported", sealed=True),
    },
)
RESULTS: Final = Key(
    "results",
    RESULT_LIFE,
    fields={"b": _travelling(Category.PICTURES, "on its way to be kept; it is exported from there", sealed=True)},
)
_WORKER: Final = Key(
    "worker:NAME",
    WORKER_LIFE,
    fields={
        "session": NotPersonal("a random number of one life of a worker"),
        "version": NotPersonal("of the program"),
        "models": NotPersonal("names from the catalogue"),
        "ready": NotPersonal("whether the worker has its model"),
        "job": _pseudonym,
        "fence": NotPersonal("how often a request was sent out"),
    },
    grammar=re.escape(PREFIX) + "worker:" + NAME.pattern,
)
WORKERS: Final = Key("workers", WISH_LIFE, holds=NotPersonal("the names the operator gave the workers"))
HOUSE: Final = Key(
    "house",
    HOUSE_LIFE,
    holds=NotPersonal("versions and models of the bot, sealed"),
    grammar=r"darkroom:\d+:house",  # a worker also looks for a bot of another version, to say which it ought to be
)
PASSING: Final = Channel(
    "passing", _travelling(Category.PICTURES, "a preview that is shown for a moment and stored nowhere", sealed=True)
)
CANCELLED: Final = Channel("cancelled", _travelling(Category.REQUESTS, "heard at once and stored nowhere", sealed=True))
STIRRED: Final = Channel("stirred", NotPersonal("an empty message"))

KEYS: Final = (WISHES, RESULTS, _WORKER, WORKERS, HOUSE)
CHANNELS: Final = (PASSING, CANCELLED, STIRRED)


def entries() -> tuple[Entry, ...]:
    cells = [
        *((f"{key.name}.{name}", meaning) for key in KEYS for name, meaning in key.fields.items()),
        *((key.name, key.holds) for key in KEYS if key.holds is not None),
        *((channel.name, channel.carries) for channel in CHANNELS),
    ]
    return tuple(
        Entry("redis", cell, "job>job.person_id" if isinstance(meaning, Datum) else "", meaning)
        for cell, meaning in cells
    )


@dataclass(frozen=True)
class Worker:
    """The key of one worker. Raises ValueError for a name nobody can have."""

    name: str

    def __post_init__(self) -> None:
        if NAME.fullmatch(self.name) is None:
            raise ValueError(
                f"a worker cannot be called {self.name!r}: take up to 60 of A-Z, a-z, 0-9, dot, dash and underscore"
            )

    def __str__(self) -> str:
        return f"{PREFIX}worker:{self.name}"


def house_of(version: int) -> str:
    """Where a bot that speaks this version of the wire says who it is."""
    return f"darkroom:{version}:house"


# Gate G3: what is not declared above is refused when it is written


@dataclass(frozen=True)
class _Verb:
    """Where a command holds its key and its fields, and whether it can bring the key into being."""

    key: int | None
    makes: bool = False
    fields: slice | None = None


_VERBS: Final = {
    "XADD": _Verb(1, makes=True, fields=slice(3, None, 2)),
    "HSET": _Verb(1, makes=True, fields=slice(2, None, 2)),
    "HSETNX": _Verb(1, makes=True, fields=slice(2, 3)),
    "SADD": _Verb(1, makes=True),
    "SET": _Verb(1, makes=True),
    "XGROUP": _Verb(2, makes=True),
    "XREAD": _Verb(-2),
    "XREADGROUP": _Verb(-2),
    "XINFO": _Verb(2),
    **{
        verb: _Verb(1)
        for verb in (
            "PEXPIRE", "PTTL", "DEL", "GET", "HGET", "HGETALL", "SMEMBERS", "SREM",
            "XACK", "XDEL", "XLEN", "XPENDING", "XRANGE", "XTRIM",
        )
    },
    "TIME": _Verb(None),
    "PING": _Verb(None),
}  # fmt: skip


def check(commands: Sequence[Command]) -> None:
    """Whether these commands, sent as one, leave only what is declared. Raises ValueError saying what to write."""
    lives = {str(command[1]): command[2] for command in commands if command[0] == "PEXPIRE"}
    for command in commands:
        if command[0] == "PUBLISH":
            check_channel(str(command[1]))
            continue
        verb = _VERBS.get(str(command[0]))
        if verb is None:
            raise ValueError(
                f"{command[0]!r} is no command this keyspace knows: declare it in storage/over_redis/keyspace.py"
            )
        if verb.key is None:
            continue
        name = str(command[verb.key])
        key = declared(name)
        if key is None:
            raise ValueError(f"no key may be called {name}: declare a Key in storage/over_redis/keyspace.py")
        if verb.fields is not None:
            _check_fields(key, (str(given) for given in command[verb.fields]))
        if verb.makes:
            _check_life(key, name, command[command.index("PX") + 1] if "PX" in command else lives.get(name))


def check_channel(name: str) -> None:
    """Raises ValueError."""
    if name not in map(str, CHANNELS):
        raise ValueError(f"no channel may be called {name}: declare a Channel in storage/over_redis/keyspace.py")


def declared(name: str) -> Key | None:
    """What a live key is, if it may be there at all."""
    return next((key for key in KEYS if key.allows(name)), None)


def _check_fields(key: Key, given: Iterable[str]) -> None:
    for name in given:
        if name not in key.fields:
            raise ValueError(
                f"{key.name} has no field {name}: give it a Datum in storage/over_redis/keyspace.py, "
                "or NotPersonal with a reason"
            )


def _check_life(key: Key, name: str, life: str | bytes | int | None) -> None:
    if not isinstance(life, int) or not 0 < life <= key.life:
        raise ValueError(
            f"{name} would outlive its time: send PEXPIRE {name} {key.life} with what writes it, or PX with SET"
        )
