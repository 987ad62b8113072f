"""Accounts that nobody uses any more: their people are told, and a while later the account is erased. Activity undoes it.

Of somebody's activity the day alone is noted, once a day at most.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from core.erasing import erasure
from core.erasing.precedence import Standing, rule
from core.errors import Refused, Unavailable
from core.ports import App
from core.records import Records
from core.rights.notices import notify
from core.rules import DAY
from core.values import Moment, PersonId, Who
from core.values.receipts import Ground

BATCH: Final = 50


async def note_activity(app: App, who: Who) -> None:
    """Somebody speaks or presses a button: their account is not dormant. What cannot be noted now is noted the next time."""
    lookup, now = app.keys.lookup(who), app.clock.now()
    day = Moment(now - now % DAY)
    if app.activity.is_first(lookup, day):
        try:
            await app.database.run(_note, lookup, day)
        except Unavailable:
            app.activity.forget(lookup)


async def sweep(app: App) -> tuple[int, int]:
    """How many were told, and how many accounts are erased from now on."""
    told = 0
    while some := await app.database.run(tell, app.clock.now(), app.periods.idle, app.periods.notice):
        told += some
    ended = set[PersonId]()
    while due := set(await app.database.run(dormant, app.clock.now(), app.periods.notice)) - ended:
        for person in due:
            await end_account(app, person)
        ended |= due
    return told, len(ended)


def tell(tx: Records, now: Moment, idle: int, notice: int) -> int:
    """Tell some of those who were away for `idle` that their account goes after `notice` more, in milliseconds."""
    people = tx.people.idle(Moment(now - idle), BATCH)
    for person in people:
        tx.people.mark_dormant(person, now)
        notify(tx, person, "dormant", now + notice, now)
    return len(people)


def dormant(tx: Records, now: Moment, notice: int) -> list[PersonId]:
    """Some of those who were told long enough ago and did not come back; nobody whose account something keeps."""
    return [
        person.id
        for person in tx.people.dormant(Moment(now - notice), BATCH)
        if rule(Standing(restricted=person.restricted, over=True)).goes
    ]


async def end_account(app: App, person: PersonId) -> None:
    """Everything of theirs is erased from here on: they had their time to think better of it."""
    with suppress(Refused):  # they left meanwhile
        await erasure.begin(app, person, Ground.DORMANT)


def _note(tx: Records, lookup: str, day: Moment) -> bool:
    return tx.people.note_active(lookup, day)
