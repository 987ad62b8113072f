"""Words that several conversations share."""

from __future__ import annotations

from bots.replies import ShownPicture
from tests.cast import Actor, Stage


async def one_picture(stage: Stage, actor: Actor, wish: str = "a star") -> ShownPicture:
    """Ask for a picture and wait for it."""
    await actor.says(f"/imagine {wish}")
    await stage.works()
    (picture,) = actor.inbox[-1].pictures
    return picture
