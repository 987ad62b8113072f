"""What whoever runs the bot sees of everybody together: counts, waits and sums. Values; nothing in them names a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import ceil

from core.credits import Milli
from core.values import DeliveryState, JobId, Moment


class Movement(StrEnum):
    """Why credits moved, as the books have it."""

    GRANTED = "granted"  #: came in
    GIVEN = "given"  #: by an operator's hand
    TAKEN = "taken"  #: by an operator's hand
    CAPTURED = "captured"  #: paid for pictures
    RELEASED = "released"  #: held for pictures that were not drawn, and given back
    EXPIRED = "expired"


@dataclass(frozen=True)
class UnderWay:
    """A request that is out at a worker."""

    job: JobId
    fence: int
    model: str
    count: int
    drawn: int
    attempts: int
    asked_at: Moment


@dataclass(frozen=True)
class Books:
    """All credits together. `oldest_hold` is when the oldest open one was taken."""

    moved: dict[Movement, Milli]
    spendable: Milli
    held: Milli
    open_holds: int
    oldest_hold: Moment | None


Untold = dict[
    tuple[str, DeliveryState], int
]  #: outcomes whose people were not told, by door: owed, or held after a restore


def at_share(values: Sequence[int], share: float) -> int:
    """The smallest value that at least this share of them does not exceed; 0 of none. They come sorted."""
    return values[max(0, ceil(share * len(values)) - 1)] if values else 0
