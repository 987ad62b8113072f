"""A picture comes back: encode, seal, keep, and settle the job with the last one. Stale results leave no trace."""

from __future__ import annotations

from core.generation import end
from core.ports import App, Place, Records
from core.values import Job, JobId, JobState, Moment, Picture, PictureId
from core.wishes import Drawn


async def keep(app: App, drawn: Drawn) -> PictureId | None:
    """Store one drawn picture and owe it to its person. None when its fence is stale or it was stored before.

    The blob goes first, under a name that holds the fence; a crash before the transaction leaves an orphan for the sweep.
    Raises ValueError when the pixels are not what the job asked for: the attempt failed, as if nothing had come.
    """
    job = await app.database.run(_expecting, drawn.job, drawn.fence, drawn.index)
    if job is None:
        return None
    if (drawn.pixels.width, drawn.pixels.height) != (job.settings.width, job.settings.height):
        raise ValueError("the worker sent a picture of another size")
    encoded = await app.encoder.encode(drawn.pixels)
    blob = f"pictures/{job.id}/{drawn.index}/{drawn.fence}"
    picture = Picture(
        id=PictureId(app.ids.short()),
        job=job.id,
        index=drawn.index,
        person=job.person,
        seed=job.seed + drawn.index,
        blob=blob,
        width=drawn.pixels.width,
        height=drawn.pixels.height,
        format=encoded.format,
        drawn_at=app.clock.now(),
    )
    await app.blobs.put(blob, await app.keys.seal(job.person, picture_place(blob), encoded.data))
    kept = await app.database.run(keep_picture, picture, drawn.fence, picture.drawn_at)
    return (
        picture.id if kept else None
    )  # a blob that is not named now is left to the sweep: another process may name it


def keep_picture(tx: Records, picture: Picture, fence: int, now: Moment) -> bool:
    """Picture, wish, delivery and, with the last one, the settlement; False when the fence is stale or it is here already."""
    job = _expecting(tx, picture.job, fence, picture.index)
    if job is None or not tx.wishes.drawn(picture.job, picture.index):
        return False
    tx.pictures.add(picture)
    tx.deliveries.owe(picture.job, picture.index)
    if not tx.wishes.pending(job.id):
        end(tx, job.id, fence, JobState.FAILED, None, now)
    return True


def picture_place(blob: str) -> Place:
    return Place("picture", "blob", blob)


def _expecting(tx: Records, job_id: JobId, fence: int, index: int) -> Job | None:
    """The job, when this fence still draws it and this picture of it is missing."""
    job = tx.jobs.lock(job_id)
    if job is None or job.fence != fence or job.state is not JobState.DRAWING:
        return None
    return job if index in tx.wishes.pending(job_id) else None
