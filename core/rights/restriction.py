"""Restriction of processing (GDPR 18): what is somebody's is kept, and nothing else is done with it until they say so.

Requests that wait or are being drawn are taken back and their credits released: a request that waits for weeks would hold its
credits and be drawn when nobody expects it any more. They can be asked again afterwards. Sweeps read `Person.restricted`.
"""

from __future__ import annotations

from dataclasses import dataclass

from core import accounts
from core.errors import Refused
from core.ports import App
from core.records import Records
from core.requests import references
from core.requests.generation import take_back
from core.rights.tickets import close_ticket, open_ticket
from core.values import Job, JobId, Moment, Person, PersonId, Who
from core.values.letters import Outcome, TicketId, TicketKind


@dataclass(frozen=True)
class Restricted:
    """`changed`: it was not so before. `taken_back`: how many open requests."""

    changed: bool
    taken_back: int = 0


async def restrict(app: App, who: Who) -> Restricted:
    """From here on nothing is done with what is theirs but keeping it. Again: whatever a crash left open is taken back."""
    person, now = await accounts.known(app, who), app.clock.now()
    if person.leaving_at is not None:
        raise Refused("account.leaving")
    changed, still_open = await app.database.run(hold_still, person, TicketId(app.ids.short()), who.door, now)
    for job in still_open:
        cancelled = await app.database.run(_take_back, job, person.id, now)
        if cancelled is not None:
            app.board.end(job)
            await app.dispatch.cancel(cancelled.id, cancelled.fence)
            await references.destroy(app, cancelled)
    return Restricted(changed, len(still_open))


async def lift(app: App, who: Who) -> Restricted:
    """Everything is as before, but for the requests that were taken back."""
    person = await accounts.known(app, who)
    changed = await app.database.run(_lift, person, TicketId(app.ids.short()), who.door, app.clock.now())
    return Restricted(changed)


def hold_still(tx: Records, person: Person, ticket: TicketId, door: str, now: Moment) -> tuple[bool, list[JobId]]:
    """Nothing new is let in from here on; what is open already is to be taken back, each in a transaction of its own.

    The account is locked as `accept` locks it, so a request is either refused or seen here.
    """
    tx.ledger.lock(person.account)
    changed = tx.people.restrict(person.id, restricted=True)
    if changed:
        _granted(tx, person.id, ticket, door, "on", now)
    return changed, [job.id for job in tx.jobs.open_of(person.id)]


def _lift(tx: Records, person: Person, ticket: TicketId, door: str, now: Moment) -> bool:
    changed = tx.people.restrict(person.id, restricted=False)
    if changed:
        _granted(tx, person.id, ticket, door, "off", now)
    return changed


def _granted(tx: Records, person: PersonId, ticket: TicketId, door: str, about: str, now: Moment) -> None:
    open_ticket(tx, ticket, person, TicketKind.RESTRICT, door, now, about=about)
    close_ticket(tx, ticket, Outcome.DONE, now)


def _take_back(tx: Records, job: JobId, person: PersonId, now: Moment) -> Job | None:
    """The job as it was; None when it ended in between."""
    try:
        return take_back(tx, job, person, now)
    except Refused:
        return None
