"""What an operator does to one person's account, of which that person sees that it was done."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from core import accounts
from core.credits import Balance, LotId, Milli
from core.errors import Refused
from core.ports import App
from core.rules import CREDIT
from core.values import Person, Who


async def balance(app: App, person: str) -> Balance:
    """Raises Refused for somebody unknown."""
    found = await find(app, person)
    await looked(app, found, "credits show")
    return await accounts.balance(app, found)


async def grant(app: App, person: str, amount: str, reason: str) -> Balance:
    """Adjust by an amount in credits, and return the new balance. Raises Refused for what is no amount, or nobody."""
    try:
        milli = Decimal(amount) * CREDIT
        whole = int(milli)
    except (InvalidOperation, ValueError, OverflowError):
        raise Refused("operator.no_amount", got=amount) from None
    if whole != milli or whole == 0 or abs(whole) > 10**15:
        raise Refused("operator.no_amount", got=amount)
    found = await find(app, person)
    key, lot = f"adjust:{app.ids.opaque()}", LotId(app.ids.opaque())
    await looked(app, found, "credits grant")
    await app.database.run(lambda tx: tx.ledger.adjust(key, found.account, lot, Milli(whole), reason, app.clock.now()))
    return await accounts.balance(app, found)


async def weight(app: App, person: str, weight: int | None) -> int:
    """How many turns a person has for one of others, after setting it where one is given. Raises Refused."""
    found = await find(app, person)
    await looked(app, found, "weight")
    if weight is None:
        return found.weight
    await app.database.run(lambda tx: tx.people.weigh(found.id, weight))
    return weight


async def looked(app: App, person: Person, command: str) -> None:
    """Written down before anything is seen or changed: the person may know."""
    await app.database.run(lambda tx: tx.looks.add(person.id, command, app.clock.now()))


async def find(app: App, person: str) -> Person:
    """Who is meant by a door and a name. Raises Refused."""
    door, colon, raw_id = person.partition(":")
    if not (door and colon and raw_id):
        raise Refused("operator.no_person", got=person)
    found = await accounts.find(app, Who(door, raw_id))
    if found is None:
        raise Refused("operator.unknown", got=person)
    return found
