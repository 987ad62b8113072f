"""Files that fit where they are shown: a picture too large for a place is made smaller, else words stand for it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from bots.on_discord.cards import Enclosed, enclosed
from bots.replies import File, Line, ShownPicture, say
from core.ports import App


class Fit(IntEnum):
    """What is tried, one after the other, when Discord finds a message too large."""

    AS_THEY_ARE = 0
    SMALLER = 1
    WITHOUT = 2


async def fitted(app: App, pictures: Sequence[ShownPicture], most: int, fit: Fit) -> tuple[list[Enclosed], list[Line]]:
    """Files of at most so many bytes each, and what is to be said of those that cannot be."""
    files: list[Enclosed] = []
    lines: list[Line] = []
    for picture in pictures:
        smaller = await _fitted(app, picture, most, fit)
        if smaller is None:
            lines.append(say("discord.picture_too_large", id=picture.id))
        else:
            files.append(enclosed(smaller))
    return files, lines


def unchanged(files: Sequence[File], most: int, fit: Fit) -> tuple[list[Enclosed], list[Line]]:
    """The same for what nobody may change."""
    most = most if fit is Fit.AS_THEY_ARE else 0
    fitting = [Enclosed(file.name, file.data) for file in files if len(file.data) <= most]
    return fitting, [say("discord.file_too_large", name=file.name) for file in files if len(file.data) > most]


async def _fitted(app: App, picture: ShownPicture, most: int, fit: Fit) -> ShownPicture | None:
    if fit is Fit.AS_THEY_ARE and len(picture.data) <= most:
        return picture
    if fit is Fit.WITHOUT:
        return None
    try:
        smaller = await app.encoder.convert(picture.data, "jpg")
    except ValueError:
        return None
    return ShownPicture(picture.id, smaller.format, smaller.data) if len(smaller.data) <= most else None
