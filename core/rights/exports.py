"""A copy of everything that is held about somebody, for them to take away: asking, making, fetching, forgetting.

What goes into it follows from the data map (`core.values.holdings`); its files are made in bots/exporting. It is theirs by
right: whoever is banned, restricted or leaving gets it too.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from core import accounts
from core.credits import LedgerAccountId
from core.errors import Refused
from core.periods import Keeping
from core.ports import App, Place
from core.records import Records
from core.rights.notices import notify
from core.rights.tickets import close_ticket, open_ticket
from core.rules import DAY, HOUR, MINUTE
from core.values import Moment, Person, PersonId, Who
from core.values.holdings import Export, Piece
from core.values.letters import Outcome, TicketId, TicketKind

PAUSE: Final = DAY  #: between two exports of one person (SECURITY.md 4.8)
LIFE: Final = DAY  #: how long it can be fetched once it is made
PATIENCE: Final = 2 * DAY  #: an export that could not be made by then is given up
CLAIM: Final = 2 * MINUTE  #: whoever makes one and was not heard for so long makes it no more
LINK_LIFE: Final = 15 * MINUTE  #: of a link to all of it; links may be forwarded (SECURITY.md 4.7)
IMAGES_LINK_LIFE: Final = 24 * HOUR  #: of a link to pictures alone
WAITED_AT: Final = frozenset({"terminal"})  #: doors that wait for it and hand it over by themselves
CODE_TRIES: Final = 5
CODE_DIGITS: Final = 6

#: Bytes a file may have where it is fetched, 0 for any number; a little below what the platform names.
MOST: Final = {"telegram": 49_000_000, "discord": 10_000_000}


@dataclass(frozen=True)
class Standing:
    """Somebody's newest export. `began`: it was begun just now; `next_at`: when the next may be asked for."""

    export: Export
    began: bool
    next_at: Moment


async def ask(app: App, who: Who, *, images_only: bool, by_link: bool = False) -> Standing:
    """Begin an export, or find the one that was begun within the day. `by_link`: it need not fit into any chat.

    Raises Refused for who has no account, and for another kind of export within the day.
    """
    person, now = await accounts.known(app, who), app.clock.now()
    export = Export(
        ticket=TicketId(app.ids.short()),
        person=person.id,
        door=who.door,
        images_only=images_only,
        most=0 if by_link else MOST.get(who.door, 0),
        handle=app.ids.opaque(),
        asked_at=now,
        until=Moment(now + PATIENCE),
    )
    standing = await app.database.run(begin, export, person.account, now)
    if not standing.began and standing.export.images_only != images_only and standing.next_at > now:
        raise Refused("export.not_yet", at=standing.next_at)
    return standing


async def newest(app: App, who: Who) -> Export | None:
    """Somebody's newest export, if it is not forgotten yet. Raises Refused for who has no account."""
    person = await accounts.known(app, who)
    export = await app.database.run(_newest, person.id)
    return export if export is not None and export.until > app.clock.now() else None


async def owed(app: App, door: str, person: PersonId) -> list[Export]:
    """Exports of somebody that they were not given yet at this door, made or not."""
    untold = await app.database.run(_untold, door, app.clock.now())
    return [export for export in untold if export.person == person]


async def told(app: App, export: Export) -> None:
    """Somebody was given it; they may still fetch it again."""
    await app.database.run(_told, export.ticket)


async def pictures_of(app: App, person: Person) -> int:
    """How many pictures an export of theirs will hold, about."""
    return await app.database.run(_count_pictures, person.id, app.keeping)


async def claim(app: App, export: Export) -> Export | None:
    """Make it from here on, and alone; what an earlier attempt left is destroyed first. None: somebody else makes it."""
    now, attempt = app.clock.now(), app.ids.opaque()
    if not await app.database.run(_claim, export.ticket, attempt, Moment(now + CLAIM), now):
        return None
    await _destroy_pieces(app, export)
    return await app.database.run(_get, export.ticket)


async def add(app: App, export: Export, pieces: Sequence[Piece], done: int, total: int) -> bool:
    """Pieces that lie where they say, and how far it is. False: it counts no more, and whoever makes it stops."""
    return await app.database.run(_add, export, pieces, done, total, Moment(app.clock.now() + CLAIM))


async def finish(app: App, export: Export, parts: int, *, quietly: bool = False) -> bool:
    """All of it is there, and unless `quietly` its person is to be told so. False: it counts no more."""
    return await app.database.run(_finish, export, parts, quietly or export.door in WAITED_AT, app.clock.now())


async def open_piece(app: App, export: Export, piece: Piece) -> bytes:
    """Raises Refused when it was destroyed in between."""
    sealed = await app.blobs.get(piece.blob)
    if sealed is None:
        raise Refused("export.over")
    return await app.keys.open(export.person, piece_place(piece.blob), sealed)


def piece_place(blob: str) -> Place:
    return Place("export_part", "blob", blob)


# Links


def link_path(app: App, export: Export, now: Moment) -> str:
    """Where somebody fetches their export by a browser, once, with the code that `code` gives."""
    expiry = now + (IMAGES_LINK_LIFE if export.images_only else LINK_LIFE)
    expiry = min(expiry, export.until)
    return f"/d/{export.handle}?e={expiry}&s={_signature(app, export.handle, expiry)}"


def code(app: App, handle: str) -> str:
    """What a link's page asks for: it stands in the chat, so that a forwarded link opens nothing."""
    return f"{int(app.keys.tag(f'export code:{handle}'), 16) % 10**CODE_DIGITS:0{CODE_DIGITS}}"


async def linked(app: App, handle: str, expiry: str, signature: str) -> Export:
    """The export behind a link that can still be used. Raises Refused, in the same words whatever is wrong with it."""
    now = app.clock.now()
    if not _is_signed(app, handle, expiry, signature) or int(expiry) <= now:
        raise Refused("export.no_link")
    export = await app.database.run(_of_handle, handle)
    if export is None or not export.is_made or export.until <= now or export.fetched_at is not None:
        raise Refused("export.no_link")
    return export


async def redeem(app: App, export: Export, typed: str) -> None:
    """Use a link up. Raises Refused for a wrong code, after some of them for any, and for a link that was used meanwhile."""
    if not await app.database.run(_try_code, export.handle):
        raise Refused("export.no_link")
    if not hmac.compare_digest(typed.strip().encode(), code(app, export.handle).encode()):
        raise Refused("export.wrong_code")
    if not await app.database.run(_fetch, export.handle, app.clock.now()):
        raise Refused("export.no_link")


async def renew_link(app: App, export: Export) -> Export:
    """The same export behind another link; the one before leads nowhere from now on."""
    await app.database.run(_renew, export.ticket, app.ids.opaque())
    renewed = await app.database.run(_get, export.ticket)
    if renewed is None:
        raise Refused("export.over")
    return renewed


def _signature(app: App, handle: str, expiry: int) -> str:
    return app.keys.tag(f"export link:{handle}:{expiry}")


def _is_signed(app: App, handle: str, expiry: str, signature: str) -> bool:
    if not (expiry.isascii() and expiry.isdigit() and len(expiry) <= len(str(10**15)) and signature.isascii()):
        return False
    return hmac.compare_digest(signature.encode(), _signature(app, handle, int(expiry)).encode())


# One transaction each


def begin(tx: Records, export: Export, account: LedgerAccountId, now: Moment) -> Standing:
    """The export, begun now, or the one before when it is of the same day. The account is locked: two at once are one."""
    tx.ledger.lock(account)
    before = tx.exports.newest(export.person)
    if before is not None and before.until > now and before.asked_at + PAUSE > now:
        return Standing(before, began=False, next_at=Moment(before.asked_at + PAUSE))
    last = next((one for one in tx.tickets.of(export.person) if one.kind is TicketKind.EXPORT), None)
    if last is not None and last.asked_at + PAUSE > now:
        raise Refused("export.not_yet", at=Moment(last.asked_at + PAUSE))
    about = "images" if export.images_only else ""
    open_ticket(tx, export.ticket, export.person, TicketKind.EXPORT, export.door, now, about=about)
    tx.exports.add(export)
    return Standing(export, began=True, next_at=Moment(now + PAUSE))


def _newest(tx: Records, person: PersonId) -> Export | None:
    return tx.exports.newest(person)


def _untold(tx: Records, door: str, now: Moment) -> list[Export]:
    return tx.exports.untold(door, now)


def _told(tx: Records, ticket: TicketId) -> None:
    tx.exports.told(ticket)


def _get(tx: Records, ticket: TicketId) -> Export | None:
    return tx.exports.get(ticket)


def _of_handle(tx: Records, handle: str) -> Export | None:
    return tx.exports.of_handle(handle)


def _count_pictures(tx: Records, person: PersonId, keeping: Keeping) -> int:
    return tx.pictures.count(person, keeping)


def _claim(tx: Records, ticket: TicketId, attempt: str, until: Moment, now: Moment) -> bool:
    return tx.exports.claim(ticket, attempt, until, now)


def _add(tx: Records, export: Export, pieces: Sequence[Piece], done: int, total: int, claimed_until: Moment) -> bool:
    if not tx.exports.note(export.ticket, export.attempt, done, total, claimed_until):
        return False
    tx.exports.add_pieces(export, pieces)
    return True


def _finish(tx: Records, export: Export, parts: int, quietly: bool, now: Moment) -> bool:
    until = Moment(now + LIFE)
    if not tx.exports.made(export.ticket, export.attempt, parts, until):
        return False
    close_ticket(tx, export.ticket, Outcome.DONE, now)
    if not quietly:
        notify(tx, export.person, "export_ready", until, now)
    return True


def _fetch(tx: Records, handle: str, now: Moment) -> bool:
    return tx.exports.fetch(handle, now)


def _try_code(tx: Records, handle: str) -> bool:
    return tx.exports.try_code(handle, CODE_TRIES)


def _renew(tx: Records, ticket: TicketId, handle: str) -> None:
    tx.exports.renew(ticket, handle)


async def _destroy_pieces(app: App, export: Export) -> None:
    """Blobs before rows: what is named by a row is found again after a crash."""
    for piece in await app.database.run(_pieces, export.ticket):
        await app.blobs.delete(piece.blob)
    await app.database.run(_forget_pieces, export.ticket)


def _pieces(tx: Records, ticket: TicketId) -> list[Piece]:
    return tx.exports.pieces(ticket)


def _forget_pieces(tx: Records, ticket: TicketId) -> None:
    tx.exports.forget_pieces(ticket)
