"""How long each thing may be kept at most, by what ends its keeping. Operators may shorten a period, never lengthen it.

From when a period counts is said where the thing is stored: each table names a column, or the code that ends the keeping.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from core.datamap import Until
from core.rules import BUTTON_LIFE, DAY, HOLD_LIFE, SECOND
from core.values import Moment

IDLE: Final = 365 * DAY  #: an account nobody used for so long is dormant, and its person is told
DORMANT: Final = 30 * DAY  #: after being told, a dormant account is erased
YEAR: Final = 366 * DAY

#: In milliseconds after what `Until` names; before that nothing counts, so that every period is finite.
LONGEST: Final[Mapping[Until, int]] = MappingProxyType(
    {
        Until.ACCOUNT_ENDS: IDLE + DORMANT,  #: after the account was last used
        Until.PICTURE_DELETED: 365 * DAY,  #: after it was drawn
        Until.REQUEST_ENDS: HOLD_LIFE,  #: after it was asked for
        Until.REQUEST_FORGOTTEN: 365 * DAY,  #: after it ended
        Until.EXPIRY: BUTTON_LIFE,  #: after it was written
        Until.MESSAGE_CLOSED: 180 * DAY,  #: after it was answered
        Until.PROVEN: 3 * YEAR,  #: after it was closed; the usual limitation of claims
        Until.REMEMBERED: YEAR,  #: after the erasure; longer than any backup may be kept
        Until.BOOKS_CLOSE: 10 * YEAR,  #: after the last year an account that is nobody's any more was booked in
        Until.PROCESS_ENDS: 30 * DAY,  #: after it was written
    }
)


@dataclass(frozen=True)
class Periods:
    """The periods that hold here. Raises ValueError for one that is longer than it may be, or none at all."""

    shorter: Mapping[Until, int] = field(default_factory=dict)  #: milliseconds, by the operator

    def __post_init__(self) -> None:
        for until, period in self.shorter.items():
            if not 0 < period <= LONGEST[until]:
                days = LONGEST[until] // DAY
                raise ValueError(f"{until} may be kept for at most {days} days, and at least for a moment")

    def of(self, until: Until) -> int:
        """Milliseconds."""
        return self.shorter.get(until, LONGEST[until])

    @property
    def idle(self) -> int:
        """After how long without use an account is dormant, and its person is told."""
        return self.of(Until.ACCOUNT_ENDS) - self.notice

    @property
    def notice(self) -> int:
        """How long a dormant account stays after its person was told. A short keep leaves half of it for that."""
        return min(DORMANT, self.of(Until.ACCOUNT_ENDS) // 2)


@dataclass(frozen=True)
class Keeping:
    """The periods at one moment: what is past them is seen by no read, whether it is swept yet or not."""

    periods: Periods
    now: Moment

    def begun_by(self, until: Until) -> Moment:
        """What began then or earlier has been kept for long enough."""
        return Moment(self.now - self.periods.of(until))

    @property
    def booked_by(self) -> Moment:
        """What was last booked before then may go: its year ended, and the period after that."""
        return _year_of(self.begun_by(Until.BOOKS_CLOSE))

    def books_end(self, booked_at: Moment) -> Moment:
        """Until when an account is kept that was last booked in then."""
        year = datetime.fromtimestamp(booked_at / SECOND, UTC).year
        return Moment(_first_day(year + 1) + self.periods.of(Until.BOOKS_CLOSE))


def _year_of(moment: Moment) -> Moment:
    """When its year began. Years of the books are those of the calendar."""
    return _first_day(datetime.fromtimestamp(moment / SECOND, UTC).year)


def _first_day(year: int) -> Moment:
    return Moment(int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) * SECOND)


# From when a period counts, and what happens when it is over


@dataclass(frozen=True)
class Row:
    """The whole row goes. `since` is the column from whose moment the period counts; while it is empty, nothing counts."""

    since: str


@dataclass(frozen=True)
class OwnEnd:
    """The whole row goes at the moment in its column `at`.

    `life` is how long such a row is given when it is written: by as much as a period is shorter, the end comes earlier.
    """

    at: str = "until"
    life: int = 0

    def shift(self, period: int) -> int:
        """By how much earlier it ends than its row says."""
        return max(0, self.life - period)


@dataclass(frozen=True)
class Emptied:
    """Only the cells that are kept so long are emptied, and the row stays for those kept longer."""

    since: str


@dataclass(frozen=True)
class GoesWith:
    """The row goes with the row of another table that it refers to."""

    table: str


@dataclass(frozen=True)
class ByCode:
    """Something that happens ends the keeping, at once: `module` and the `name` of the function there that does it."""

    module: str
    name: str


Ending = Row | OwnEnd | Emptied | GoesWith | ByCode
