"""One's finished pictures: looking, taking away, deleting, and whether a file was made here."""

from __future__ import annotations

from bots.commands.asks import Delete, Gallery, Save, Show, Verify
from bots.commands.shown import details, picture_buttons, shown
from bots.declaring import Commands
from bots.replies import Button, File, Line, Reply, reply, say
from core.errors import Refused
from core.ports import App
from core.requests import gallery as gallery_
from core.requests.gallery import PAGE, Opened
from core.values import PictureId, Who

commands = Commands()


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


@commands("show", private=True)
async def show(app: App, who: Who, ask: Show) -> Reply:
    """One of one's pictures with what it was asked with, and what can be done with it."""
    opened = await _own(app, who, ask.id)
    return reply(
        details(opened, opened.job.price_each),
        _caption(opened),
        pictures=(shown(opened),),
        buttons=picture_buttons(opened.picture.id, opened.job.id),
        private=True,
    )


@commands("save", private=True)
async def save(app: App, who: Who, ask: Save) -> Reply:
    """The picture's file itself, with its content credentials, as no chat has touched it."""
    opened = await _own(app, who, ask.id)
    file = File(f"darkroom-{opened.picture.id}.{opened.picture.format}", opened.data)
    return reply(say("save.done", id=opened.picture.id), files=(file,), private=True)


@commands("delete", private=True, replaces=True)
async def delete(app: App, who: Who, ask: Delete) -> Reply:
    """Destroy one picture, and with the last one of a request its words."""
    deleted = await gallery_.delete(app, who, _id(ask.id))
    return reply(say("delete.done", id=deleted.id), private=True, job=deleted.job, index=deleted.index, replaces=True)


@commands("verify", private=True, only_looks=True)
async def verify(app: App, _who: Who, ask: Verify) -> Reply:
    """Whether this bot made a picture, by its content credentials or its mark; the file is looked at and kept nowhere."""
    return reply(say(f"verify.{await app.encoder.verify(ask.file.data)}"), private=True)


async def _own(app: App, who: Who, id_: str) -> Opened:
    return await gallery_.own(app, who, _id(id_))


def _id(typed: str) -> PictureId:
    return PictureId(typed.strip().upper()[:40])


def _caption(opened: Opened) -> Line:
    picture = opened.picture
    return say("gallery.caption", id=picture.id, prompt=opened.words.prompt, seed=picture.seed, at=picture.drawn_at)
