"""Telling people what came of their requests, each outcome until it is told, where they asked. Knows no chat."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.ports import App, Place
from core.records import Records
from core.requests.generation import origin_place
from core.values import DeliveryState, Held, JobId, Moment, Owed, PersonId


@dataclass(frozen=True)
class Whereabouts:
    """Where a request was asked, and where the message about one of its pictures stands, in the door's spelling."""

    origin: str | None = field(repr=False)
    post: str | None = field(repr=False)


async def owed(app: App, door: str, person: PersonId | None = None) -> list[Owed]:
    """Outcomes this door has not told yet, oldest first; only this person's when one is named."""
    return await app.database.run(_owed, door, person)


async def told(app: App, owed: Owed, state: DeliveryState = DeliveryState.DELIVERED) -> None:
    await app.database.run(_told, owed.job, owed.index, state)


async def outstanding(app: App, door: str, person: PersonId) -> int:
    """How many outcomes this person still waits for here, drawn or not."""
    return await app.database.run(_outstanding, door, person)


async def held(app: App) -> list[Held]:
    """Outcomes held back after a restore, oldest request first."""
    return await app.database.run(_held)


async def release(app: App, job: JobId | None = None) -> int:
    """Tell people after all, of one request or of every one; how many outcomes were held."""
    return await app.database.run(_release, job)


async def whereabouts(app: App, person: PersonId, job: JobId, index: int) -> Whereabouts:
    sealed_origin, sealed_post = await app.database.run(_whereabouts, job, index)
    origin = await app.keys.open(person, origin_place(job), sealed_origin) if sealed_origin else None
    post = await app.keys.open(person, post_place(job, index), sealed_post) if sealed_post else None
    return Whereabouts(origin.decode() if origin else None, post.decode() if post else None)


async def count_of(app: App, person: PersonId, job: JobId) -> int:
    """How many pictures a request has; 0 when it is not this person's."""
    return await app.database.run(_count_of, person, job)


async def posted(app: App, person: PersonId, job: JobId, index: int, address: str) -> None:
    """Remember where the message about a picture stands."""
    sealed = await app.keys.seal(person, post_place(job, index), address.encode())
    await app.database.run(_posted, job, index, sealed, app.clock.now())


def post_place(job: JobId, index: int) -> Place:
    return Place("post", "sealed_address", f"{job}/{index}")


def _count_of(tx: Records, person: PersonId, job_id: JobId) -> int:
    job = tx.jobs.get(job_id)
    return job.count if job is not None and job.person == person else 0


def _owed(tx: Records, door: str, person: PersonId | None) -> list[Owed]:
    return tx.deliveries.owed(door, person)


def _told(tx: Records, job: JobId, index: int, state: DeliveryState) -> bool:
    return tx.deliveries.told(job, index, state)


def _outstanding(tx: Records, door: str, person: PersonId) -> int:
    return tx.deliveries.outstanding(door, person)


def _held(tx: Records) -> list[Held]:
    return tx.deliveries.held()


def _release(tx: Records, job: JobId | None) -> int:
    return tx.deliveries.release(job)


def _whereabouts(tx: Records, job_id: JobId, index: int) -> tuple[bytes | None, bytes | None]:
    job = tx.jobs.get(job_id)
    return (job.sealed_origin if job else None), tx.posts.get(job_id, index)


def _posted(tx: Records, job: JobId, index: int, sealed: bytes, now: Moment) -> None:
    tx.posts.put(job, index, sealed, now)
