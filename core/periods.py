"""How long each thing may be kept at most, by what ends its keeping. Operators may shorten a period, never lengthen it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from core.datamap import Until
from core.rules import BUTTON_LIFE, DAY, HOLD_LIFE

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
        Until.BOOKS_CLOSE: 10 * YEAR,  #: after the year it was booked in
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
