"""What people see of pictures and requests, put together once for commands and deliveries. Declares no command."""

from __future__ import annotations

from collections.abc import Iterator

from bots.commands.asks import Again, Cancel, Delete, Edit, Report, Save
from bots.replies import Button, Line, Reply, ShownPicture, reply, say
from core.credits import Milli
from core.ports import App
from core.queue.board import Drawing
from core.requests.gallery import Opened
from core.requests.options import write_adapter
from core.values import JobId, PictureId, Queued, Settings


def shown(opened: Opened) -> ShownPicture:
    return ShownPicture(opened.picture.id, opened.picture.format, opened.data)


def details(opened: Opened, price: Milli) -> Line:
    """What stands under a picture: that it is made by AI, its id, seed, price, model, and what else was chosen."""
    picture, settings = opened.picture, opened.job.settings
    more = tuple(_more(settings))
    return say(
        "picture.done_with" if more else "picture.done",
        id=picture.id,
        seed=picture.seed,
        price=price,
        model=settings.model,
        more=more,
    )


def adapter_of(settings: Settings) -> str:
    """As one would ask for it; empty where there is none."""
    return write_adapter(settings.lora, settings.lora_strength)


def _more(settings: Settings) -> Iterator[Line]:
    if settings.style:
        yield say("picture.style", style=settings.style)
    if settings.lora:
        yield say("picture.lora", lora=adapter_of(settings))
    if settings.strength:
        yield say("picture.reference", strength=settings.strength)


def picture_buttons(picture: PictureId, job: JobId) -> tuple[Button, ...]:
    """What one can do with a picture."""
    return (
        Button(say("button.again"), "again", Again(job)),
        Button(say("button.edit"), "edit", Edit(job)),
        Button(say("button.save"), "save", Save(picture)),
        Button(say("button.delete"), "delete", Delete(picture)),
        Button(say("button.report"), "report", Report(picture)),
    )


def cancel_button(job: JobId, nth: int = 0) -> Button:
    return Button(say("button.cancel_nth", nth=nth) if nth else say("button.cancel"), "cancel", Cancel(job))


def state_of(app: App, queued: Queued) -> Line:
    """How far a request is: its place in line, or the step it is at, and how long it may still take."""
    drawing = app.board.of(queued.job.id)
    if drawing is not None:
        return progress_line(drawing)
    seconds = app.board.seconds(queued.work + queued.job.work)
    if seconds is None:
        return say("queue.waiting", place=queued.place, count=queued.job.count)
    return say("queue.waiting_in", place=queued.place, count=queued.job.count, seconds=seconds)


def progress_line(drawing: Drawing) -> Line:
    if drawing.job.count == 1:
        return say("queue.drawing", step=drawing.step, steps=drawing.steps)
    nth, count = drawing.index + 1, drawing.job.count
    return say("queue.drawing_one", nth=nth, count=count, step=drawing.step, steps=drawing.steps)


def progress(drawing: Drawing) -> Reply:
    """A request being drawn, as its placeholder shows it; the preview, when there is one, was looked at before."""
    previews = () if drawing.preview is None else (ShownPicture("preview", "jpg", drawing.preview),)
    return reply(
        progress_line(drawing),
        pictures=previews,
        buttons=(cancel_button(drawing.job.id),),
        private=drawing.job.private,
        final=False,
        job=drawing.job.id,
        count=drawing.job.count,
    )
