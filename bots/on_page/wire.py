"""What the page is told, as JSON: replies, pictures, buttons, progress. Knows no HTTP and keeps nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from bots.commands.shown import adapter_of, cancel_button, details, picture_buttons, progress_line, state_of
from bots.on_page.forms import filled
from bots.replies import Button, Form, Line, Reply, say
from bots.texts import render
from core.credits import Balance
from core.ports import App
from core.queue.board import Board, Drawing
from core.requests.gallery import Opened
from core.values import Job, PictureId, Queued

Message = dict[str, Any]

#: What is still true of a request when its pictures are there.
LASTING: Final = frozenset(
    f"imagine.{name}" for name in ("unread", "read_until", "unweighted", "model_gone", "style_gone", "style_left_out")
)
ECHO: Final = 2_000  #: characters of what somebody said that their other pages show


@dataclass(frozen=True)
class Saved:
    """A file to take away, and where it lies for a while."""

    name: str
    address: str


def message(
    reply: Reply, *, tokens: Sequence[str] = (), files: Sequence[Saved] = (), update: str = "", said: str = ""
) -> Message:
    """A reply. `update` is what it answers, `said` the words of it; `tokens` are what its buttons carry."""
    buttons = zip(reply.buttons, tokens, strict=True)
    lasting = [line for line in reply.lines if line.key in LASTING]
    return {
        "update": update,
        "said": said[:ECHO],
        "text": [text for line in reply.lines if line not in lasting and (text := render(line))],
        "notes": [render(line) for line in lasting],
        "pictures": [picture(PictureId(shown.id)) for shown in reply.pictures],
        "files": [{"name": file.name, "address": file.address} for file in files],
        "buttons": [_label(button) | {"token": token} for button, token in buttons],
        "form": _form(reply.form) if reply.form else None,
        "private": reply.private,
        "final": reply.final,
        "error": reply.error,
        "job": reply.job,
        "index": reply.index,
        "replaces": reply.replaces,
    }


def outcome(told: Message, indexes: Sequence[int]) -> Message:
    """What came of some pictures of a request; telling it again changes nothing on the page.

    A picture bears its own words and buttons: several of one request stand side by side in one message.
    """
    about = {"outcome": "/".join(map(str, indexes))}
    if not told["pictures"]:
        return told | about
    borne = {"index": indexes[0], "text": " ".join(told["text"]), "buttons": told["buttons"]}
    return told | about | {"text": [], "buttons": [], "pictures": [one | borne for one in told["pictures"]]}


def picture(id_: PictureId) -> Message:
    return {"id": id_, "address": f"/pictures/{id_}", "name": render(say("page.picture_name", id=id_))}


def listed(opened: Opened) -> Message:
    """A picture of the gallery."""
    return picture(opened.picture.id) | {
        "prompt": opened.words.prompt,
        "width": opened.picture.width,
        "height": opened.picture.height,
    }


def detailed(opened: Opened) -> Message:
    """A picture, large: everything it was asked with, and what can be done with it."""
    drawn, settings, price = opened.picture, opened.job.settings, opened.job.price_each
    facts = {
        "id": drawn.id,
        "seed": str(drawn.seed),
        "size": render(say("page.size", width=drawn.width, height=drawn.height)),
        "steps": str(settings.steps),
        "guidance": render(say("page.number", number=settings.guidance)),
        "model": settings.model,
        "style": settings.style,
        "lora": adapter_of(settings),
        "strength": render(say("page.number", number=settings.strength)) if settings.strength else "",
        "price": render(say("page.price", price=price)),
        "drawn": render(say("page.day", at=drawn.drawn_at)),
    }
    return listed(opened) | {
        "job": opened.job.id,
        "negative": opened.words.negative,
        "text": render(details(opened, price)),
        "facts": facts,
        "buttons": [deed(button) for button in picture_buttons(drawn.id, opened.job.id)],
    }


def remembered(pictures: Sequence[Opened]) -> Message:
    """A request whose pictures were drawn before this page was opened, as if just told."""
    job = pictures[0].job
    return _request(job, pictures[0].words.prompt, pictures, final=not job.state.is_open)


def waiting(app: App, queued: Queued, prompt: str, pictures: Sequence[Opened]) -> Message:
    """An open request, with those of its pictures that are drawn, as a page that was just opened shows it."""
    told = _request(queued.job, prompt, pictures, final=False)
    return told | {"buttons": [deed(cancel_button(queued.job.id))], "progress": standing(app, queued)}


def standing(app: App, queued: Queued) -> Message:
    """How far an open request is: its place in line, or what the worker said of it last."""
    drawing = app.board.of(queued.job.id)
    if drawing is not None:
        return drawn_so_far(app.board, drawing)
    return _progress(queued.job, state_of(app, queued))


def drawn_so_far(board: Board, drawing: Drawing) -> Message:
    job = drawing.job
    seconds = board.seconds(round(job.work * (1 - drawing.share)))
    return _progress(job, progress_line(drawing)) | {
        "index": drawing.index,
        "share": round(drawing.share, 4),
        "left": "" if seconds is None else render(say("page.left", seconds=seconds)),
        "preview": f"/previews/{job.id}?at={drawing.previewed_at}" if drawing.preview else "",
    }


def account(state: str, balance: Balance | None) -> Message:
    """Who the visitor is to us, and what they can spend."""
    held = balance.held if balance else 0
    return {
        "state": state,
        "balance": render(say("page.balance", spendable=balance.spendable)) if balance else "",
        "held": render(say("page.held", held=held)) if held else "",
    }


def deed(button: Button) -> Message:
    """A button that needs no token: what it does is a command that anybody may send, about what is theirs."""
    return _label(button) | {"fields": filled(button.arguments)}


def _request(job: Job, prompt: str, pictures: Sequence[Opened], *, final: bool) -> Message:
    told = message(Reply((), job=job.id, final=final, private=job.private), said=prompt)
    return told | {"pictures": [_drawn(one) for one in sorted(pictures, key=lambda one: one.picture.index)]}


def _drawn(opened: Opened) -> Message:
    deeds = [deed(button) for button in picture_buttons(opened.picture.id, opened.job.id)]
    text = render(details(opened, opened.job.price_each))
    return listed(opened) | {"index": opened.picture.index, "text": text, "buttons": deeds}


def _form(form: Form) -> Message:
    return {"command": form.command, "values": filled(form.arguments), "missing": form.missing}


def _label(button: Button) -> Message:
    return {"label": render(button.label), "command": button.command}


def _progress(job: Job, line: Line) -> Message:
    return {
        "job": job.id,
        "text": render(line),
        "count": job.count,
        "width": job.settings.width,
        "height": job.settings.height,
        "index": 0,
        "share": None,
        "left": "",
        "preview": "",
    }
