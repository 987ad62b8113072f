"""Books that may go: all of an account that is nobody's any more, once the law wants them no longer. Decides no period.

The triggers let go what belongs to an account that is marked as closed, and let nobody mark an account that somebody has.
Mark and rows go in one transaction, so that nobody ever finds half an account.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, Select, delete, exists, func, select, update

from core.values import Moment
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
holds, slices, transactions, entries = table(HoldRow), table(HoldSliceRow), table(LedgerTxRow), table(LedgerEntryRow)
LOOKED_AT: Final = 500  #: accounts in one transaction


def close_books(connection: Connection, before: Moment, now: Moment, after: str, most: int) -> tuple[int, str | None]:
    """Of a few accounts behind `after` those go that nobody has and that were last booked in before then, `most` at once."""
    some = select(accounts.c.id).where(accounts.c.id > after).order_by(accounts.c.id).limit(LOOKED_AT)
    looked_at = list(connection.execute(some).scalars())
    if not looked_at:
        return 0, None
    due = select(accounts.c.id).where(accounts.c.id.in_(looked_at), *_let_go(before)).order_by(accounts.c.id)
    found = list(connection.execute(due.limit(most)).scalars())
    for account in found:
        _close(connection, account, now)
    return len(found), found[-1] if len(found) == most else looked_at[-1]


def last_booked(before: Moment) -> Select[Any]:
    """When the oldest account that may go was last booked in."""
    booked = _last_booked()
    return select(func.min(booked)).select_from(accounts).where(*_let_go(before))


def _close(connection: Connection, account: str, now: Moment) -> None:
    connection.execute(update(accounts).where(accounts.c.id == account).values(closed_at=now))
    booked = select(transactions.c.id).where(transactions.c.account_id == account)
    held = select(holds.c.id).where(holds.c.account_id == account)
    connection.execute(delete(entries).where(entries.c.tx_id.in_(booked)))
    connection.execute(delete(slices).where(slices.c.hold_id.in_(held)))
    for of in (transactions, holds, lots):
        connection.execute(delete(of).where(of.c.account_id == account))
    connection.execute(delete(accounts).where(accounts.c.id == account))


def _let_go(before: Moment) -> tuple[Any, ...]:
    return ~exists().where(links.c.account_id == accounts.c.id), _last_booked() < before


def _last_booked() -> Any:
    newest = select(func.max(transactions.c.booked_at)).where(transactions.c.account_id == accounts.c.id)
    return func.coalesce(newest.correlate(accounts).scalar_subquery(), accounts.c.created_at)
