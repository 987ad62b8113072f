"""A person's own pictures: looking, opening, deleting. Nobody else's id ever resolves."""

from __future__ import annotations

from dataclasses import dataclass, field

from core import accounts
from core.credits import LotId, Milli
from core.errors import Refused
from core.periods import Keeping
from core.ports import App
from core.records import Records
from core.requests.completion import picture_place
from core.requests.generation import words_of
from core.values import Job, Moment, PersonId, Picture, PictureId, Who, Words

PAGE = 6  #: pictures on one page of the gallery


@dataclass(frozen=True)
class Opened:
    """A picture with its words and settings, in clear: for its owner's eyes."""

    picture: Picture
    job: Job
    words: Words = field(repr=False)
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class Page:
    """One page, newest first. `lost` are pictures whose file is gone though nobody deleted it; `total` counts all pages."""

    opened: tuple[Opened, ...]
    lost: tuple[PictureId, ...]
    total: int


class PictureLost(Exception):
    """A picture's row is here and its file is not: our fault, whatever the reason."""


async def page(app: App, who: Who, number: int) -> Page:
    """Pages count from 1; one past the end is empty."""
    person = await accounts.present(app, who)
    pictures, total = await app.database.run(_page, person.id, app.keeping, number)
    opened: list[Opened] = []
    lost: list[PictureId] = []
    for picture, job in pictures:
        try:
            if one := await _open(app, picture, job):
                opened.append(one)
        except PictureLost:
            lost.append(picture.id)
    return Page(tuple(opened), tuple(lost), total)


async def show(app: App, person: PersonId, picture: PictureId) -> Opened | None:
    """One picture, or None when it was deleted meanwhile. Raises PictureLost."""
    found = await app.database.run(_find, person, picture, app.keeping)
    return await _open(app, *found) if found else None


async def own(app: App, who: Who, picture: PictureId) -> Opened:
    """One picture of this person. Raises Refused when they have none of that id, or its file is gone."""
    person = await accounts.present(app, who)
    try:
        opened = await show(app, person.id, picture)
    except PictureLost:
        raise Refused("gallery.lost", id=picture) from None
    if opened is None:
        raise Refused("picture.unknown", id=picture)
    return opened


async def make_good(app: App, person: PersonId, picture: PictureId, price: Milli) -> None:
    """Give back the price of a picture that was lost before its person ever got it. Twice is once."""
    lot = LotId(app.ids.opaque())
    await app.database.run(_make_good, person, picture, price, lot, app.clock.now())


async def delete(app: App, who: Who, picture: PictureId) -> Picture:
    """Hide at once, then destroy the blob, then the row; a crash in between is finished by the sweep. Raises Refused."""
    person = await accounts.present(app, who)
    hidden = await app.database.run(hide, person.id, picture, app.keeping)
    await destroy(app, hidden)
    return hidden


async def destroy(app: App, picture: Picture) -> None:
    await app.blobs.delete(picture.blob)
    await app.database.run(_remove, picture)


def hide(tx: Records, person: PersonId, picture: PictureId, keeping: Keeping) -> Picture:
    """From here on nobody sees it. Raises Refused when there is no such picture of theirs."""
    found = tx.pictures.get(picture, keeping)
    if found is None or found.person != person or not tx.pictures.hide(picture):
        raise Refused("picture.unknown", id=picture)
    return found


def _remove(tx: Records, picture: Picture) -> None:
    """The row goes, and with the last picture of a request its words."""
    tx.pictures.remove(picture.id)
    if not tx.pictures.any_of(picture.job) and not tx.wishes.pending(picture.job):
        tx.jobs.forget_words(picture.job)


def newest(tx: Records, person: PersonId, keeping: Keeping, limit: int, offset: int = 0) -> list[tuple[Picture, Job]]:
    """Pictures of a person, each with its request."""
    pictures = tx.pictures.of(person, keeping, limit=limit, offset=offset)
    return [(picture, job) for picture in pictures if (job := tx.jobs.get(picture.job))]


def _page(tx: Records, person: PersonId, keeping: Keeping, number: int) -> tuple[list[tuple[Picture, Job]], int]:
    return newest(tx, person, keeping, PAGE, PAGE * (number - 1)), tx.pictures.count(person, keeping)


def _find(tx: Records, person: PersonId, picture_id: PictureId, keeping: Keeping) -> tuple[Picture, Job] | None:
    picture = tx.pictures.get(picture_id, keeping)
    if picture is None or picture.person != person:
        return None
    job = tx.jobs.get(picture.job)
    return (picture, job) if job else None


def _make_good(tx: Records, person: PersonId, picture: PictureId, price: Milli, lot: LotId, now: Moment) -> None:
    owner = tx.people.get(person)
    if owner is not None:
        tx.ledger.adjust(f"adjust:lost:{picture}", owner.account, lot, price, "picture lost", now)


async def _open(app: App, picture: Picture, job: Job) -> Opened | None:
    sealed = await app.blobs.get(picture.blob)
    if sealed is None or job.sealed_words is None:
        if await app.database.run(_find, picture.person, picture.id, app.keeping):
            raise PictureLost(picture.id)
        return None
    data = await app.keys.open(picture.person, picture_place(picture.blob), sealed)
    return Opened(picture, job, await words_of(app, job), data)
