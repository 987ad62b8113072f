"""How an export is written down: the form of its JSON, published as a JSON Schema that follows from the data map."""

from __future__ import annotations

from typing import Any, Final

from core.datamap import DataMap
from core.values.holdings import FORMAT, REF, VERSION, Cell, Table
from storage.records.holdings import tables

DATA, LEDGER, MANIFEST, INDEX = "data.json", "ledger.csv", "manifest.json", "index.html"
PICTURES: Final = "pictures/"
LEDGER_COLUMNS: Final = ("at", "kind", "reason", "account", "millicredits")
_REFERENCE: Final = {"type": "string", "pattern": f"^[0-9a-f]{{{REF}}}$"}
_TYPES: Final = {"integer": "integer", "number": "number", "boolean": "boolean", "string": "string", "sealed": "string"}


def schema(datamap: DataMap) -> dict[str, Any]:
    """The JSON Schema of data.json: every table and column that the map lets people see, and nothing else."""
    every = tables(datamap)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"darkroom-export-{VERSION}",
        "title": "A copy of everything that a Darkroom keeps about one person",
        "description": "Moments are milliseconds since 1970, UTC. Amounts are thousandths of a credit. _row calls a row "
        "within this file, _of names the rows it belongs to, and _file the picture it speaks of.",
        "type": "object",
        "required": ["format", "version", "made_at", "by", "tables"],
        "additionalProperties": False,
        "properties": {
            "format": {"const": FORMAT},
            "version": {"const": VERSION},
            "made_at": {"type": "integer"},
            "by": {"type": "string"},
            "tables": {
                "type": "object",
                "required": [table.name for table in every],
                "additionalProperties": False,
                "properties": {table.name: _table(table) for table in every},
            },
        },
    }


def _table(table: Table) -> dict[str, Any]:
    properties: dict[str, Any] = {"_row": _REFERENCE}
    if of := shown_references(table):
        properties["_of"] = {
            "type": "object",
            "additionalProperties": False,
            "properties": dict.fromkeys(sorted(of), _REFERENCE),
        }
    if table.blobs:
        properties["_file"] = {"type": ["string", "null"], "pattern": f"^{PICTURES}[0-9A-Za-z]+\\.[a-z]+$"}
    properties |= {cell.name: _cell(cell) for cell in table.values}
    row = {"type": "object", "required": list(properties), "additionalProperties": False, "properties": properties}
    summary = {"type": "object", "required": ["filled"], "properties": {"filled": {"type": "integer"}}}
    return {
        "type": "object",
        "required": ["rows", "summary"],
        "additionalProperties": False,
        "properties": {
            "rows": {"type": "array", "items": row},
            "summary": {
                "type": "object",
                "required": [cell.name for cell in table.summaries],
                "additionalProperties": False,
                "properties": {cell.name: summary for cell in table.summaries},
            },
        },
    }


def _cell(cell: Cell) -> dict[str, Any]:
    if cell.inside:
        types = ["object", "array", "string", "null"]
        return {"type": types}
    types = [_TYPES[cell.kind]]
    if cell.nullable or cell.kind == "sealed":  # what is sealed may be unreadable, and is told so in the manifest
        types.append("null")
    return {"type": types[0] if len(types) == 1 else types}


def shown_references(table: Table) -> dict[str, str]:
    """Columns that name rows of other tables than the person's own, which every row belongs to."""
    return {column: other for column, other in table.refers.items() if other != "person"}
