"""Whether a value is what a JSON Schema says: the few words of it that the export's schema uses, and no others."""

from __future__ import annotations

import re
from typing import Any

_TYPES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}
_KNOWN = {
    *("$schema", "$id", "title", "description", "type", "const", "pattern"),
    *("properties", "required", "additionalProperties", "items"),
}


def complaints(value: Any, schema: dict[str, Any], at: str = "$") -> list[str]:
    """Sentences about what is otherwise; none means it is valid."""
    assert set(schema) <= _KNOWN, f"{at}: {set(schema) - _KNOWN} is not checked here"
    if "const" in schema:
        return [] if value == schema["const"] else [f"{at}: is not {schema['const']!r}"]
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if not any(_is(value, one) for one in types):
        return [f"{at}: is no {' or '.join(types)}"]
    found = []
    if isinstance(value, str) and "pattern" in schema and not re.search(schema["pattern"], value):
        found.append(f"{at}: is not like {schema['pattern']}")
    if isinstance(value, dict):
        known = schema.get("properties", {})
        found += [f"{at}: lacks {name}" for name in schema.get("required", ()) if name not in value]
        if schema.get("additionalProperties") is False:
            found += [f"{at}: has {name}" for name in value if name not in known]
        for name in value.keys() & known.keys():
            found += complaints(value[name], known[name], f"{at}.{name}")
    if isinstance(value, list) and "items" in schema:
        for nth, one in enumerate(value):
            found += complaints(one, schema["items"], f"{at}[{nth}]")
    return found


def _is(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, _TYPES[name])
