"""Which reason wins where one says that something goes and another that it stays. Pure; knows no store.

From the strongest: a legal hold, a statute, the person's own wish to be erased, a restriction, and last what we would delete
by ourselves because its time is up.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Why something stays, or goes."""

    LEGAL_HOLD = "legal_hold"  #: an authority or a court wants it kept
    STATUTE = "statute"  #: a law wants it kept for a time that is not over
    ERASURE = "erasure"  #: its person wants it gone
    RESTRICTION = "restriction"  #: its person wants it kept, and nothing else done with it
    RETENTION = "retention"  #: it was kept for as long as it was meant to be
    NONE = "none"  #: nobody wants it gone


@dataclass(frozen=True)
class Standing:
    """What can be said of one datum."""

    on_hold: bool = False
    by_statute: bool = False
    unwanted: bool = False
    restricted: bool = False
    over: bool = False


@dataclass(frozen=True)
class Ruling:
    goes: bool
    reason: Reason


def rule(standing: Standing) -> Ruling:
    """The strongest reason decides, and no weaker one is asked."""
    if standing.on_hold:
        return Ruling(goes=False, reason=Reason.LEGAL_HOLD)
    if standing.by_statute:
        return Ruling(goes=False, reason=Reason.STATUTE)
    if standing.unwanted:
        return Ruling(goes=True, reason=Reason.ERASURE)
    if standing.restricted:
        return Ruling(goes=False, reason=Reason.RESTRICTION)
    if standing.over:
        return Ruling(goes=True, reason=Reason.RETENTION)
    return Ruling(goes=False, reason=Reason.NONE)
