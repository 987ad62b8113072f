"""A picture comes back: look at it, encode, seal, keep, and settle the job with the last one. Stale results leave no trace."""

from __future__ import annotations

from core.ports import App, Place
from core.records import Records
from core.requests.generation import end
from core.values import Job, JobId, JobState, Moment, Picture, PictureId, Preferences, Reason, Verdict
from core.values.wishes import Drawn


async def keep(app: App, drawn: Drawn) -> PictureId | None:
    """Store one drawn picture and owe it to its person. None when it is stale, stored already, or may not be shown.

    The blob goes first, under a name that holds the fence; a crash before the transaction leaves an orphan for the sweep.
    Raises ValueError when the pixels are not what the job asked for: the attempt failed, as if nothing had come.
    """
    expected = await app.database.run(_expecting, drawn.job, drawn.fence, drawn.index)
    if expected is None:
        app.meter.outdated()
        return None
    job, preferred = expected
    if (drawn.pixels.width, drawn.pixels.height) != (job.settings.width, job.settings.height):
        raise ValueError("the worker sent a picture of another size")
    verdict = await app.safety.look(drawn.pixels)
    if verdict is not Verdict.ALLOWED:
        await app.database.run(withhold, drawn.job, drawn.fence, drawn.index, Reason(verdict), app.clock.now())
        return None
    encoded = await app.encoder.encode(drawn.pixels, preferred.format)
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
    if not kept:  # a blob that is not named now is left to the sweep: another process may name it
        app.meter.outdated()
        if await app.database.run(_is_gone, job.id):  # its person was erased meanwhile: nobody will
            await app.blobs.delete(blob)
    return picture.id if kept else None


def keep_picture(tx: Records, picture: Picture, fence: int, now: Moment) -> bool:
    """Picture, wish, delivery and, with the last one, the settlement; False when the fence is stale or it is here already."""
    if _expected(tx, picture.job, fence) is None or not tx.wishes.drawn(picture.job, picture.index):
        return False
    tx.pictures.add(picture)
    _settle(tx, picture.job, fence, picture.index, now)
    return True


def withhold(tx: Records, job: JobId, fence: int, index: int, reason: Reason, now: Moment) -> bool:
    """A picture nobody may see: it is not kept and costs nothing, and its person is told why."""
    if _expected(tx, job, fence) is None or not tx.wishes.refuse(job, index, reason):
        return False
    _settle(tx, job, fence, index, now)
    return True


def _settle(tx: Records, job: JobId, fence: int, index: int, now: Moment) -> None:
    tx.deliveries.owe(job, index)
    if not tx.wishes.pending(job):
        end(tx, job, fence, JobState.FAILED, None, now)


def picture_place(blob: str) -> Place:
    return Place("picture", "blob", blob)


def _is_gone(tx: Records, job: JobId) -> bool:
    return tx.jobs.get(job) is None


def _expecting(tx: Records, job_id: JobId, fence: int, index: int) -> tuple[Job, Preferences] | None:
    """The job and what its person prefers, when this fence still draws it and this picture of it is missing."""
    job = _expected(tx, job_id, fence)
    return (job, tx.choices.get(job.person)) if job is not None and index in tx.wishes.pending(job_id) else None


def _expected(tx: Records, job_id: JobId, fence: int) -> Job | None:
    job = tx.jobs.lock(job_id)
    return job if job is not None and job.fence == fence and job.state is JobState.DRAWING else None
