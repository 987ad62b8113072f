"""What ought to be there, reckoned from what happened and from what the data map says.

In plain Python, and with no product code but the map itself and the longest periods.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from core.datamap import DataMap, Until
from core.periods import LONGEST
from core.rules import DAY


@dataclass
class Somebody:
    restricted: bool = False
    keep_days: int = 0


@dataclass
class Thing:
    """A row. `began` is when the period of its table began to count, None while it does not."""

    table: str
    key: str
    person: str = ""
    server: str = ""
    began: int | None = None
    own_end: int | None = None
    deleted: bool = False  #: by its person
    hidden: bool = False  #: past its keep at a time when a longer one was chosen


@dataclass
class Oracle:
    """The world as it should be. `now` moves, and so do everybody's wishes."""

    map: DataMap
    now: int
    people: dict[str, Somebody] = field(default_factory=dict)
    servers: dict[str, int] = field(default_factory=dict)
    shorter: dict[Until, int] = field(default_factory=dict)
    things: list[Thing] = field(default_factory=list)

    def there(self, table: str) -> set[str]:
        return {thing.key for thing in self.things if thing.table == table}

    def visible(self, person: str) -> set[str]:
        """The pictures somebody may see."""
        return {
            thing.key
            for thing in self.things
            if thing.table == "picture"
            and thing.person == person
            and not (thing.deleted or thing.hidden)
            and (self._is_restricted(thing) or not self._is_over(thing))
        }

    def settle(self, concerned: Callable[[Thing], bool] = lambda _: True) -> None:
        """Before a wish changes: what nobody sees any more, nobody sees again."""
        for thing in self.things:
            if thing.table == "picture" and concerned(thing) and not self._is_restricted(thing):
                thing.hidden |= self._is_over(thing)

    def sweep(self) -> None:
        self.things = [thing for thing in self.things if thing.table != "picture" or not self._goes(thing)]
        drawn = {thing.key.rsplit("/", 1)[0] for thing in self.things if thing.table == "picture"}
        self.things = [
            thing
            for thing in self.things
            if thing.table == "picture" or (thing.table == "job" and thing.key in drawn) or not self._goes(thing)
        ]

    def spared(self) -> int:
        """After a sweep."""
        drawn = {thing.key.rsplit("/", 1)[0] for thing in self.things if thing.table == "picture"}
        return sum(
            self._is_restricted(thing) and self._is_over(thing) and not (thing.table == "job" and thing.key in drawn)
            for thing in self.things
        )

    def _goes(self, thing: Thing) -> bool:
        return thing.deleted or thing.hidden or (self._is_over(thing) and not self._is_restricted(thing))

    def _is_restricted(self, thing: Thing) -> bool:
        return thing.person in self.people and self.people[thing.person].restricted

    def _is_over(self, thing: Thing) -> bool:
        period = self._period(thing.table)
        if thing.own_end is not None:
            assert thing.began is not None
            return self.now >= min(thing.own_end, thing.began + period)
        if thing.began is None:
            return False
        if thing.table == "picture":
            wishes = (self.people[thing.person].keep_days, self.servers[thing.server])
            period = min([period, *(days * DAY for days in wishes if days)])
        return self.now >= thing.began + period

    def _period(self, table: str) -> int:
        """Of the cells of a row as the map has them: the longest is the row's."""
        keeps = {datum.keep for entry, datum in self.map.personal() if entry.cell.split(".")[0] == table}
        keeps |= {Until.EXPIRY} if table == "inbox" else set()
        row = max(keeps - {Until.ACCOUNT_ENDS}, key=lambda keep: (LONGEST[keep], keep))
        return self.shorter.get(row, LONGEST[row])
