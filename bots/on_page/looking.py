"""What a page shows of what is kept: pictures, requests, forms, prices. Changes nothing, and tells nobody else."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

from bots.commands import commands
from bots.declaring import Command
from bots.on_page import forms, wire
from bots.on_page.visitors import Visitor
from bots.on_page.wire import Message
from bots.replies import say
from bots.texts import render
from core.credits import price_each
from core.errors import Refused
from core.ports import App
from core.requests import choices, generation
from core.requests import gallery as gallery_
from core.requests.options import usual_model
from core.values import JobId, PictureId, Preferences, Queued


async def before(app: App, visitor: Visitor) -> tuple[list[Message], list[Queued]]:
    """Their newest pictures, oldest first, each request one message; then what is open, which is returned too."""
    who = visitor.who()
    opened = sorted((await gallery_.page(app, who, 1)).opened, key=lambda one: (one.job.created_at, one.job.id))
    drawn = {job: list(pictures) for job, pictures in groupby(opened, key=lambda one: one.job.id)}
    still_open = await generation.queue(app, who)
    waiting = [
        wire.waiting(app, queued, (await generation.words_of(app, queued.job)).prompt, drawn.pop(queued.job.id, []))
        for queued in still_open
    ]
    return [wire.remembered(pictures) for pictures in drawn.values()] + waiting, still_open


async def gallery(app: App, visitor: Visitor, number: int) -> Message:
    """A page of the gallery. Raises Refused."""
    page = await gallery_.page(app, visitor.who(), number)
    pictures = [wire.listed(one) for one in page.opened]
    return {"pictures": pictures, "total": page.total, "more": number * gallery_.PAGE < page.total}


async def picture(app: App, visitor: Visitor, id_: str) -> gallery_.Opened:
    """One of theirs. Raises Refused."""
    return await gallery_.own(app, visitor.who(), PictureId(id_))


def preview(app: App, visitor: Visitor, job: str) -> bytes | None:
    """How one of their requests looks so far."""
    drawing = app.board.of(JobId(job))
    return drawing.preview if drawing is not None and drawing.job.person == visitor.person else None


async def form(app: App, visitor: Visitor, name: str, model: str) -> Message:
    """The fields of a command for a model, the usual one when none is named. Raises Refused for one that nobody can send."""
    try:
        preferred = await choices.preferences(app, visitor.who())
    except Refused:
        preferred = Preferences()
    drawing = usual_model(app.catalogue, replace(preferred, model=model or preferred.model))
    return forms.describe(listed(name), app.catalogue, drawing, preferred)


def price(app: App, named: str, steps: int, count: int) -> Message:
    """What so many pictures at so many steps would cost; the model's usual steps when none are named."""
    model = usual_model(app.catalogue, Preferences(model=named))
    each = price_each(model.price, steps or int(model.steps.default), int(model.steps.default))
    return {"price": render(say("page.price", price=each * count))}


def listed(name: str) -> Command:
    """A command that can be sent by its name. Raises Refused."""
    command = commands.get(name)
    if command is None or not command.listed:
        raise Refused("command.unknown", got=name[:40])
    return command
