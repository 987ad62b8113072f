"""The picture a request starts from: taken in as pixels alone, sealed for that request, and destroyed when it is over."""

from __future__ import annotations

from contextlib import suppress

from core.errors import Unavailable
from core.ports import App, Place
from core.records import Records
from core.values import Job, JobId, PersonId, Settings
from core.values.wishes import Pixels


async def take_in(app: App, person: PersonId, job: JobId, settings: Settings, data: bytes | None) -> str | None:
    """Whatever file somebody sent becomes pixels of the size that is drawn. Returns the name of their sealed blob.

    The blob goes before the row that names it; what a crash leaves is an orphan for the sweep. Raises Refused.
    """
    if data is None:
        return None
    pixels = await app.intake.receive(data, settings.width, settings.height)
    blob = f"references/{job}"
    await app.blobs.put(blob, await app.keys.seal(person, _place(blob), pixels.data))
    return blob


async def opened(app: App, job: Job) -> Pixels | None:
    """The pixels, for the worker; None for a request that starts from nothing. Raises ReferenceLost."""
    if job.reference is None:
        return None
    sealed = await app.blobs.get(job.reference)
    if sealed is None:
        raise ReferenceLost(job.reference)
    data = await app.keys.open(job.person, _place(job.reference), sealed)
    return Pixels(job.settings.width, job.settings.height, data)


class ReferenceLost(Exception):
    """A request names a picture to start from and its file is not here: our fault, whatever the reason."""


async def destroy(app: App, over: Job | None) -> None:
    """The blob, then its name. `over` is a request that has ended, None when none has.

    What cannot be destroyed now is left to the sweep: whoever ended the request must not hear of it.
    """
    if over is None or over.reference is None:
        return
    with suppress(Unavailable):
        await app.blobs.delete(over.reference)
        await app.database.run(_forget, over.id)


def spent(tx: Records) -> list[Job]:
    """Requests that are over and still name a picture: a crash came between."""
    return tx.jobs.with_spent_reference()


def _forget(tx: Records, job: JobId) -> None:
    tx.jobs.forget_reference(job)


def _place(blob: str) -> Place:
    return Place("job", "reference", blob)
