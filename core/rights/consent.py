"""What people allow, and what they object to. Nothing is allowed before somebody says so, and taking it back works at once."""

from __future__ import annotations

from dataclasses import dataclass

from core import accounts
from core.datamap import Basis, DataMap, Purpose
from core.errors import Refused
from core.policy.permissions import COMPELLING, NEVER_AT, SWITCHES, Consent
from core.ports import App
from core.records import Records
from core.rights.tickets import close_ticket, open_ticket
from core.values import Moment, Person, PersonId, Who
from core.values.letters import Outcome, TicketId, TicketKind


@dataclass(frozen=True)
class Standing:
    """One thing that may be allowed. `since`: when it was last switched, None for what never was."""

    purpose: Purpose
    given: bool
    since: Moment | None
    offered: bool  #: whoever runs this bot does it at all
    possible: bool  #: the rules of this platform let anybody allow it


# Whether something may be done


# What people say


async def standings(app: App, who: Who) -> list[Standing]:
    """Everything optional, and how it stands. Raises Refused for who has no account."""
    person = await accounts.known(app, who)
    return await app.database.run(_standings, person.id, app.policy.facts.offered, who.door)


async def allow(app: App, who: Who, purpose: Purpose, text_hash: str) -> None:
    """Raises Refused for what is not done here, or what their platform forbids. `text_hash` is of the words they were shown."""
    person = await accounts.known(app, who)
    if person.leaving_at is not None:
        raise Refused("account.leaving")
    if purpose not in app.policy.facts.offered:
        raise Refused("consent.not_done_here")
    if purpose in NEVER_AT.get(who.door, ()):
        raise Refused("consent.not_on_this_platform")
    await app.database.run(switch, person, purpose, True, text_hash, who.door, app.clock.now())


async def withdraw(app: App, who: Who, purpose: Purpose, text_hash: str) -> None:
    """At once, and everywhere; what was never allowed stays so."""
    person = await accounts.known(app, who)
    await app.database.run(switch, person, purpose, False, text_hash, who.door, app.clock.now())


def switch(
    tx: Records, person: Person, purpose: Purpose, allowed: bool, text_hash: str, door: str, now: Moment
) -> bool:
    """Write it into the log, and do what follows at once; False when it stood so already, under the same words."""
    newest = tx.consents.newest(person.id, purpose)
    if allowed:
        tx.objections.remove(person.id, purpose)
        if newest is not None and newest.given and newest.text_hash == text_hash:
            return False
    else:
        if purpose is Purpose.SHOW:
            tx.pictures.conceal_all(person.id)
        if newest is None or not newest.given:
            return False
    version = max(person.notice_version, person.policy_seen)
    tx.consents.add(person.id, Consent(purpose, allowed, version, text_hash, door, now))
    return True


# Objections


def objectionable(datamap: DataMap) -> list[Purpose]:
    """What anybody may object to: whatever rests on a legitimate interest, and whatever is optional."""
    used = {purpose for _, datum in datamap.personal() for purpose in datum.purposes}
    return [one for one in Purpose if one in SWITCHES or (one in used and one.basis is Basis.LEGITIMATE_INTEREST)]


@dataclass(frozen=True)
class Opposed:
    """What came of an objection: it stopped, unless it is compelling."""

    purpose: Purpose
    ticket: TicketId
    stopped: bool


async def objections(app: App, who: Who) -> dict[Purpose, Moment]:
    """What this person objected to, and when."""
    person = await accounts.known(app, who)
    return await app.database.run(_objections, person.id)


async def object_to(app: App, who: Who, purpose: Purpose, text_hash: str) -> Opposed:
    """Stops what may be stopped; what goes on is answered with its reason. Raises Refused for what nobody can object to."""
    person = await accounts.known(app, who)
    if purpose not in objectionable(app.datamap):
        raise Refused("object.other_right")
    ticket = TicketId(app.ids.short())
    return await app.database.run(oppose, person, purpose, ticket, text_hash, who.door, app.clock.now())


async def object_no_more(app: App, who: Who, purpose: Purpose) -> bool:
    """False: there was no objection. What is optional stays off until its person allows it."""
    person = await accounts.known(app, who)
    return await app.database.run(_no_more, person.id, purpose)


def oppose(
    tx: Records, person: Person, purpose: Purpose, ticket: TicketId, text_hash: str, door: str, now: Moment
) -> Opposed:
    tx.objections.add(person.id, purpose, now)
    if purpose in SWITCHES:
        switch(tx, person, purpose, False, text_hash, door, now)
    stopped = purpose not in COMPELLING
    open_ticket(tx, ticket, person.id, TicketKind.OBJECT, door, now, about=purpose)
    close_ticket(tx, ticket, Outcome.DONE if stopped else Outcome.REFUSED, now)
    return Opposed(purpose, ticket, stopped)


def _no_more(tx: Records, person: PersonId, purpose: Purpose) -> bool:
    return tx.objections.remove(person, purpose)


def _objections(tx: Records, person: PersonId) -> dict[Purpose, Moment]:
    return {objection.purpose: objection.at for objection in tx.objections.of(person)}


def _standings(tx: Records, person: PersonId, offered: frozenset[Purpose], door: str) -> list[Standing]:
    forbidden, found = NEVER_AT.get(door, frozenset()), []
    for purpose in SWITCHES:
        newest = tx.consents.newest(person, purpose)
        standing = Standing(
            purpose,
            given=newest is not None and newest.given and purpose in offered,
            since=newest.at if newest else None,
            offered=purpose in offered,
            possible=purpose not in forbidden,
        )
        found.append(standing)
    return found
