"""Proves the books from their entries, and from nothing the ledger itself computed. Reads only."""

from __future__ import annotations

from sqlalchemy import Connection


def mistakes(connection: Connection) -> list[str]:
    """One sentence for each way in which the books are wrong; empty means they are right."""
    raise NotImplementedError
