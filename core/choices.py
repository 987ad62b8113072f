"""What people set once, and what they report. Knows no command."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from core import accounts
from core.errors import Refused
from core.moderation import clean
from core.options import NONE, known_model, known_style
from core.ports import App, Place, Records
from core.rules import KEEP_DAYS, REPORT_CHARACTERS
from core.values import Moment, PersonId, PictureId, Preferences, Who


async def preferences(app: App, who: Who, **changes: Any) -> Preferences:
    """This person's preferences, after the given changes. Raises Refused for a value that cannot be."""
    person = await accounts.active(app, who)
    keep_days = changes.get("keep_days", 0)
    if not 0 <= keep_days <= KEEP_DAYS:
        raise Refused("option_range.keep_days", got=keep_days, high=KEEP_DAYS)
    for name, known in (("model", known_model), ("style", known_style)):
        if name in changes:
            named = changes[name].strip()
            changes[name] = "" if named.casefold() == NONE else known(app.catalogue, named).name
    return await app.database.run(_change, person.id, changes)


async def report(app: App, who: Who, picture: PictureId, reason: str) -> None:
    """Store a report about a picture this person may have seen. Raises Refused."""
    person = await accounts.active(app, who)
    reason = clean(reason)
    if len(reason) > REPORT_CHARACTERS:
        raise Refused("report.too_long", most=REPORT_CHARACTERS, got=len(reason))
    id_ = app.ids.opaque()
    sealed = await app.keys.seal(person.id, Place("report", "sealed_reason", id_), reason.encode())
    await app.database.run(_report, id_, person.id, picture, sealed, app.clock.now())


def _change(tx: Records, person: PersonId, changes: dict[str, Any]) -> Preferences:
    chosen = replace(tx.choices.get(person), **changes)
    if changes:
        tx.choices.put(person, chosen)
    return chosen


def _report(tx: Records, id_: str, person: PersonId, picture_id: PictureId, sealed: bytes, now: Moment) -> None:
    """One's own pictures and those that were asked for in public can be reported; a private one of somebody else is unknown."""
    picture = tx.pictures.get(picture_id)
    job = tx.jobs.get(picture.job) if picture else None
    if picture is None or job is None or (job.private and job.person != person):
        raise Refused("picture.unknown", id=picture_id)
    tx.reports.add(id_, person, picture_id, sealed, now)
