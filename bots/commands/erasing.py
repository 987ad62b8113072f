"""Leaving: what goes and what stays, a typed word that means it, a while to think better, and a receipt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from bots.declaring import Commands, Nothing, Option
from bots.replies import Line, Reply, reply, say
from core.erasing import erasure, leaving
from core.erasing.leaving import Preview, Staying
from core.errors import Refused
from core.ports import App
from core.rules import HOUR, MINUTE
from core.values import Moment, Who
from core.values.receipts import Counted, Erasure, Ground, Receipt, Status, Taken

commands = Commands()
WORD: Final = "DELETE"  #: typed, and nothing a finger slips on


@dataclass(frozen=True)
class DeleteMe:
    word: Annotated[str, Option(main=True)] = ""


@commands("deleteme", private=True)
async def deleteme(app: App, who: Who, ask: DeleteMe) -> Reply:
    """What would be erased and what not; and once the word is typed, the erasure itself."""
    if not ask.word.strip():
        return _preview(await leaving.preview(app, who))
    if ask.word.strip().strip("\"'“”.").upper() != WORD:
        raise Refused("deleteme.other_word", word=WORD)
    begun = await leaving.confirm(app, who)
    if begun.receipt is not None:
        return reply(*receipt_lines(begun.receipt), private=True)
    return reply(*_standing(begun, app.clock.now(), just_now=True), private=True)


@commands("undo", private=True)
async def undo(app: App, who: Who, _ask: Nothing) -> Reply:
    """Everything stays after all, as long as nothing was erased yet."""
    await leaving.undo(app, who)
    return reply(say("undo.done"), private=True)


def receipt_lines(receipt: Receipt) -> list[Line]:
    """A receipt as a person reads it."""
    lines = [
        say("receipt.head", code=receipt.code, at=receipt.closed_at),
        say(f"erasure_status.{receipt.status}"),
        say("receipt.deleted", what=_counted(receipt.deleted)) if receipt.deleted else say("receipt.nothing"),
        say("receipt.key"),
        say("receipt.stays"),
        *(_stays(one) for one in leaving.staying(receipt.retained)),
    ]
    for one in receipt.residual:
        lines.append(_residual(one))
    return [*lines, say("receipt.elsewhere"), say("receipt.backups")]


def standing_lines(found: Erasure, now: Moment) -> list[Line]:
    """How an erasure stands, for whoever knows its code."""
    return receipt_lines(found.receipt) if found.receipt is not None else _standing(found, now)


def _preview(seen: Preview) -> Reply:
    if seen.open is not None:
        return reply(*_standing(seen.open, seen.now), private=True)
    lines = [
        say("deleteme.intro"),
        say("deleteme.goes", what=tuple(say(f"category.{one}") for one in seen.goes)),
        say("deleteme.counted", what=_counted(seen.found)),
        say("deleteme.stays"),
        *(_stays(one) for one in seen.stays),
        say("deleteme.remembered"),
        *([say("deleteme.banned")] if seen.banned else []),
        say("deleteme.credits", spendable=seen.balance.spendable) if seen.balance.spendable else say("deleteme.broke"),
        say("deleteme.elsewhere"),
        _window(seen.window),
        say("deleteme.how", word=WORD),
    ]
    return reply(*lines, private=True)


def _standing(found: Erasure, now: Moment, *, just_now: bool = False) -> list[Line]:
    status = erasure.status(found)
    if status is Status.WAITING and found.begins_at > now:
        begins = _until(found.begins_at, now)
        first = say("deleteme.confirmed", when=begins) if just_now else say("deleteme.waiting", when=begins)
        may_undo = found.ground not in (Ground.CHILD, Ground.OPERATOR)
        return [first, *([say("deleteme.undo")] if may_undo else []), say("deleteme.code", code=found.code)]
    said = Status.UNDER_WAY if status is Status.WAITING else status
    return [say(f"erasure_status.{said}"), say("deleteme.code", code=found.code)]


def _window(window: int) -> Line:
    if not window:
        return say("deleteme.at_once")
    return say("deleteme.window", time=_span(window))


def _until(then: Moment, now: Moment) -> Line:
    return _span(max(0, then - now))


def _span(span: int) -> Line:
    """Rounded down: nobody is promised time they do not have."""
    if span >= 2 * HOUR:
        return say("erasure_span.hours", n=span // HOUR)
    return say("erasure_span.minutes", n=max(1, span // MINUTE))


def _counted(found: Sequence[Counted]) -> tuple[Line, ...]:
    """What people have a word for, by its number; the rest in one figure."""
    known = {"picture": "pictures", "job": "requests", "ticket": "messages", "identity": "identities"}
    named = [
        say(f"erasure_count.{known[one.what]}", n=one.count)
        for one in found
        if one.store == "sql" and one.what in known
    ]
    rows = sum(one.count for one in found if one.store == "sql")
    files = sum(one.count for one in found if one.store == "blob")
    copies = sum(one.count for one in found if one.store.startswith("platform:"))
    return (
        *named,
        *([say("erasure_count.files", n=files)] if files else []),
        *([say("erasure_count.copies", n=copies)] if copies else []),
        say("erasure_count.rows", n=rows),
    )


def _stays(one: Staying) -> Line:
    return say("receipt.stays_line", what=say(f"stay.{one.kind}"), statute=one.statute, until=one.until)


def _residual(one: Counted) -> Line:
    if one.store == "redis":
        return say("residual.redis")
    door = one.store.partition(":")[2].capitalize()
    if one.what == Taken.BLANKED:
        return say("residual.blanked", n=one.count, door=door)
    return say("residual.left", n=one.count, door=door)
