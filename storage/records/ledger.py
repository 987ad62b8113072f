"""The one module that writes a balance: double entry over lots, conditional UPDATEs, keys that book once.

Every verb locks the account's row first, so two writers of one account follow each other on both databases. The rules
(order of lots, slices) are in core/credits.py; whether the books are right is asked of storage/records/ledger_check.py.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Literal, get_args

from sqlalchemy import Connection, Update, bindparam, func, insert, or_, select, update

from core.credits import (
    Balance,
    KeyReused,
    LedgerAccountId,
    Lot,
    LotId,
    Milli,
    Slice,
    is_live,
    spendable,
    split,
    take,
)
from core.errors import Refused
from core.records import Grant
from core.rules import LOT_PRIORITY, REPAYS_DEBT, RESTORED_LIFE
from core.values import JobId, Moment, PersonId
from storage.records.closed_books import close_books
from storage.records.ledger_check import mistakes
from storage.records.statements import JOB, insert_if_new
from storage.records.tables import (
    CreditLotRow,
    HoldRow,
    HoldSliceRow,
    LedgerAccountRow,
    LedgerEntryRow,
    LedgerTxRow,
    PersonAccountRow,
    table,
)

accounts, links, lots = table(LedgerAccountRow), table(PersonAccountRow), table(CreditLotRow)
holds, slices, transactions, ledger_entries = (
    table(HoldRow),
    table(HoldSliceRow),
    table(LedgerTxRow),
    table(LedgerEntryRow),
)

Part = Literal["available", "held", "spent", "removed"]
PARTS: tuple[Part, ...] = get_args(Part)


def _between(from_: Part, to: Part) -> Update:
    """An amount from one part of a lot to another, as far as it is there."""
    amount = bindparam("moved", type_=lots.c.amount.type)
    there = update(lots).where(lots.c.id == bindparam("lot"), lots.c[from_] >= amount)
    return there.values({from_: lots.c[from_] - amount, to: lots.c[to] + amount})


# Every request runs these.

ACCOUNT: Any = bindparam("account")

_LOCK = update(accounts).where(accounts.c.id == ACCOUNT).values(version=accounts.c.version + 1)
_OWNER = select(accounts).where(accounts.c.id == ACCOUNT)
_DEBT = select(accounts.c.debt).where(accounts.c.id == ACCOUNT)
#: Those that still hold something; used-up ones grow without end and decide nothing.
_LOTS = select(lots).where(lots.c.account_id == ACCOUNT, or_(lots.c.available > 0, lots.c.held > 0))
_MOVES = {(from_, to): _between(from_, to) for from_ in PARTS for to in PARTS if from_ != to}
_HOLD = select(holds).where(holds.c.id == JOB)
_SLICES = select(slices).where(slices.c.hold_id == JOB).order_by(slices.c.seq)
_RESOLVE = (
    update(holds)
    .where(holds.c.id == JOB, holds.c.state == "open")
    .values(state=bindparam("became"), captured=bindparam("taken"))
)


class SqlLedger:
    """`core.records.Ledger`. Amounts are milli-credits, moments milliseconds."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def open_account(self, account: LedgerAccountId, person: PersonId, now: Moment) -> None:
        self._connection.execute(insert(accounts).values(id=account, debt=0, version=0, created_at=now))
        self._connection.execute(insert(links).values(person_id=person, account_id=account))

    def lock(self, account: LedgerAccountId) -> None:
        locked = self._connection.execute(_LOCK, {"account": account})
        _one_row(locked.rowcount, f"no ledger account {account}")

    def balance(self, account: LedgerAccountId, now: Moment) -> Balance:
        debt = self._connection.execute(_DEBT, {"account": account}).scalar_one()
        found = self._lots(account)
        return Balance(spendable(found, now), Milli(sum(lot.held for lot in found)), Milli(debt))

    def grant(self, grant: Grant, now: Moment) -> None:
        """New credits. Raises KeyReused when the key stands for another grant."""
        self.lock(grant.account)
        if grant.amount <= 0:
            raise ValueError("a grant brings something")
        inputs = (grant.kind, grant.amount, grant.expires_at)
        if self._book(grant.key, grant.account, "grant", grant.reason, inputs, now):
            self._bring(grant, f"issued:{grant.kind}", now)

    def adjust(self, key: str, account: LedgerAccountId, lot: LotId, amount: Milli, reason: str, now: Moment) -> None:
        """An operator's gift (positive) or correction (negative; what is not there any more becomes debt).

        Raises KeyReused when the key stands for another adjustment.
        """
        self.lock(account)
        if not self._book(key, account, "adjust", reason, (amount,), now):
            return
        if amount >= 0:
            self._bring(Grant(key, account, lot, "comp", amount, None, reason), "adjust:operator", now)
            return
        found = self._lots(account)
        there = min(Milli(-amount), spendable(found, now))
        for piece in take(found, there, now) or []:
            self._move(key, account, piece, "available", "removed", "adjust:operator")
        missing = Milli(-amount - there)
        self._post(key, None, missing, from_=f"receivable:{account}", to="adjust:operator")
        self._add_debt(account, missing)

    def hold(self, job: JobId, account: LedgerAccountId, amount: Milli, now: Moment, expires_at: Moment) -> Balance:
        """Reserve the price of a job; returns what is left. Raises Refused: too little, in debt, or frozen."""
        self.lock(account)
        owner = self._connection.execute(_OWNER, {"account": account}).one()
        if owner.frozen_reason is not None:
            raise Refused("credits.frozen")
        if owner.debt > 0:
            raise Refused("credits.debt", debt=Milli(owner.debt))
        key = f"hold:{job}"
        if not self._book(key, account, "hold", "job", (amount,), now):
            return self.balance(account, now)
        found = self._lots(account)
        taken = take(found, amount, now)
        if taken is None:
            raise Refused("credits.short", price=amount, spendable=spendable(found, now))
        self._connection.execute(
            insert(holds),
            {
                "id": job,
                "account_id": account,
                "amount": amount,
                "captured": 0,
                "state": "open",
                "expires_at": expires_at,
            },
        )
        for piece in taken:
            self._move(key, account, piece, "available", "held")
        rows = [{"hold_id": job, "seq": seq, "lot_id": one.lot, "amount": one.amount} for seq, one in enumerate(taken)]
        self._connection.execute(insert(slices), rows)
        held = sum(lot.held for lot in found) + amount
        return Balance(Milli(spendable(found, now) - amount), Milli(held), Milli(0))

    def resolve(self, job: JobId, captured: Milli, now: Moment) -> None:
        """Capture a part of a hold, nothing or all, and release the rest; only the first resolution books.

        What comes back to a lot that expired meanwhile opens a new one with a short life: our failure forfeits nothing.
        Raises KeyReused when the hold was resolved with another amount.
        """
        held = self._connection.execute(_HOLD, {"job": job}).one()
        account, key = LedgerAccountId(held.account_id), f"resolve:{job}"
        self.lock(account)
        if not self._book(key, account, "resolve", "job", (captured,), now):
            return
        spent, returned = split(self._slices(job), captured)
        for piece in spent:
            self._move(key, account, piece, "held", "spent", "revenue")
        living = {lot.id for lot in self._lots(account) if is_live(lot, now)}
        for piece in returned:
            if piece.lot in living:
                self._move(key, account, piece, "held", "available")
            else:
                self._move(key, account, piece, "held", "removed", "restored")
        late = Milli(sum(piece.amount for piece in returned if piece.lot not in living))
        if late:
            expires_at = Moment(now + RESTORED_LIFE)
            grant = Grant(f"restored:{job}", account, LotId(f"restored-{job}"), "restored", late, expires_at, "job")
            self._open_lot(key, grant, late, "restored", now)
        state = "captured" if captured else "released"
        closed = self._connection.execute(_RESOLVE, {"job": job, "became": state, "taken": captured})
        _one_row(closed.rowcount, f"hold {job} was resolved without its key")

    def expired_holds(self, now: Moment) -> list[JobId]:
        open_too_long = select(holds.c.id).where(holds.c.state == "open", holds.c.expires_at <= now)
        return [JobId(row.id) for row in self._connection.execute(open_too_long)]

    def book_expiries(self, now: Moment) -> int:
        """Book as breakage what expired unused. Only books: what counts as spendable was decided by time already."""
        due = select(lots.c.account_id).where(lots.c.expires_at <= now, lots.c.available > 0).distinct()
        due = due.order_by(lots.c.account_id)  # two sweeps at once must not wait for each other in a circle
        booked = 0
        for account in [LedgerAccountId(row.account_id) for row in self._connection.execute(due)]:
            self.lock(account)
            for lot in self._lots(account):
                if lot.available and not is_live(lot, now):
                    key = f"expire:{lot.id}:{self._times_expired(lot.id) + 1}"
                    self._book(key, account, "expire", "expired", (lot.available,), now)
                    self._move(key, account, Slice(lot.id, lot.available), "available", "removed", "breakage")
                    booked += 1
        return booked

    def _times_expired(self, lot: LotId) -> int:
        """A clock that is a little behind may release into a lot whose expiry was booked, and so it expires once more."""
        booked = select(func.count(ledger_entries.c.tx_id.distinct()))
        booked = booked.where(ledger_entries.c.lot_id == lot, ledger_entries.c.account == "breakage")
        return self._connection.execute(booked).scalar() or 0

    def mistakes(self) -> list[str]:
        return mistakes(self._connection)

    def close_books(self, before: Moment, now: Moment, after: str, most: int) -> tuple[int, str | None]:
        return close_books(self._connection, before, now, after, most)

    def _book(
        self, key: str, account: LedgerAccountId, kind: str, reason: str, inputs: tuple[Any, ...], now: Moment
    ) -> bool:
        """Claim the key of a fact. False when it is booked already; raises KeyReused when it was another fact."""
        input_hash = hashlib.sha256(json.dumps([kind, account, reason, *inputs]).encode()).hexdigest()
        if insert_if_new(
            self._connection,
            transactions,
            id=key,
            account_id=account,
            kind=kind,
            booked_at=now,
            reason_code=reason,
            input_hash=input_hash,
        ):
            return True
        earlier = select(transactions.c.input_hash).where(transactions.c.id == key)
        if self._connection.execute(earlier).scalar_one() != input_hash:
            raise KeyReused(key)
        return False

    def _bring(self, grant: Grant, source: str, now: Moment) -> None:
        """Credits in: a debt is repaid first where this kind may, the rest becomes a lot."""
        debt = self._connection.execute(_DEBT, {"account": grant.account}).scalar_one()
        repaid = Milli(min(debt, grant.amount) if grant.kind in REPAYS_DEBT else 0)
        self._post(grant.key, None, repaid, from_=source, to=f"receivable:{grant.account}")
        self._add_debt(grant.account, Milli(-repaid))
        if grant.amount > repaid:
            self._open_lot(grant.key, grant, Milli(grant.amount - repaid), source, now)

    def _open_lot(self, key: str, grant: Grant, amount: Milli, source: str, now: Moment) -> None:
        self._connection.execute(
            insert(lots),
            {
                "id": grant.lot,
                "account_id": grant.account,
                "kind": grant.kind,
                "amount": amount,
                "available": amount,
                "held": 0,
                "disputed": 0,
                "spent": 0,
                "removed": 0,
                "expires_at": grant.expires_at,
                "priority": LOT_PRIORITY[grant.kind],
                "source_key": grant.key,
                "created_at": now,
            },
        )
        self._post(key, grant.lot, amount, from_=source, to=f"user:{grant.account}")

    def _move(
        self, key: str, account: LedgerAccountId, piece: Slice, from_: Part, to: Part, contra: str | None = None
    ) -> None:
        """Move a slice between two parts of its lot and post both sides; `contra` names what a lot does not hold itself."""
        moved = self._connection.execute(_MOVES[from_, to], {"lot": piece.lot, "moved": piece.amount})
        _one_row(moved.rowcount, f"lot {piece.lot} lacks what {key} takes from it")
        names = {"available": f"user:{account}", "held": f"held:{account}"}
        self._post(key, piece.lot, piece.amount, from_=names[from_], to=contra or names[to])

    def _post(self, key: str, lot: LotId | None, amount: int, *, from_: str, to: str) -> None:
        """Both sides of one movement, so that they add up to zero whatever the amount."""
        if amount:
            sides = [(from_, -amount), (to, amount)]
            rows = [{"tx_id": key, "account": account, "lot_id": lot, "delta": delta} for account, delta in sides]
            self._connection.execute(insert(ledger_entries), rows)

    def _add_debt(self, account: LedgerAccountId, amount: Milli) -> None:
        if amount:
            self._connection.execute(
                update(accounts).where(accounts.c.id == account).values(debt=accounts.c.debt + amount)
            )

    def _lots(self, account: LedgerAccountId) -> list[Lot]:
        rows = self._connection.execute(_LOTS, {"account": account})
        return [
            Lot(
                LotId(row.id),
                row.kind,
                row.priority,
                Milli(row.available),
                row.expires_at,
                row.created_at,
                Milli(row.held),
            )
            for row in rows
        ]

    def _slices(self, job: JobId) -> list[Slice]:
        rows = self._connection.execute(_SLICES, {"job": job})
        return [Slice(LotId(row.lot_id), Milli(row.amount)) for row in rows]


def _one_row(rowcount: int, otherwise: str) -> None:
    if rowcount != 1:
        raise RuntimeError(otherwise)
