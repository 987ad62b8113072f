"""A picture to start from: kept until its request is done, sealed, and without anything but its pixels."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import text

from core import accounts
from core.errors import Unavailable
from core.requests import references
from core.rules import ORPHAN_AGE
from tests.cast import Actor, Stage
from tests.markers import forms
from tests.pictures import picture_file
from tests.promises.test_sealed import database_with, files_with

MARKER = "zweiundvierzig-kormorane"


def planted() -> bytes:
    """A photo that says where it was taken, by what and of whom."""
    exif = Image.Exif()
    exif[0x010F] = exif[0x9286] = MARKER
    exif.get_ifd(0x8825)[1] = MARKER
    return picture_file("JPEG", exif=exif.tobytes(), comment=MARKER.encode()) + MARKER.encode()


def blobs(stage: Stage) -> list[Path]:
    return [path for path in (stage.folder / "blobs" / "references").rglob("*") if path.is_file()]


async def test_it_is_kept_until_the_request_is_done_without_its_metadata(stage: Stage, ben: Actor) -> None:
    assert any(form in planted() for form in forms(MARKER))
    await ben.sends("/imagine a fox", f"{MARKER}.jpg", planted())
    (blob,) = blobs(stage)
    await stage.dispatches()
    ((wish,),) = stage.painter.waiting
    assert wish.reference is not None

    assert len(wish.reference.data) == 128 * 128 * 3
    assert not [form for form in forms(MARKER) if form in wish.reference.data]
    assert wish.reference.data not in blob.read_bytes(), "it lies there sealed"
    assert files_with(stage.folder, MARKER) == []
    assert database_with(stage, MARKER) == []

    await stage.works()
    assert blobs(stage) == []
    assert named(stage) == [None]
    assert len(ben.inbox[0].pictures) == 1


async def test_it_opens_only_for_its_person_and_its_request(stage: Stage, ben: Actor, ana: Actor) -> None:
    await ana.agrees()
    for person in (ben, ana):
        await person.sends("/imagine a fox", "a.png", picture_file())
    owner = (await accounts.active(stage.app, ben.who)).id
    other = (await accounts.active(stage.app, ana.who)).id
    (job,) = stage.database.transact(lambda tx: tx.jobs.open_of(owner))
    (others,) = stage.database.transact(lambda tx: tx.jobs.open_of(other))
    assert await references.opened(stage.app, job)

    mine, theirs = (stage.folder / "blobs" / str(one.reference) for one in (job, others))
    theirs.write_bytes(mine.read_bytes())
    with pytest.raises(Exception, match="sealed under another key"):
        await references.opened(stage.app, others)


async def test_what_a_crash_left_of_a_request_that_is_over_is_swept(stage: Stage, ben: Actor) -> None:
    """The picture store was away when the request ended."""
    await ben.sends("/imagine a fox", "a.png", picture_file())

    async def away(_name: str) -> None:
        raise Unavailable("blobs.unavailable")

    real = stage.app.blobs.delete
    stage.app.blobs.delete = away  # type: ignore[method-assign]
    assert (await ben.says("/cancel")).error is None
    assert len(blobs(stage)) == 1
    stage.app.blobs.delete = real  # type: ignore[method-assign]
    swept = await stage.sweeps()

    assert (swept.references, blobs(stage), named(stage)) == (1, [], [None])


async def test_one_that_no_request_names_is_swept_and_one_that_is_named_stays(stage: Stage, ben: Actor) -> None:
    await ben.sends("/imagine a fox", "a.png", picture_file())
    await stage.app.blobs.put("references/orphan", b"x")
    for path in blobs(stage):
        old = (stage.clock.moment - 2 * ORPHAN_AGE) / 1000
        os.utime(path, (old, old))
    swept = await stage.sweeps()

    assert swept.blobs == 1
    assert [path.name for path in blobs(stage)] == [str(named(stage)[0]).removeprefix("references/")]


async def test_a_request_whose_picture_was_lost_is_not_drawn_without_it(stage: Stage, ben: Actor) -> None:
    await ben.sends("/imagine a fox", "a.png", picture_file())
    blobs(stage)[0].unlink()

    with pytest.raises(ExceptionGroup):
        await stage.dispatches()
    assert stage.painter.waiting == []


def named(stage: Stage) -> list[str | None]:
    with stage.database._engine.connect() as connection:
        return list(connection.execute(text("SELECT reference FROM job")).scalars())
