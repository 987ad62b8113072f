"""The verbs of `core.records.Figures`: sums over everybody. Reads only, and names nobody.

Requests end within HOLD_LIFE, so what happened lately is found among those asked for since, by the index of the line.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, case, func, or_, select

from core.credits import Milli
from core.rules import HOLD_LIFE, MINUTE
from core.values import DeliveryState, JobId, JobState, Moment, WishState
from core.values.figures import Books, Movement, UnderWay, Untold
from storage.records.tables import (
    CreditLotRow,
    DeliveryRow,
    HoldRow,
    JobRow,
    LeaderRow,
    LedgerEntryRow,
    PictureRow,
    WishRow,
    table,
)

jobs, wishes, pictures, deliveries = table(JobRow), table(WishRow), table(PictureRow), table(DeliveryRow)
lots, holds, ledger_entries = table(CreditLotRow), table(HoldRow), table(LedgerEntryRow)
leaders = table(LeaderRow)


class SqlFigures:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def waiting(self) -> list[Moment]:
        queued = select(jobs.c.created_at).where(jobs.c.state == JobState.QUEUED).order_by(jobs.c.created_at)
        return [Moment(at) for at in self._connection.execute(queued).scalars()]

    def under_way(self) -> list[UnderWay]:
        drawn = func.count(case((wishes.c.state == WishState.DRAWN, 1)))
        out = (
            select(
                jobs.c.id,
                jobs.c.fence,
                jobs.c.model,
                jobs.c.count,
                jobs.c.attempts,
                jobs.c.created_at,
                drawn.label("drawn"),
            )
            .join(wishes, wishes.c.job_id == jobs.c.id)
            .where(jobs.c.state == JobState.DRAWING)
            .group_by(jobs.c.id)
            .order_by(jobs.c.created_at)
        )
        return [
            UnderWay(
                job=JobId(row["id"]),
                fence=row["fence"],
                model=row["model"],
                count=row["count"],
                drawn=row["drawn"],
                attempts=row["attempts"],
                asked_at=Moment(row["created_at"]),
            )
            for row in self._connection.execute(out).mappings()
        ]

    def untold(self) -> Untold:
        found = (
            select(jobs.c.door, deliveries.c.state, func.count())
            .join(jobs, jobs.c.id == deliveries.c.job_id)
            .where(deliveries.c.state.in_((DeliveryState.OWED, DeliveryState.HELD)))
            .group_by(jobs.c.door, deliveries.c.state)
        )
        return {(door, DeliveryState(state)): count for door, state, count in self._connection.execute(found)}

    def drawn_by_minute(self, since: Moment) -> dict[int, int]:
        minute = (pictures.c.drawn_at // MINUTE).label("minute")
        found = select(minute, func.count()).join(jobs, jobs.c.id == pictures.c.job_id)
        drawn = _lately(found, since).where(pictures.c.drawn_at >= since).group_by(minute)
        return {int(minute): count for minute, count in self._connection.execute(drawn)}

    def failed(self, since: Moment) -> dict[str, int]:
        reason = func.coalesce(jobs.c.reason, "")
        ended = _lately(select(reason, func.count()), since, JobState.FAILED).where(jobs.c.ended_at >= since)
        return {str(reason): count for reason, count in self._connection.execute(ended.group_by(reason))}

    def leaders(self, now: Moment) -> dict[str, int]:
        leading = select(leaders.c.role, leaders.c.until).where(leaders.c.until > now)
        return {role: until - now for role, until in self._connection.execute(leading)}

    def books(self) -> Books:
        spendable, held = self._connection.execute(
            select(func.coalesce(func.sum(lots.c.available), 0), func.coalesce(func.sum(lots.c.held), 0))
        ).one()
        is_open = holds.c.state == "open"
        released, open_holds, first_ends = self._connection.execute(
            select(
                func.coalesce(func.sum(case((is_open, 0), else_=holds.c.amount - holds.c.captured)), 0),
                func.count(case((is_open, 1))),
                func.min(case((is_open, holds.c.expires_at))),
            )
        ).one()
        return Books(
            moved=self._posted() | {Movement.RELEASED: Milli(int(released))},
            spendable=Milli(int(spendable)),
            held=Milli(int(held)),
            open_holds=open_holds,
            oldest_hold=None if first_ends is None else Moment(first_ends - HOLD_LIFE),
        )

    def _posted(self) -> dict[Movement, Milli]:
        out = func.sum(case((ledger_entries.c.delta < 0, -ledger_entries.c.delta), else_=0))
        into = func.sum(case((ledger_entries.c.delta > 0, ledger_entries.c.delta), else_=0))
        ours = or_(
            ledger_entries.c.account.in_(("adjust:operator", "revenue", "breakage")),
            ledger_entries.c.account.like("issued:%"),
        )
        posted = select(ledger_entries.c.account, out, into).where(ours).group_by(ledger_entries.c.account)
        sums = {account: (int(paid), int(got)) for account, paid, got in self._connection.execute(posted)}
        operator, nothing = sums.get("adjust:operator", (0, 0)), (0, 0)
        granted = sum(paid for account, (paid, _) in sums.items() if account.startswith("issued:"))
        return {
            Movement.GRANTED: Milli(granted),
            Movement.GIVEN: Milli(operator[0]),
            Movement.TAKEN: Milli(operator[1]),
            Movement.CAPTURED: Milli(sums.get("revenue", nothing)[1]),
            Movement.EXPIRED: Milli(sums.get("breakage", nothing)[1]),
        }


def _lately(found: Any, since: Moment, *states: JobState) -> Any:
    """Of requests that can have ended since."""
    return found.where(jobs.c.state.in_(states or tuple(JobState)), jobs.c.created_at >= since - HOLD_LIFE)
