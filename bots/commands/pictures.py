"""Asking for pictures, taking a request back, looking at one's pictures, deleting one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from bots.declaring import Commands, Option
from bots.replies import Button, Line, Reply, ShownPicture, reply, say
from core import gallery as gallery_
from core import generation
from core.errors import Refused
from core.gallery import PAGE, Opened
from core.ports import App
from core.rules import PICTURES_PER_JOB, SEEDS
from core.values import JobId, PictureId, Who

commands = Commands()


@dataclass(frozen=True)
class Imagine:
    prompt: Annotated[str, Option(main=True)]
    negative: str = ""
    shape: Literal["square", "portrait", "landscape"] = "square"
    count: Annotated[int, Option(low=1, high=PICTURES_PER_JOB)] = 1
    seed: Annotated[int | None, Option(low=0, high=SEEDS - 1)] = None
    steps: int | None = None
    guidance: float | None = None
    private: bool = False


@commands("imagine")
async def imagine(app: App, who: Who, ask: Imagine) -> Reply:
    """Pay for and queue a request; the pictures follow by themselves."""
    unread = app.catalogue.unread(ask.prompt)
    accepted = await generation.request(
        app,
        who,
        generation.Ask(ask.prompt, ask.negative, ask.shape, ask.count, ask.seed, ask.steps, ask.guidance, ask.private),
    )
    lines = [say("imagine.accepted", place=accepted.place, price=accepted.price, spendable=accepted.balance.spendable)]
    if unread:
        lines.append(say("imagine.unread", words=unread))
    cancel_it = Button(say("button.cancel"), "cancel", Cancel(accepted.job))
    return reply(*lines, buttons=(cancel_it,), private=ask.private, final=False)


@dataclass(frozen=True)
class Cancel:
    job: str = ""


@commands("cancel")
async def cancel(app: App, who: Who, ask: Cancel) -> Reply:
    """Take back the newest open request, or the one whose button was pressed."""
    if ask.job:
        job = await generation.cancel(app, who, JobId(ask.job))
    else:
        job = await generation.cancel_newest(app, who)
    return reply(say("cancel.done"), private=job.private)


@dataclass(frozen=True)
class Gallery:
    page: Annotated[int, Option(main=True, low=1, high=1_000_000)] = 1


@commands("gallery", private=True)
async def gallery(app: App, who: Who, ask: Gallery) -> Reply:
    """One's own pictures, newest first, with what each was asked with."""
    page = await gallery_.page(app, who, ask.page)
    if not page.opened and not page.lost:
        raise Refused("gallery.past_end" if page.total else "gallery.empty", page=ask.page)
    pages = -(-page.total // PAGE)
    lines = [
        say("gallery.intro", total=page.total, page=ask.page, pages=pages),
        *(_caption(one) for one in page.opened),
    ]
    lines += [say("gallery.lost", id=id_) for id_ in page.lost]
    more = (Button(say("button.next_page"), "gallery", Gallery(ask.page + 1)),) if ask.page < pages else ()
    return reply(*lines, pictures=tuple(shown(one) for one in page.opened), buttons=more, private=True)


@dataclass(frozen=True)
class Delete:
    id: Annotated[str, Option(main=True)]


@commands("delete", private=True)
async def delete(app: App, who: Who, ask: Delete) -> Reply:
    """Destroy one picture, and with the last one of a request its words."""
    deleted = await gallery_.delete(app, who, PictureId(ask.id.strip().upper()))
    return reply(say("delete.done", id=deleted.id), private=True)


@dataclass(frozen=True)
class Words:
    text: Annotated[str, Option(main=True)]


@commands("words", listed=False)
async def words(_app: App, _who: Who, ask: Words) -> Reply:
    """Plain text is not a command: offer to draw it, and charge nothing for a misunderstanding."""
    return reply(
        say("words.offer"), buttons=(Button(say("button.draw_it"), "imagine", Imagine(ask.text)),), private=True
    )


def shown(opened: Opened) -> ShownPicture:
    return ShownPicture(opened.picture.id, opened.picture.format, opened.data)


def _caption(opened: Opened) -> Line:
    picture = opened.picture
    return say("gallery.caption", id=picture.id, prompt=opened.words.prompt, seed=picture.seed, at=picture.drawn_at)
