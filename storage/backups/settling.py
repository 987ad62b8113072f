"""What a restored database must not bring back, because the world went on after its backup was made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, delete, update

from core.values import DeliveryState, JobState, Moment
from storage.records.tables import ButtonRow, DeliveryRow, InboxRow, JobRow, TooYoungRow, table

#: A worker may still bring what was dispatched after the backup. No request is dispatched this often while it is open.
FENCE_LEAP: Final = 1_000_000
_EXPIRING: Final = (table(ButtonRow), table(InboxRow), table(TooYoungRow))


@dataclass(frozen=True)
class Settled:
    """How many requests are queued again, outcomes held back, and buttons, updates and markers past their time gone."""

    requeued: int
    held: int
    expired: int


def settle(connection: Connection, now: Moment) -> Settled:
    """In rows that were just restored, before anybody serves them.

    Requests that were out are queued again, and no result of before counts. Outcomes nobody was told may have been told
    after the backup: they are held until the operator releases them.
    """
    jobs, deliveries = table(JobRow), table(DeliveryRow)
    out = jobs.c.state == JobState.DRAWING
    requeued = connection.execute(
        update(jobs).where(out).values(state=JobState.QUEUED, lease_until=None, queued_at=now)
    ).rowcount
    connection.execute(update(jobs).where(jobs.c.state == JobState.QUEUED).values(fence=jobs.c.fence + FENCE_LEAP))
    untold = deliveries.c.state.in_((DeliveryState.WAITING, DeliveryState.OWED))
    held = connection.execute(update(deliveries).where(untold).values(state=DeliveryState.HELD)).rowcount
    expired = 0
    for expiring in _EXPIRING:
        expired += connection.execute(delete(expiring).where(expiring.c.until <= now)).rowcount
    return Settled(requeued, held, expired)
