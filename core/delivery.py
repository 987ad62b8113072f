"""Telling people what came of their requests, each outcome until it is told. Knows no chat."""

from __future__ import annotations

from core.ports import App, Records
from core.values import JobId, Owed, PersonId


async def owed(app: App, door: str, person: PersonId | None = None) -> list[Owed]:
    """Outcomes this door has not told yet, oldest first; only this person's when one is named."""
    return await app.database.run(_owed, door, person)


async def told(app: App, owed: Owed) -> None:
    await app.database.run(_told, owed.job, owed.index)


async def outstanding(app: App, door: str, person: PersonId) -> int:
    """How many outcomes this person still waits for here, drawn or not."""
    return await app.database.run(_outstanding, door, person)


def _owed(tx: Records, door: str, person: PersonId | None) -> list[Owed]:
    return tx.deliveries.owed(door, person)


def _told(tx: Records, job: JobId, index: int) -> bool:
    return tx.deliveries.told(job, index)


def _outstanding(tx: Records, door: str, person: PersonId) -> int:
    return tx.deliveries.outstanding(door, person)
