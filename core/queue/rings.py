"""One level of start-time fair queuing: who of those that share something goes next. Pure; knows no job and no clock.

A flow that comes into line starts at the ring's own time, which goes with the mean tag of those in line: it makes up for
nothing, and pays for nothing.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush, heapreplace
from typing import Final

from core.queue.flows import Calendar, F

SPARE: Final = 16  #: outdated entries a heap of ages may have beyond one for each flow in line
NEVER: Final = 1 << 62
GROWTH: Final = 8  #: of what counts as a small job, a part in so many at each turn

#: An age or a tag, the number of the entry (among equals the earliest comes first), and whose it is.
Heap = list[tuple[int, int, F]]


class Ring(Calendar[F]):
    __slots__ = ("_ages", "_charged", "_earliest", "_number", "_out", "_small", "_spared", "flows", "members", "time")

    def start_over(self) -> None:
        super().start_over()
        self.flows: dict[str, F] = {}
        self.members = 0  #: how many are in line
        self.time = 0
        self._number = 0
        self._charged = 0  #: for the last turn
        self._small = NEVER  #: about the least that was charged lately
        self._spared = False  #: the last turn was given for age
        self._ages: Heap[F] = []
        self._earliest = NEVER  #: none in line is older
        self._out: Heap[F] = []

    def enter(self, flow: F, since: int, charge: int) -> None:
        """A flow that was not in line has something now, which will be charged so much."""
        flow.in_line, flow.since = True, since
        flow.tag = max(flow.tag, self.time)
        self.members += 1
        self._small = min(self._small, charge or NEVER)
        if not flow.listed:
            self.put(flow)
        if not flow.aged:
            flow.aged = True
            heappush(self._ages, (since, self._next(), flow))
            self._earliest = min(self._earliest, since)

    def leave(self, flow: F) -> None:
        """It has nothing any more. What it had is remembered until others have had as much, or nobody is in line."""
        flow.in_line = False
        self.members -= 1
        if not self.members:
            self.start_over()
            return
        if not flow.remembered:
            flow.remembered = True
            heappush(self._out, (flow.tag, self._next(), flow))
        if len(self._ages) > 2 * self.members + SPARE:
            self._drop_ages()

    def oldest(self, before: int) -> F | None:
        """Who waits longest, and since `before`; nobody directly after somebody who went first for that."""
        if self._earliest > before or self._spared:
            return None
        ages = self._ages
        while ages and ages[0][0] <= before:
            since, _, flow = ages[0]
            if not flow.in_line:
                heappop(ages)
                flow.aged = False
            elif since < flow.since:
                heapreplace(ages, (flow.since, self._next(), flow))
            else:
                return flow
        self._earliest = ages[0][0] if ages else NEVER
        return None

    def pass_time(self, lowest: F) -> None:
        """Before somebody is served: the last one has had theirs. Time never runs further ahead of the lowest flow than what a
        small job costs, so a newcomer waits for one job of each, whatever others had.
        """
        mean = self.time + self._charged // self.members
        self._charged = 0
        self.time = max(self.time, lowest.tag, min(mean, lowest.tag + self._small))
        if self._out:
            self._forget()

    def serve(self, flow: F, charge: int, now: int, *, aged: bool) -> None:
        flow.tag += charge
        flow.since = now
        self._spared = aged
        if charge:
            self._charged = charge
            self._small = min(charge, self._small + self._small // GROWTH)

    def _forget(self) -> None:
        """Whoever is out of line and has had no more than others would start at the ring's time anyway."""
        out = self._out
        while out and out[0][0] <= self.time:
            flow = out[0][2]
            if not flow.in_line and flow.tag > self.time:
                heapreplace(out, (flow.tag, self._next(), flow))
                continue
            heappop(out)
            flow.remembered = False
            if not flow.in_line:
                del self.flows[flow.name]

    def _drop_ages(self) -> None:
        kept = []
        for entry in self._ages:
            if entry[2].in_line:
                kept.append(entry)
            else:
                entry[2].aged = False
        heapify(kept)
        self._ages = kept

    def _next(self) -> int:
        self._number += 1
        return self._number
