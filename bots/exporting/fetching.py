"""A made export as it is fetched: what its files are called, and their bytes bit by bit. Knows no door."""

from __future__ import annotations

from collections.abc import AsyncIterator

from core.ports import App
from core.records import Records
from core.rights import exports
from core.values.holdings import Export, Piece
from core.values.letters import TicketId


def file_name(export: Export, part: int, count: int) -> str:
    """What its file is called; one of several has its number."""
    numbered = f"-{part}-of-{count}" if count > 1 else ""
    return f"darkroom-export-{export.ticket}{numbered}.zip"


async def chunks(app: App, export: Export, part: int) -> AsyncIterator[bytes]:
    """One file of it, bit by bit. Raises Refused when it was destroyed in between."""
    for piece in await app.database.run(_pieces, export.ticket, part):
        yield await exports.open_piece(app, export, piece)


async def sizes(app: App, export: Export) -> list[int]:
    """Bytes of each of its files, in their order."""
    return await app.database.run(_sizes, export.ticket)


def _pieces(tx: Records, ticket: TicketId, part: int) -> list[Piece]:
    return tx.exports.pieces(ticket, part)


def _sizes(tx: Records, ticket: TicketId) -> list[int]:
    return tx.exports.sizes(ticket)
