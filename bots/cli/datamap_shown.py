"""`darkroom datamap`: every attribute that is stored, on paper."""

from __future__ import annotations

from rich import box
from rich.table import Table

from bots.cli.console import print_json, print_table
from bots.wiring import datamap
from core.datamap import Datum, Entry, Meaning


def print_datamap(*, as_json: bool) -> None:
    """All attributes as JSON, or the ones a person looks for as two tables."""
    entries = datamap().entries
    if as_json:
        print_json([_row(entry, entry.meaning) for entry in entries])
        return
    personal = Table("what", "category", "for", "kept", "on erasing", "in an export", title="Personal", box=box.SIMPLE)
    others = Table("what", "why it says nothing about a person", title="Not personal", box=box.SIMPLE)
    for entry in entries:
        row = _row(entry, entry.meaning)
        where = f"{row['store']}: {row['cell']}"
        if isinstance(entry.meaning, Datum):
            purposes = ", ".join(entry.meaning.purposes)
            personal.add_row(where, row["category"], purposes, row["keep"], row["on_erase"], entry.meaning.on_export)
        else:
            others.add_row(where, entry.meaning.reason)
    print_table(personal)
    print_table(others)


def _row(entry: Entry, meaning: Meaning) -> dict[str, str]:
    where = {"store": entry.store, "cell": entry.cell, "subject": entry.subject}
    if not isinstance(meaning, Datum):
        return (
            where
            | dict.fromkeys(("category", "purposes", "keep", "on_erase"), "")
            | {"on_export": f"not personal: {meaning.reason}"}
        )
    return where | {
        "category": meaning.category + (" (sealed)" if meaning.sealed else ""),
        "purposes": ", ".join(f"{purpose} ({purpose.basis})" for purpose in meaning.purposes),
        "keep": meaning.keep,
        "on_erase": meaning.on_erase,
        "on_export": meaning.on_export + (f": {meaning.withheld_because}" if meaning.withheld_because else ""),
    }
