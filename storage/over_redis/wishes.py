"""The stream of wishes, as those who fill it and watch over it see it; and which workers live. Knows no job's record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from core.rules import SECOND
from core.values import JobId
from storage.over_redis import keyspace as keys
from storage.over_redis.clients import AsyncRedis, Away
from storage.over_redis.house import Worker
from storage.over_redis.outstanding import Dispatched, EntryId, Held

_MOST: Final = 10_000  #: entries looked at in one go: more than any window
_WISHES: Final = str(keys.WISHES)


@dataclass(frozen=True)
class Survey:
    workers: tuple[Worker, ...]
    wishes: int  #: waiting or being drawn
    results: int  #: come back and not handled
    has_group: bool  #: whether workers can read the wishes; made together with what the bot says of itself


class RedisWishes:
    """Everything in it raises Away."""

    def __init__(self, redis: AsyncRedis) -> None:
        self._redis = redis

    async def add(self, job: JobId, fence: int, body: bytes) -> EntryId:
        entry, _ = whole(
            await self._redis.together(
                ("XADD", _WISHES, "*", "j", job, "f", fence, "b", body), ("PEXPIRE", _WISHES, keys.WISH_LIFE)
            )
        )
        return _entry_id(entry)

    async def keep(self, house: bytes) -> None:
        """Say that the bot is there, make the group where there is none, and keep the stream alive while nobody writes it."""
        said, _, kept = await self._redis.together(
            ("SET", str(keys.HOUSE), house, "PX", keys.HOUSE_LIFE),
            ("XGROUP", "CREATE", _WISHES, keys.GROUP, "0", "MKSTREAM"),
            ("PEXPIRE", _WISHES, keys.WISH_LIFE),
        )
        whole([said, kept])

    async def held(self) -> Held:
        time, length, groups, taken = await self._redis.together(
            ("TIME",),
            ("XLEN", _WISHES),
            ("XINFO", "GROUPS", _WISHES),
            ("XPENDING", _WISHES, keys.GROUP, "-", "+", _MOST),
        )
        whole([time, length])
        delivered = b"0-0"
        if isinstance(groups, Away) or isinstance(taken, Away) or not groups:  # forgotten, and made again soon
            taken = []
        else:
            delivered = pairs(groups[0])[b"last-delivered-id"]
        return Held(
            now=int(time[0]) * SECOND,
            length=length,
            delivered=_entry_id(delivered),
            taken={_entry_id(entry): name.decode(errors="replace") for entry, name, _, _ in taken},
        )

    async def read(self, held: Held) -> dict[EntryId, Dispatched]:
        """Every entry there is. What is none of ours goes, and what was taken and is not there is taken no more."""
        found: dict[EntryId, Dispatched] = {}
        strange: list[EntryId] = []
        for entry, flat in await self._redis.ask("XRANGE", _WISHES, "-", "+"):
            fields = pairs(flat)
            try:
                found[_entry_id(entry)] = JobId(fields[b"j"].decode()), int(fields[b"f"])
            except (KeyError, ValueError):
                strange.append(_entry_id(entry))
        if gone := [*strange, *(held.taken.keys() - found.keys())]:
            await self.forget(gone)
        return found

    async def age(self) -> int:
        """Milliseconds since the oldest wish or result was written, 0 when there is none. Raises Away."""
        time, *oldest = whole(
            await self._redis.together(
                ("TIME",),
                *(("XRANGE", key, "-", "+", "COUNT", 1) for key in (_WISHES, str(keys.RESULTS))),
            )
        )
        written = [_entry_id(found[0][0])[0] for found in oldest if found]
        return max(0, int(time[0]) * SECOND - min(written)) if written else 0

    async def forget(self, entries: Sequence[EntryId]) -> None:
        """Nobody is to draw them."""
        ids = [_spelled(entry) for entry in entries]
        _, gone = await self._redis.together(("XACK", _WISHES, keys.GROUP, *ids), ("XDEL", _WISHES, *ids))
        whole([gone])

    async def survey(self) -> Survey:
        names = [name.decode(errors="replace") for name in await self._redis.ask("SMEMBERS", str(keys.WORKERS))]
        known = [keys.Worker(name) for name in sorted(names) if keys.NAME.fullmatch(name)]
        groups, wishes, results, *found = await self._redis.together(
            ("XINFO", "GROUPS", _WISHES),
            ("XLEN", _WISHES),
            ("XLEN", str(keys.RESULTS)),
            *(("HGETALL", str(key)) for key in known),
        )
        whole([wishes, results, *found])
        living = {key.name: pairs(flat) for key, flat in zip(known, found, strict=True) if flat}
        if gone := [name for name in names if name not in living]:
            await self._redis.ask("SREM", str(keys.WORKERS), *gone)
        workers = tuple(Worker.read(name, fields) for name, fields in living.items())
        return Survey(workers, wishes, results, has_group=not isinstance(groups, Away) and bool(groups))


def whole(answers: Sequence[Any]) -> Sequence[Any]:
    """The answers, when all commands were carried out. Raises Away."""
    for answer in answers:
        if isinstance(answer, Away):
            raise answer
    return answers


def pairs(flat: Iterable[bytes]) -> Mapping[bytes, bytes]:
    """Names and values, which Redis gives one after the other."""
    names = iter(flat)
    return dict(zip(names, names, strict=True))


def _entry_id(spelled: bytes) -> EntryId:
    moment, number = spelled.split(b"-")
    return int(moment), int(number)


def _spelled(entry: EntryId) -> str:
    return f"{entry[0]}-{entry[1]}"
