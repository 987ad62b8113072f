"""What was sent to workers and is not over: who has it, who was heard, what must be given up. Knows values, no connection.

It is told what Redis holds, and judges. Everything in Redis may vanish at any moment; what vanished and nobody draws is lost.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from core.records import Dispatches
from core.rules import HEARTBEAT, SECOND
from core.values import JobId
from storage.over_redis.house import Worker
from storage.over_redis.keyspace import BEAT, WISH_LIFE

Dispatched = tuple[JobId, int]
EntryId = tuple[int, int]  #: of a stream: a moment by Redis' clock, and which one of that moment

SILENCE: Final = 2 * HEARTBEAT / SECOND  #: seconds; a worker that says nothing about what it took for so long hangs
GRACE: Final = 2 * BEAT / SECOND  #: seconds in which a worker tells a Redis that forgot everything what it is drawing


@dataclass(frozen=True)
class Held:
    """What the stream of wishes holds at one moment."""

    now: int  #: ms, by Redis' clock
    length: int
    delivered: EntryId  #: the last one a worker was given
    taken: Mapping[EntryId, str]  #: given to whom, and not finished


@dataclass
class _Sent:
    dispatched: Dispatched
    heard: float
    taken: bool = False
    cancelled: bool = False
    gone: float | None = None  #: since when nobody has it


@dataclass(frozen=True)
class Verdict:
    """`lost`: whoever has it will not finish it. `withdrawn`: cancelled before anybody took it."""

    lost: tuple[EntryId, ...] = ()
    withdrawn: tuple[EntryId, ...] = ()


class Outstanding:
    def __init__(self) -> None:
        self._sent: dict[EntryId, _Sent] = {}

    def add(self, entry: EntryId, dispatched: Dispatched, now: float) -> None:
        self._sent.setdefault(entry, _Sent(dispatched, now))

    def heard(self, dispatched: Dispatched, now: float) -> None:
        for sent in self._of(dispatched):
            sent.taken, sent.heard = True, now

    def cancel(self, dispatched: Dispatched) -> None:
        for sent in self._of(dispatched):
            sent.cancelled = True

    def over(self, dispatched: Dispatched) -> None:
        self._sent = {entry: sent for entry, sent in self._sent.items() if sent.dispatched != dispatched}

    def known(self) -> frozenset[EntryId]:
        return frozenset(self._sent)

    def dispatches(self, entries: Iterable[EntryId]) -> tuple[Dispatched, ...]:
        """Of those that are still outstanding."""
        return tuple(sorted({self._sent[entry].dispatched for entry in entries if entry in self._sent}))

    def sent(self) -> Dispatches:
        return frozenset(sent.dispatched for sent in self._sent.values())

    def out(self, workers: Collection[Worker], now: float) -> Dispatches:
        """What living workers have, or will take."""
        if not workers:
            return frozenset()
        return frozenset(
            sent.dispatched for sent in self._sent.values() if not sent.taken or now - sent.heard <= SILENCE
        )

    def explains(self, held: Held) -> bool:
        """Whether what is known accounts for all the stream holds, so that nobody need read it."""
        waiting = sum(entry > held.delivered for entry in self._sent)
        return held.taken.keys() <= self._sent.keys() and waiting + len(held.taken) == held.length

    def judge(
        self,
        known: frozenset[EntryId],
        held: Held,
        there: Collection[EntryId] | None,
        living: Collection[Worker],
        now: float,
    ) -> Verdict:
        """Compare what was `known` when Redis was asked with what it held then, and with who lives since.

        `there` is every entry in the stream, where that was read; else everything known accounts for it.
        """
        names, drawing = {worker.name for worker in living}, {worker.drawing for worker in living}
        lost, withdrawn = [], []
        for entry in known & self._sent.keys():
            sent = self._sent[entry]
            waiting = entry > held.delivered and (there is None or entry in there)
            taken = held.taken.get(entry) in names or sent.dispatched in drawing  # Redis may have forgotten that
            if taken and not sent.taken:
                sent.taken, sent.heard = True, now
            sent.gone = None if waiting or taken else sent.gone or now
            dead = entry in held.taken and not taken
            if dead or _for(sent.gone, now) >= GRACE or held.now - entry[0] >= WISH_LIFE:
                lost.append(entry)
            elif waiting and sent.cancelled:
                withdrawn.append(entry)
        return Verdict(tuple(lost), tuple(withdrawn))

    def _of(self, dispatched: Dispatched) -> list[_Sent]:
        return [sent for sent in self._sent.values() if sent.dispatched == dispatched]


def _for(since: float | None, now: float) -> float:
    return 0.0 if since is None else now - since
