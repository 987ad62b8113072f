"""Flows, which take turns, and their order by what each has had. Pure; knows neither jobs nor what a turn costs."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator
from heapq import heappop, heappush
from itertools import islice
from operator import attrgetter
from typing import Final, Generic, TypeVar

NEAR: Final = 31  #: how many a search looks at
LONG: Final = 256  #: flows of one day; with more of them days are made shorter
USUAL: Final = 64  #: how many a day has then


class Flow:
    """Whoever takes turns. Its tag is what it has had, divided by its weight: the lowest goes first. Tags only grow."""

    __slots__ = ("aged", "in_line", "listed", "name", "place", "remembered", "since", "tag")

    def __init__(self, name: str) -> None:
        self.name = name
        self.tag = 0
        self.since = 0  #: in line and not served since
        self.in_line = False
        self.place = 0  #: the tag under which a calendar has it
        self.listed = False  #: whether a calendar has it
        self.aged = self.remembered = False  #: where else a ring has it


F = TypeVar("F", bound=Flow)
_place = attrgetter("place")


class Calendar(Flow, Generic[F]):
    """Flows by their tags, the lowest first, and among equals who came first. It may itself be a flow of a larger one.

    In one heap of very many flows every step touches memory that no cache holds. So only the flows of today are in order; the
    others lie in days to come, spans of tags as long as makes a day short, and only the days are in a heap. A flow whose
    tag has grown is found too early, and put where it belongs then.
    """

    __slots__ = ("_at", "_days", "_order", "_shift", "_today", "_which")

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.start_over()

    def start_over(self) -> None:
        self._shift = 62  #: how long days are, as a power of two
        self._which = 0  #: today
        self._today: list[F] = []
        self._at = 0  #: flows of today before this one are over
        self._days: dict[int, list[F]] = {}
        self._order: list[int] = []

    def put(self, flow: F) -> None:
        """A flow must be in line to be found, and must not be here yet."""
        flow.listed, flow.place = True, flow.tag
        day = flow.tag >> self._shift
        if day <= self._which:
            insort(self._today, flow, lo=self._at, key=_place)
            if len(self._today) - self._at > LONG:
                self._shorten_days()
        elif (others := self._days.get(day)) is not None:
            others.append(flow)
        else:
            self._days[day] = [flow]
            heappush(self._order, day)

    def lowest(self) -> F:
        """Whose turn it is. Somebody must be in line."""
        while True:
            if self._at == len(self._today):
                self._begin_day()
            flow = self._today[self._at]
            if flow.in_line and flow.place == flow.tag:
                return flow
            self._at += 1
            if self._at == LONG:
                del self._today[:LONG]
                self._at = 0
            flow.listed = False
            if flow.in_line:
                self.put(flow)

    def near(self, limit: int) -> Iterator[F]:
        """Some of those whose turn it nearly is, without the lowest: no tag is higher than `limit`."""
        return (flow for flow in islice(self._all(), 1, NEAR) if flow.in_line and flow.tag <= limit)

    def _begin_day(self) -> None:
        self._which = heappop(self._order)
        self._today, self._at = sorted(self._days.pop(self._which), key=_place), 0
        if len(self._today) > LONG:
            self._shorten_days()

    def _shorten_days(self) -> None:
        """Unless all of today's have the same tag, and so are in order without any effort."""
        span = self._today[-1].place - self._today[self._at].place
        if span:
            flows = list(self._all())
            self._shift = (span * USUAL // (len(self._today) - self._at)).bit_length()
            self._today, self._at, self._days, self._order = [], 0, {}, []
            for flow in flows:
                day = flow.place >> self._shift
                if day not in self._days:
                    self._days[day] = []
                    heappush(self._order, day)
                self._days[day].append(flow)
            self._begin_day()

    def _all(self) -> Iterator[F]:
        yield from islice(self._today, self._at, None)
        for day in sorted(self._order):
            yield from self._days[day]
