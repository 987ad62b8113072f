"""The Bot API's schema as checks: has a request, or an object we send, the shape that the Bot API documents?

Knows shapes only; what is allowed and what is answered is the business of the methods. Every check is built once.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tests.telegram.files import Upload

SPEC = Path(__file__).parents[1] / "specs" / "telegram.json.gz"

Check = Callable[[Any], str | None]
"""What is wrong with a value, beginning with the path to it; None if nothing is."""

Fields = dict[str, dict[str, Any]]

PLAIN: dict[str, Callable[[Any], bool]] = {
    "Integer": lambda value: type(value) is int,
    "Float": lambda value: type(value) in (int, float),
    "String": lambda value: type(value) is str,
    "Boolean": lambda value: type(value) is bool,
    "True": lambda value: value is True,
    "InputFile": lambda value: isinstance(value, Upload),
}


class Misfit(Exception):
    """A value the schema does not know in this place."""


class Schema:
    def __init__(self, spec: dict[str, Any]) -> None:
        self.version: str = spec["version"]
        self.methods: dict[str, Fields] = spec["methods"]
        self._types: dict[str, Fields] = spec["types"]
        self._unions: dict[str, list[str]] = spec["unions"]
        self._checks: dict[str, Check] = {}
        self._requests = {name: self._object(fields) for name, fields in self.methods.items()}

    def read(self, method: str, sent: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters of a request as values. Forms carry everything as text: objects as JSON, numbers in digits."""
        fields = self.methods[method]
        ask = {
            name: _value(fields[name]["type"], value) if name in fields and isinstance(value, str) else value
            for name, value in sent.items()
        }
        if wrong := self._requests[method](ask):
            raise Misfit(f"{method}{wrong}")
        return ask

    def check(self, kind: str, value: Any) -> None:
        if wrong := self._check(kind)(value):
            raise Misfit(f"{kind}{wrong}")

    def _check(self, kind: str) -> Check:
        """The check of a type as the documentation writes it, such as `Array of Array of KeyboardButton`."""
        if kind not in self._checks:
            self._checks[kind] = self._build(kind)
        return self._checks[kind]

    def _build(self, kind: str) -> Check:
        if kind in PLAIN:
            return _plain(kind)
        if kind in self._types:
            return self._object(self._types[kind])
        if kind in self._unions:
            return self._union(self._unions[kind])
        if kind.startswith("Array of "):
            members = re.split(", | and ", kind.removeprefix("Array of "))
            return self._array(members)
        members = kind.split(" or ")
        assert len(members) > 1, kind
        return self._union(members)

    def _object(self, fields: Fields) -> Check:
        required = {name for name, field in fields.items() if field["required"]}
        fixed = {name: field["value"] for name, field in fields.items() if "value" in field}
        kinds = {name: field["type"] for name, field in fields.items()}
        checks: dict[str, Check] = {}  # filled as fields turn up: many types hold themselves

        def check(value: Any) -> str | None:
            if type(value) is not dict:
                return f" should be an object, and is {value!r:.60}"
            for name, inner in value.items():
                if name not in checks:
                    if name not in kinds:
                        return f".{name} does not exist"
                    checks[name] = self._check(kinds[name])
                if wrong := checks[name](inner):
                    return f".{name}{wrong}"
            if missing := required - value.keys():
                return f" lacks {', '.join(sorted(missing))}"
            for name, only in fixed.items():
                if value[name] != only:
                    return f".{name} should be {only!r}, and is {value[name]!r:.60}"
            return None

        return check

    def _array(self, members: list[str]) -> Check:
        item = self._check(members[0]) if len(members) == 1 else self._union(members)

        def check(value: Any) -> str | None:
            if type(value) is not list:
                return f" should be a list, and is {value!r:.60}"
            for index, inner in enumerate(value):
                if wrong := item(inner):
                    return f"[{index}]{wrong}"
            return None

        return check

    def _union(self, members: list[str]) -> Check:
        """The member whose fixed fields fit decides; among the others the first that fits will do."""

        def check(value: Any) -> str | None:
            likely = [member for member in members if self._may_be(member, value)]
            wrong = [self._check(member)(value) for member in likely]
            if None in wrong:
                return None
            return wrong[0] if len(wrong) == 1 else f" should be one of {', '.join(members)}, and is {value!r:.60}"

        return check

    def _may_be(self, kind: str, value: Any) -> bool:
        if kind in PLAIN or kind not in self._types:
            return True
        fields = self._types[kind]
        if type(value) is not dict:
            return False
        return all(value.get(name) == field["value"] for name, field in fields.items() if "value" in field)


@cache
def schema() -> Schema:
    return Schema(json.loads(gzip.decompress(SPEC.read_bytes())))


def _plain(kind: str) -> Check:
    fits = PLAIN[kind]

    def check(value: Any) -> str | None:
        return None if fits(value) else f" should be {kind}, and is {value!r:.60}"

    return check


def _value(kind: str, text: str) -> Any:
    """A value from a form's text; text that cannot be one stays as it is, for the check to refuse."""
    if kind in ("String", "InputFile", "InputFile or String"):
        return text
    if kind in ("Integer", "Integer or String"):
        return int(text) if re.fullmatch(r"-?\d+", text) else text
    if kind == "Boolean":
        return {"true": True, "1": True, "yes": True, "false": False, "0": False}.get(text.lower(), text)
    try:
        return json.loads(text)
    except ValueError:
        return text
