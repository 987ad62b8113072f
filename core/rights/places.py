"""Where a sealed value lies, by the cell that holds it. Knows no key and no person."""

from __future__ import annotations

from typing import Final

from core.ports import Place

SHORT: Final = 8  #: characters of a ticket's number; a report from before reports were tickets has more


def place_of(table: str, column: str, key: str) -> Place:
    """A cell's own place; `key` is its primary key, joined by `/`. What reports said stays sealed for where it lay."""
    if (table, column) == ("ticket", "sealed_text") and len(key) > SHORT:
        return Place("report", "sealed_reason", key)
    return Place(table, column, key)
