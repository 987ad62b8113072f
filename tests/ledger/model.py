"""The ledger once more, in plain Python without a database: what every lot, hold and debt should be after each fact.

Written from the specification, beside the SQL and not from it. Slow and simple is right here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil

ORDER_OF_KINDS = {"restored": 0, "promo": 1, "sub": 5, "comp": 8, "paid": 10}
DAY = 24 * 60 * 60 * 1_000


@dataclass
class Lot:
    id: str
    account: str
    kind: str
    amount: int
    expires_at: int | None
    created_at: int
    available: int = 0
    held: int = 0
    spent: int = 0
    removed: int = 0

    def is_over(self, now: int) -> bool:
        return self.expires_at is not None and now >= self.expires_at


@dataclass
class Hold:
    account: str
    amount: int
    taken: list[tuple[str, int]]
    expires_at: int
    captured: int = 0
    state: str = "open"


@dataclass
class Model:
    lots: dict[str, Lot] = field(default_factory=dict)
    holds: dict[str, Hold] = field(default_factory=dict)
    debts: dict[str, int] = field(default_factory=dict)
    frozen: set[str] = field(default_factory=set)

    def bring(self, account: str, lot: str, kind: str, amount: int, expires_at: int | None, now: int) -> None:
        """Credits come in; bought ones and compensation pay a debt first."""
        if kind in ("paid", "comp"):
            repaid = min(self.debts[account], amount)
            self.debts[account] -= repaid
            amount -= repaid
        if amount:
            self.lots[lot] = Lot(lot, account, kind, amount, expires_at, now, available=amount)

    def take_away(self, account: str, amount: int, now: int) -> None:
        """An operator's correction; what is not there any more is owed."""
        for lot in self.in_order(account, now):
            part = min(lot.available, amount)
            lot.available -= part
            lot.removed += part
            amount -= part
        self.debts[account] += amount

    def spendable(self, account: str, now: int) -> int:
        return sum(lot.available for lot in self.in_order(account, now))

    def held(self, account: str) -> int:
        return sum(hold.amount for hold in self.holds.values() if hold.account == account and hold.state == "open")

    def refusal(self, account: str, price: int, now: int) -> str | None:
        """Why this account cannot have this now, or None when it can."""
        if account in self.frozen:
            return "credits.frozen"
        if self.debts[account]:
            return "credits.debt"
        return "credits.short" if self.spendable(account, now) < price else None

    def hold(self, job: str, account: str, price: int, now: int, expires_at: int) -> None:
        taken: list[tuple[str, int]] = []
        missing = price
        for lot in self.in_order(account, now):
            part = min(lot.available, missing)
            if part:
                lot.available -= part
                lot.held += part
                missing -= part
                taken.append((lot.id, part))
        assert missing == 0, "only asked for what is there"
        self.holds[job] = Hold(account, price, taken, expires_at)

    def resolve(self, job: str, captured: int, now: int) -> None:
        """What was taken first is spent first; what comes back too late comes back as a lot of one day."""
        hold = self.holds[job]
        left, too_late = captured, 0
        for name, amount in hold.taken:
            lot, spent = self.lots[name], min(left, amount)
            left -= spent
            lot.held -= amount
            lot.spent += spent
            if lot.is_over(now):
                lot.removed += amount - spent
                too_late += amount - spent
            else:
                lot.available += amount - spent
        if too_late:
            lot = f"restored-{job}"
            self.lots[lot] = Lot(lot, hold.account, "restored", too_late, now + DAY, now, available=too_late)
        hold.captured = captured
        hold.state = "captured" if captured else "released"

    def book_expiries(self, now: int) -> int:
        over = [lot for lot in self.lots.values() if lot.is_over(now) and lot.available]
        for lot in over:
            lot.removed += lot.available
            lot.available = 0
        return len(over)

    def in_order(self, account: str, now: int) -> list[Lot]:
        live = [lot for lot in self.lots.values() if lot.account == account and not lot.is_over(now)]
        return sorted(
            live,
            key=lambda lot: (ORDER_OF_KINDS[lot.kind], lot.expires_at or float("inf"), lot.created_at, lot.id),
        )


def price_of_one(price: int, steps: int, default_steps: int) -> int:
    """In proportion to steps, rounded up to a tenth of a credit."""
    return ceil(Fraction(price * steps, default_steps) / 100) * 100
