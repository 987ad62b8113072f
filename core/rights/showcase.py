"""Pictures that are shown to anybody as examples: only where their person allows it, each named by them, without a name.

What is shown is decided anew at every look: taking the consent back, hiding or deleting a picture ends it at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from core import accounts
from core.datamap import Purpose
from core.errors import Refused
from core.periods import Keeping
from core.ports import App
from core.records import Records
from core.requests.completion import picture_place
from core.rights import allowed
from core.values import PersonId, Picture, PictureId, Who

MOST: Final = 60  #: pictures on the page, the newest
LOOKED_THROUGH: Final = 4 * MOST  #: of people who did not take it back; those who did have none left


@dataclass(frozen=True)
class Shown:
    """How it stands with one person."""

    allowed: bool
    pictures: tuple[PictureId, ...]


@dataclass(frozen=True)
class Example:
    """A picture file, and nothing about whose it is."""

    id: PictureId
    format: str
    data: bytes = field(repr=False)


async def standing(app: App, who: Who) -> Shown:
    """Raises Refused for who has no account."""
    person = await accounts.known(app, who)
    return await app.database.run(_standing, person.id, app.keeping)


async def is_shown(app: App, who: Who, picture: PictureId) -> bool:
    """Raises Refused when it is not theirs."""
    person = await accounts.known(app, who)
    return await app.database.run(_is_shown, person.id, picture, app.keeping)


async def show(app: App, who: Who, picture: PictureId) -> None:
    """Raises Refused when it is not theirs, or showing was not allowed, or is not done here."""
    person = await accounts.active(app, who)
    if not is_done(app):
        raise Refused("consent.not_done_here")
    await app.database.run(let_show, person.id, picture, app.keeping)


async def conceal(app: App, who: Who, picture: PictureId) -> None:
    """Raises Refused when it is not theirs."""
    person = await accounts.known(app, who)
    await app.database.run(_conceal, person.id, picture, app.keeping)


async def examples(app: App) -> list[Picture]:
    """What anybody may see now, the newest first."""
    return await app.database.run(_examples, app.keeping) if is_done(app) else []


async def opened(app: App, picture: PictureId) -> Example | None:
    """One of them; None for everything else, whatever the reason."""
    found = await app.database.run(_example, picture, app.keeping) if is_done(app) else None
    sealed = await app.blobs.get(found.blob) if found else None
    if found is None or sealed is None:
        return None
    data = await app.keys.open(found.person, picture_place(found.blob), sealed)
    return Example(found.id, found.format, data)


def is_done(app: App) -> bool:
    return Purpose.SHOW in app.policy.facts.offered


def let_show(tx: Records, person: PersonId, picture: PictureId, keeping: Keeping) -> None:
    if not allowed.given(tx, person, Purpose.SHOW):
        raise Refused("showcase.allow_first")
    _own(tx, person, picture, keeping)
    tx.pictures.show(picture, keeping.now)


def _is_shown(tx: Records, person: PersonId, picture: PictureId, keeping: Keeping) -> bool:
    _own(tx, person, picture, keeping)
    return tx.pictures.is_example(picture) and allowed.given(tx, person, Purpose.SHOW)


def _conceal(tx: Records, person: PersonId, picture: PictureId, keeping: Keeping) -> None:
    _own(tx, person, picture, keeping)
    tx.pictures.conceal(picture)


def _own(tx: Records, person: PersonId, picture: PictureId, keeping: Keeping) -> None:
    found = tx.pictures.get(picture, keeping)
    if found is None or found.person != person:
        raise Refused("picture.unknown", id=picture)


def _standing(tx: Records, person: PersonId, keeping: Keeping) -> Shown:
    shown = tx.pictures.examples_of(person, keeping)
    return Shown(allowed.given(tx, person, Purpose.SHOW), tuple(picture.id for picture in shown))


def _examples(tx: Records, keeping: Keeping) -> list[Picture]:
    return [picture for picture in tx.pictures.examples(keeping, LOOKED_THROUGH) if _may_be_seen(tx, picture)][:MOST]


def _example(tx: Records, picture: PictureId, keeping: Keeping) -> Picture | None:
    found = tx.pictures.get(picture, keeping)
    return found if found is not None and _may_be_seen(tx, found) else None


def _may_be_seen(tx: Records, picture: Picture) -> bool:
    return tx.pictures.is_example(picture.id) and allowed.given(tx, picture.person, Purpose.SHOW)
