"""Who somebody is to us: nothing before they agree, then a person with a key, a ledger account and welcome credits."""

from __future__ import annotations

from dataclasses import replace

from core.credits import Balance, LedgerAccountId, LotId
from core.errors import Refused
from core.ports import App, Limits, Place
from core.records import Agreed, Grant, NewIdentity, Records
from core.rules import TOO_YOUNG_LIFE, WELCOME_ONCE
from core.values import Moment, Person, PersonId, Who
from core.values.receipts import BANNED, WELCOME


async def find(app: App, who: Who) -> Person | None:
    """The person behind this identity, or None for somebody who never agreed."""
    return await app.database.run(_of_identity, app.keys.lookup(who))


async def known(app: App, who: Who) -> Person:
    """The person, also one who is banned, restricted or about to leave: for what is theirs by right.

    Raises Refused for who has no account.
    """
    person = await find(app, who)
    if person is None:
        raise Refused("start.first")
    return person


async def active(app: App, who: Who) -> Person:
    """The person, ready to use the bot. Raises Refused with the next step for everybody else."""
    person = await present(app, who)
    if person.restricted:
        raise Refused("account.restricted")
    return person


async def present(app: App, who: Who) -> Person:
    """As `active`, but also who restricted what is done with what is theirs: to look at it, and to delete it."""
    person = await known(app, who)
    if not is_informed(app, person):
        raise Refused("policy.changed", since=person.notice_version)
    if person.banned:
        raise Refused("account.banned")
    if person.leaving_at is not None:
        raise Refused("account.leaving")
    return person


def is_informed(app: App, person: Person) -> bool:
    """Whether they agreed to a text that nothing material was changed in since."""
    return person.notice_version >= app.policy.required


async def agree(app: App, who: Who) -> Person:
    """Somebody read the notice and says they are old enough. Twice is once. Raises Refused for who said otherwise."""
    now, lookup = app.clock.now(), app.keys.lookup(who)
    agreed = Agreed(app.policy.version, app.policy.facts.minimum_age, app.policy.hash)
    if person := await app.database.run(_agree_again, lookup, who.door, agreed, now):
        return person
    person = Person(
        PersonId(app.ids.opaque()), LedgerAccountId(app.ids.opaque()), banned=False, notice_version=agreed.version
    )
    await app.keys.create(person.id)
    sealed = await app.keys.seal(person.id, Place("identity", "sealed_id", lookup), who.raw_id.encode())
    identity = NewIdentity(who.door, lookup, sealed)
    return await app.database.run(enroll, person, identity, agreed, LotId(app.ids.opaque()), app.limits, now)


async def say_too_young(app: App, who: Who) -> None:
    """Remember for a while, under a keyed hash and without an account, that this identity must not be asked again."""
    await app.database.run(_mark_too_young, app.keys.lookup(who), Moment(app.clock.now() + TOO_YOUNG_LIFE))


async def balance(app: App, person: Person) -> Balance:
    return await app.database.run(_balance, person.account, app.clock.now())


def enroll(
    tx: Records, person: Person, identity: NewIdentity, agreed: Agreed, lot: LotId, limits: Limits, now: Moment
) -> Person:
    """Person, identity, acknowledgement, ledger account and welcome credits, or the person who came first.

    A ban outlives an account that was erased, and welcome credits are given once: for a while both are remembered.
    """
    person = replace(person, banned=tx.suppressions.holds(identity.lookup, BANNED, now))
    if not tx.people.add(person, identity, now):
        earlier = tx.people.of_identity(identity.lookup)
        assert earlier is not None, "an identity that cannot be added belongs to somebody"
        return earlier
    tx.people.acknowledge(person.id, agreed, identity.door, now)
    tx.ledger.open_account(person.account, person.id, now)
    before = tx.suppressions.holds(identity.lookup, WELCOME, now)
    if identity.door in WELCOME_ONCE:
        before = before or tx.people.others_at(identity.door, person.id)
        before = before or tx.suppressions.holds(identity.door, WELCOME, now)
    if limits.welcome and not before:
        key = f"grant:welcome:{person.account}"  # the books may name the account, never the person
        tx.ledger.grant(Grant(key, person.account, lot, "promo", limits.welcome, None, "welcome"), now)
    return person


def _agree_again(tx: Records, lookup: str, door: str, agreed: Agreed, now: Moment) -> Person | None:
    too_young_until = tx.people.too_young_until(lookup)
    if too_young_until is not None and too_young_until > now:
        raise Refused("start.too_young", age=agreed.minimum_age)
    person = tx.people.of_identity(lookup)
    if person is not None and person.notice_version < agreed.version:
        tx.people.acknowledge(person.id, agreed, door, now)
        person = tx.people.of_identity(lookup)
    return person


def _of_identity(tx: Records, lookup: str) -> Person | None:
    return tx.people.of_identity(lookup)


def _mark_too_young(tx: Records, lookup: str, until: Moment) -> None:
    tx.people.mark_too_young(lookup, until)


def _balance(tx: Records, account: LedgerAccountId, now: Moment) -> Balance:
    return tx.ledger.balance(account, now)
