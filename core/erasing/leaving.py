"""What somebody is told before they leave, and the two words they may say: that they mean it, and that they think better."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from core import accounts
from core.credits import Balance
from core.datamap import ABUSE, ACCOUNTING, ERASURE, PROOF, Category
from core.disposal import GOES, Disposal, disposals, retained
from core.erasing import erasure
from core.errors import Unavailable
from core.ports import App
from core.records import Records
from core.values import Moment, PersonId, Who
from core.values.receipts import Counted, Erasure, Ground, Retained

#: What stays for each statute, as the texts call it.
KINDS: Final = {PROOF: "proof", ERASURE: "erasure", ABUSE: "abuse", ACCOUNTING: "accounting"}


@dataclass(frozen=True)
class Staying:
    """What stays after an erasure for one statute, by the name it has in the texts, and until when at the latest."""

    kind: str
    statute: str
    until: Moment


@dataclass(frozen=True)
class Preview:
    """Before anything happens. `open` is the erasure that was confirmed already, if any."""

    goes: tuple[Category, ...]
    found: tuple[Counted, ...]
    stays: tuple[Staying, ...]
    balance: Balance
    banned: bool
    window: int
    now: Moment
    open: Erasure | None = None


async def preview(app: App, who: Who) -> Preview:
    """What would go and what would stay. Raises Refused for who has no account."""
    person = await accounts.known(app, who)
    now = app.clock.now()
    found, begun = await app.database.run(_found, disposals(app.datamap), person.id)
    goes = {datum.category for _, datum in app.datamap.personal() if datum.on_erase in GOES}
    return Preview(
        goes=tuple(category for category in Category if category in goes - {Category.LOGS, Category.ERASED}),
        found=found,
        stays=staying(retained(app.datamap, now, app.periods)),
        balance=await accounts.balance(app, person),
        banned=person.banned,
        window=app.limits.undo_window,
        now=now,
        open=begun,
    )


async def confirm(app: App, who: Who) -> Erasure:
    """They mean it. Where there is no time to think better it is done at once, as far as it goes without waiting.

    Raises Refused for who has no account.
    """
    person = await accounts.known(app, who)
    begun = await erasure.begin(app, person.id, Ground.REQUEST, app.limits.undo_window)
    if begun.begins_at > app.clock.now():
        return begun
    with suppress(Unavailable, erasure.Left):  # it is confirmed, and goes on by itself
        await erasure.carry_on(app, begun.code)
    return await erasure.find(app, begun.code) or begun


async def undo(app: App, who: Who) -> None:
    """They think better of it. Raises Refused."""
    await erasure.undo(app, (await accounts.known(app, who)).id)


def staying(cells: Sequence[Retained]) -> tuple[Staying, ...]:
    """Fields by what they stay for."""
    until: dict[str, Moment] = {}
    for cell in cells:
        until[cell.statute] = max(until.get(cell.statute, cell.until), cell.until)
    return tuple(Staying(KINDS[statute], statute, at) for statute, at in until.items())


def _found(tx: Records, disposals: Sequence[Disposal], person: PersonId) -> tuple[tuple[Counted, ...], Erasure | None]:
    return tx.removal.found(disposals, person), tx.erasures.of(person)
