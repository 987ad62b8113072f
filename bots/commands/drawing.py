"""Asking for pictures: a new request, the same again, one changed; what waits, and taking it back."""

from __future__ import annotations

from dataclasses import replace

from bots.commands.asks import Again, Cancel, Edit, Imagine, Words
from bots.commands.shown import cancel_button, state_of
from bots.declaring import Commands, Nothing
from bots.replies import Button, Form, Line, Reply, reply, say, whisper
from core import accounts
from core.errors import Refused
from core.ports import App
from core.requests import generation
from core.requests.options import Ask
from core.values import JobId, Who

commands = Commands()


@commands("imagine", shared=True)
async def imagine(app: App, who: Who, ask: Imagine) -> Reply:
    """Pay for and queue a request; the pictures follow by themselves."""
    started_from = ask.reference.data if ask.reference else None
    return await _request(app, who, Ask(**vars(ask) | {"reference": started_from}))


@commands("again", shared=True)
async def again(app: App, who: Who, ask: Again) -> Reply:
    """The same request with a new seed; the newest one unless another is named by one of its pictures."""
    wanted = await generation.same_again(app, who, ask.request)
    if wanted.strength is not None:
        raise Refused("again.reference_gone")
    return await _request(app, who, replace(wanted, seed=None))


@commands("edit", private=True, form=True)
async def edit(app: App, who: Who, ask: Edit) -> Reply:
    """An earlier request, filled in to be changed; nothing is drawn yet."""
    found = await generation.same_again(app, who, ask.request)
    lines = [say("edit.filled")]
    if found.strength is not None:
        lines.append(say("edit.reference_gone"))
    filled = Imagine(**vars(found) | {"reference": None})
    missing = "" if found.strength is None else "reference"
    return reply(*lines, form=Form("imagine", filled, missing), private=True)


@commands("cancel", private=True, replaces=True)
async def cancel(app: App, who: Who, ask: Cancel) -> Reply:
    """Take back the newest open request, or the one whose button was pressed."""
    if ask.request:
        job = await generation.cancel(app, who, JobId(ask.request))
    else:
        job = await generation.cancel_newest(app, who)
    return reply(say("cancel.done"), private=True, job=job.id, replaces=True)


@commands("queue", private=True)
async def queue(app: App, who: Who, _ask: Nothing) -> Reply:
    """One's open requests: place in line, how far each is, how long it may take."""
    waiting = await generation.queue(app, who)
    if not waiting:
        raise Refused("queue.empty")
    lines = [state_of(app, queued) for queued in waiting]
    buttons = tuple(cancel_button(queued.job.id, nth) for nth, queued in enumerate(waiting, 1))
    return reply(*lines, buttons=buttons if len(waiting) > 1 else (cancel_button(waiting[0].job.id),), private=True)


@commands("words", listed=False, private=True)
async def words(app: App, who: Who, ask: Words) -> Reply:
    """Plain text is not a command: offer to draw it, and charge nothing for a misunderstanding."""
    await accounts.active(app, who)
    return reply(
        say("words.offer"), buttons=(Button(say("button.draw_it"), "imagine", Imagine(ask.text)),), private=True
    )


async def _request(app: App, who: Who, wanted: Ask) -> Reply:
    accepted = await generation.request(app, who, wanted)
    if accepted.seconds is None:
        accepting = say("imagine.accepted", place=accepted.place, price=accepted.price)
    else:
        accepting = say("imagine.accepted_in", place=accepted.place, price=accepted.price, seconds=accepted.seconds)
    lines = [accepting, whisper("imagine.left", spendable=accepted.balance.spendable)]
    lines += [Line(note.key, note.values, private=True) for note in accepted.notes]
    buttons = (cancel_button(accepted.job),)
    return reply(*lines, buttons=buttons, private=accepted.private, final=False, job=accepted.job, count=accepted.count)
