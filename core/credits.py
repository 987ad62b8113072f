"""The rules of credits: order of use, slices of a hold, part capture, price. Pure.

The UPDATEs are in storage/records/ledger.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NewType

from core.rules import PRICE_STEP

Milli = NewType("Milli", int)  #: milli-credits
LotId = NewType("LotId", str)
LedgerAccountId = NewType("LedgerAccountId", str)


class KeyReused(Exception):
    """A ledger key came back with other inputs: never a retry, always a bug."""


@dataclass(frozen=True)
class Lot:
    """Credits that came in together. `available` is what may still be taken from it; `expires_at` is in ms, or None."""

    id: LotId
    kind: str
    priority: int
    available: Milli
    expires_at: int | None
    created_at: int
    held: Milli = Milli(0)


@dataclass(frozen=True)
class Slice:
    """What one hold took from one lot, in order of taking."""

    lot: LotId
    amount: Milli


@dataclass(frozen=True)
class Balance:
    """What an account can spend now, what its open jobs hold, and what it owes; milli-credits."""

    spendable: Milli
    held: Milli
    debt: Milli


def is_live(lot: Lot, now: int) -> bool:
    """Time decides, not the sweep: an expired lot is never spendable, even when nobody has booked its expiry yet."""
    return lot.expires_at is None or lot.expires_at > now


def spendable(lots: Iterable[Lot], now: int) -> Milli:
    return Milli(sum(lot.available for lot in lots if is_live(lot, now)))


def order_of_use(lots: Iterable[Lot], now: int) -> list[Lot]:
    """Live lots by priority, then the earliest expiry (none last), then the oldest; the id settles a tie."""
    return sorted(
        (lot for lot in lots if is_live(lot, now) and lot.available > 0),
        key=lambda lot: (lot.priority, lot.expires_at is None, lot.expires_at or 0, lot.created_at, lot.id),
    )


def take(lots: Iterable[Lot], amount: Milli, now: int) -> list[Slice] | None:
    """Slices that add up to `amount`, or None when the live lots do not reach it."""
    slices: list[Slice] = []
    missing = int(amount)
    for lot in order_of_use(lots, now):
        if missing == 0:
            break
        part = min(missing, lot.available)
        slices.append(Slice(lot.id, Milli(part)))
        missing -= part
    return slices if missing == 0 else None


def split(slices: Sequence[Slice], captured: Milli) -> tuple[list[Slice], list[Slice]]:
    """(captured, returned): what was taken first is spent first, so the last taken is the first to come back."""
    spent: list[Slice] = []
    returned: list[Slice] = []
    left = int(captured)
    for piece in slices:
        part = min(left, piece.amount)
        left -= part
        if part:
            spent.append(Slice(piece.lot, Milli(part)))
        if part < piece.amount:
            returned.append(Slice(piece.lot, Milli(piece.amount - part)))
    if left:
        raise ValueError(f"cannot capture {captured} of a hold of {captured - left}")
    return spent, returned[::-1]


def price_each(price: Milli, steps: int, default_steps: int) -> Milli:
    """Price of one picture: the catalogue's price scaled by steps, rounded up to a tenth of a credit."""
    exact, rest = divmod(price * steps, default_steps * PRICE_STEP)
    return Milli((exact + (rest > 0)) * PRICE_STEP)
