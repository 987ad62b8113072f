"""Whose turn it is: fair between servers, within each between its people, by what drawing costs. Pure, in memory, no I/O.

Nobody's turn depends on how much others ask for: whoever asks for one picture beside somebody with thousands is next but
one. A person's own requests go in the order they were asked.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Final, NamedTuple

from core.queue.flows import Flow
from core.queue.rings import Ring
from core.rules import AGED, SKIPS
from core.values import JobId, Moment, PersonId

PART: Final = 1 << 16  #: a unit of cost in units of a tag, so that whole numbers stay exact when divided by weights


class Waiting(NamedTuple):
    """A queued job, as light as it can be. By order: what its person asked first goes first."""

    created_at: Moment
    job: JobId
    fence: int
    server: str
    person: PersonId
    model: str
    work: int
    weight: int
    queued_at: Moment

    @property
    def paid(self) -> bool:
        """It was sent out before and came back: it keeps its place, and its person has paid for it with their turn."""
        return self.fence > 0


class _Person(Flow):
    __slots__ = ("charge", "head", "later")

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.head: Waiting | None = None
        self.charge = 0  #: what the head will cost them
        self.later: list[Waiting] | None = None  #: a heap; most people wait for one job only


_Server = Ring[_Person]


class _Turn(NamedTuple):
    """How a choice came about."""

    waiting: Waiting
    server: _Server
    person: _Person
    aged_server: bool
    aged_person: bool
    skips: int


class Turns:
    """`cost` predicts what a job takes, in whatever unit; `switch` is what it costs to load another model, in the same.

    What the loaded model can draw goes before others whose turn is no further off than `switch`, SKIPS times in a row. A
    server that got nothing for AGED goes first, and in a server a person, every other time.
    """

    def __init__(self, cost: Callable[[Waiting], int], switch: int = 0) -> None:
        self._cost, self._switch = cost, switch * PART
        self._waiting: dict[JobId, Waiting] = {}
        self._gone: set[Waiting] = set()  #: not in line any more, and still among the later ones of their person
        self._servers: Ring[_Server] = Ring("")
        self._skips = 0
        self._turn: _Turn | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, job: JobId) -> bool:
        return job in self._waiting

    def fences(self) -> set[tuple[JobId, int]]:
        """Every job in line, with its fence."""
        return {(waiting.job, waiting.fence) for waiting in self._waiting.values()}

    def add(self, waiting: Waiting) -> None:
        """It stands in line from now on. A job that does so already stands there under its newest fence."""
        known = self._waiting.get(waiting.job)
        if known is not None:
            if known.fence >= waiting.fence:
                return
            self.discard(known.job)
        self._waiting[waiting.job] = waiting
        server = self._servers.flows.get(waiting.server)
        if server is None:
            server = self._servers.flows[waiting.server] = Ring(waiting.server)
        person = server.flows.get(waiting.person)
        if person is None:
            person = server.flows[waiting.person] = _Person(waiting.person)
        if person.head is None:
            self._stand_first(server, person, waiting)
        else:
            person.later = person.later or []
            heappush(person.later, max(person.head, waiting))
            if waiting < person.head:
                self._stand_first(server, person, waiting)

    def discard(self, job: JobId) -> None:
        """It is not in line any more, and nobody pays for it."""
        waiting = self._waiting.pop(job, None)
        if waiting is None:
            return
        server = self._servers.flows[waiting.server]
        person = server.flows[waiting.person]
        if person.head is waiting:
            self._advance(server, person)
        else:
            self._gone.add(waiting)

    def next(self, loaded: str | None, now: Moment) -> Waiting | None:
        """Whose turn it is while the model `loaded` is at hand. It stays in line until it is taken or discarded."""
        self._turn = self._choose(loaded, now) if self._waiting else None
        return self._turn.waiting if self._turn else None

    def take(self, waiting: Waiting, now: Moment) -> None:
        """What `next` just named was sent out: its person and server have had their turn."""
        turn = self._turn
        assert turn is not None, "nothing is taken without asking"
        assert turn.waiting is waiting, "nothing may be added or discarded meanwhile"
        server, person = turn.server, turn.person
        self._servers.serve(server, person.charge, now, aged=turn.aged_server)
        server.serve(person, person.charge, now, aged=turn.aged_person)
        self._skips, self._turn = turn.skips, None
        del self._waiting[waiting.job]
        self._advance(server, person)

    def _choose(self, loaded: str | None, now: Moment) -> _Turn:
        first = self._servers.lowest()
        fair = first.lowest()
        self._servers.pass_time(first)
        aged_server = self._servers.oldest(now - AGED)
        server = aged_server or first
        if server is not first:
            fair = server.lowest()
        aged_person = server.oldest(now - AGED)
        person, skips = aged_person or fair, self._skips
        if person is fair and server is first:
            server, person = self._kindred(loaded, first, fair)
            skips = 0 if person is fair else skips + 1
            if server is not first:
                fair = server.lowest()
        server.pass_time(fair)
        assert person.head is not None, "whoever is in line has something"
        return _Turn(person.head, server, person, aged_server is not None, aged_person is not None, skips)

    def _kindred(self, loaded: str | None, first: _Server, fair: _Person) -> tuple[_Server, _Person]:
        """Somebody whose job the loaded model can draw and whose turn it nearly is, or else whose turn it is."""
        if loaded is None or self._skips >= SKIPS or _wants(fair, loaded):
            return first, fair
        for person in first.near(fair.tag + self._switch):
            if _wants(person, loaded):
                return first, person
        for server in self._servers.near(first.tag + self._switch):
            if _wants(person := server.lowest(), loaded):
                return server, person
        return first, fair

    def _advance(self, server: _Server, person: _Person) -> None:
        """What stood first of a person is gone: their next one stands first, or they are out of line."""
        while person.later:
            waiting = heappop(person.later)
            if self._gone and waiting in self._gone:
                self._gone.remove(waiting)
            else:
                self._stand_first(server, person, waiting)
                return
        person.head = person.later = None
        server.leave(person)
        if not server.members:
            self._servers.leave(server)

    def _stand_first(self, server: _Server, person: _Person, waiting: Waiting) -> None:
        person.head = waiting
        person.charge = 0 if waiting.paid else max(1, self._cost(waiting)) * PART // waiting.weight
        if not person.in_line:
            if not server.in_line:
                self._servers.enter(server, waiting.queued_at, person.charge)
            server.enter(person, waiting.queued_at, person.charge)


def _wants(person: _Person, model: str) -> bool:
    return person.head is not None and person.head.model == model
