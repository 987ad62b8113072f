"""Discord's published schemas, compiled once: what is wrong with a request's body, and whether what we send is well formed.

It knows shapes and the limits that stand in the schemas; rules between fields are `rest.py`'s and `messages.py`'s.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from jsonschema import Draft202012Validator, ValidationError, validators

SPEC = Path(__file__).parents[1] / "specs" / "discord.json.gz"
ID = {"type": "string", "pattern": "^(0|[1-9][0-9]*)$"}
NUMBER = re.compile(r'"[1-9][0-9]{15,19}"')  #: an id as Discord gives them
ID_SENT_TO_DISCORD = {"anyOf": [{"type": "integer", "minimum": 0}, ID]}  #: its documentation: "strings or integers"
ERROR_DETAILS = {"type": "object"}  #: the schema has numbers for codes that its documentation shows as names


class Malformed(AssertionError):
    """This server was about to send what Discord never would: a mistake in the server itself."""


@dataclass(frozen=True)
class Complaint:
    """One line of the `errors` object of code 50035."""

    path: tuple[str | int, ...]
    code: str
    message: str


class Schemas:
    """The validators of one set of named schemas; references and unions are resolved ahead, for speed."""

    def __init__(self, named: dict[str, Any]) -> None:
        self.named = named
        self._narrowed: dict[int, tuple[list[Any], dict[Any, list[Any]]]] = {}
        self._fitted: set[tuple[str, str]] = set()
        self._validator = validators.extend(Draft202012Validator, {"$ref": self._follow, "anyOf": self._any_of})

    def wrong(self, what: str, schema: dict[str, Any], value: Any) -> list[ValidationError]:
        """`what` names the schema. What differs from something that fits in ids alone is not looked through again."""
        seen = (what, NUMBER.sub('"1"', json.dumps(value)))
        if seen in self._fitted:
            return []
        errors = list(self._validator(schema).iter_errors(value))
        if not errors:
            self._fitted.add(seen)
        return errors

    def _follow(self, validator: Any, name: str, value: Any, _schema: Any) -> Iterator[ValidationError]:
        yield from validator.descend(value, self.named[name])

    def _any_of(self, validator: Any, branches: list[Any], value: Any, _schema: Any) -> Iterator[ValidationError]:
        branches = self._narrow(branches, value)
        if len(branches) == 1:
            yield from validator.descend(value, branches[0])
            return
        for branch in branches:
            if next(validator.descend(value, branch), None) is None:
                return
        alike = [branch for branch in branches if "type" in branch and validator.is_type(value, branch["type"])]
        if len(alike) == 1:
            yield from validator.descend(value, alike[0])
        else:
            yield ValidationError("fits none of its forms", validator="anyOf")

    def _narrow(self, branches: list[Any], value: Any) -> list[Any]:
        """The branches an object's `type` points at, so that a complaint names the field and not the union."""
        untyped, typed = self._told_apart(branches)
        if isinstance(value, dict) and typed:
            fitting = typed.get(value.get("type"))
            return fitting or branches
        if value is not None and len(untyped) > 1:
            return [branch for branch in branches if branch != {"type": "null"}]
        return branches

    def _told_apart(self, branches: list[Any]) -> tuple[list[Any], dict[Any, list[Any]]]:
        found = self._narrowed.get(id(branches))
        if found is None:
            untyped: list[Any] = []
            typed: dict[Any, list[Any]] = {}
            for branch in branches:
                values = list(self._types(branch))
                for value in values:
                    typed.setdefault(value, []).append(branch)
                if not values:
                    untyped.append(branch)
            found = self._narrowed[id(branches)] = untyped, typed
        return found

    def _types(self, branch: dict[str, Any]) -> Iterable[Any]:
        if "$ref" in branch:
            return self._types(self.named[branch["$ref"]])
        if "anyOf" in branch:
            return [value for part in branch["anyOf"] for value in self._types(part)]
        kind = branch.get("properties", {}).get("type", {})
        if "$ref" in kind:
            kind = self.named[kind["$ref"]]
        return [kind["const"]] if "const" in kind else kind.get("enum", ())


class Spec:
    """The file under `tests/specs`: routes with what they take and give, and gateway events."""

    COMMANDS: ClassVar = {1: "heartbeat", 2: "identify", 3: "update presence", 6: "resume", 8: "request guild members"}
    INTERACTIONS: ClassVar = {2: "COMMAND", 3: "COMPONENT", 4: "AUTOCOMPLETE", 5: "MODAL"}

    def __init__(self) -> None:
        written = json.loads(gzip.decompress(SPEC.read_bytes()))
        self.sources: list[dict[str, str]] = written["sources"]
        self.routes: dict[str, dict[str, Any]] = written["routes"]
        self.events: dict[str, dict[str, Any]] = written["events"]
        self._taken = Schemas(written["rest"] | {"SnowflakeType": ID_SENT_TO_DISCORD})
        self._given = Schemas(written["rest"] | {"ErrorDetails": ERROR_DETAILS})
        self._told = Schemas(written["gateway"])
        self._heard = Schemas(written["gateway"] | {"Snowflake": ID_SENT_TO_DISCORD, "GatewayPresenceUpdateData": {}})

    def complaints(self, route: str, body: Any) -> list[Complaint]:
        """What Discord would find wrong with this body, field by field."""
        schema = self.routes[route]["takes"]
        return [] if schema is None else [_complaint(error) for error in self._taken.wrong(route, schema, body)]

    def check_answer(self, route: str, status: int, body: Any) -> None:
        if status >= 400:
            schema = {"$ref": "RatelimitedResponse" if status == 429 and "retry_after" in body else "ErrorResponse"}
        else:
            schema = self.routes[route]["gives"].get(str(status))
            if schema is None and body is None:
                return
        what = f"{route} -> {status}"
        _must_fit(what, self._given.wrong(what, schema or {"type": "null"}, body))

    def check_event(self, name: str, data: Any) -> None:
        if name == "INTERACTION_CREATE":
            name = self.INTERACTIONS[data["type"]]
        if name in self.events:
            _must_fit(name, self._told.wrong(name, self.events[name], data))

    def command_is_well_formed(self, payload: dict[str, Any]) -> bool:
        """Of what the bot sends over the gateway; presences may have the form of before 2020, as discord.py's do."""
        known = self.COMMANDS.get(payload.get("op", -1))
        return known is not None and not self._heard.wrong(known, self.events[known], payload)


@cache
def spec() -> Spec:
    return Spec()


def errors_object(complaints: Iterable[Complaint]) -> dict[str, Any]:
    """Complaints as the nested object that Discord answers with."""
    errors: dict[str, Any] = {}
    for complaint in complaints:
        place = errors
        for step in complaint.path:
            place = place.setdefault(str(step), {})
        place.setdefault("_errors", []).append({"code": complaint.code, "message": complaint.message})
    return errors


def _must_fit(what: str, errors: list[ValidationError]) -> None:
    if errors:
        lines = [f"{'/'.join(map(str, error.absolute_path)) or '(whole)'}: {error.message[:200]}" for error in errors]
        raise Malformed(f"{what} does not fit Discord's schema: " + "; ".join(lines))


def _complaint(error: ValidationError) -> Complaint:
    path, rule, limit = tuple(error.absolute_path), error.validator, error.validator_value
    schema = error.schema if isinstance(error.schema, dict) else {}
    if rule == "required":
        missing = error.message.split("'")[1]
        return Complaint((*path, missing), "BASE_TYPE_REQUIRED", "This field is required")
    if rule in ("minLength", "maxLength", "minItems", "maxItems"):
        return Complaint(path, *_length(schema, rule, limit))
    if rule in ("minimum", "maximum"):
        bound = "greater" if rule == "minimum" else "less"
        code = "NUMBER_TYPE_MIN" if rule == "minimum" else "NUMBER_TYPE_MAX"
        return Complaint(path, code, f"int value should be {bound} than or equal to {limit}.")
    if rule in ("enum", "const"):
        return Complaint(path, "BASE_TYPE_CHOICES", f"Value must be one of {limit if rule == 'enum' else [limit]}.")
    if rule == "pattern":
        return Complaint(path, "NUMBER_TYPE_COERCE", f'Value "{error.instance}" is not snowflake.')
    if rule == "type":
        return Complaint(path, *_kind(limit, error.instance))
    return Complaint(path, "UNION_TYPE_CHOICES", "Value is of none of the allowed kinds.")


def _length(schema: dict[str, Any], rule: str, limit: int) -> tuple[str, str]:
    low, high = schema.get("minLength", schema.get("minItems")), schema.get("maxLength", schema.get("maxItems"))
    if low is not None and high is not None:
        return "BASE_TYPE_BAD_LENGTH", f"Must be between {low} and {high} in length."
    if rule.startswith("max"):
        return "BASE_TYPE_MAX_LENGTH", f"Must be {limit} or fewer in length."
    return "BASE_TYPE_MIN_LENGTH", f"Must be {limit} or more in length."


def _kind(wanted: Any, value: Any) -> tuple[str, str]:
    kind = wanted[0] if isinstance(wanted, list) else wanted
    match kind:
        case "string":
            return "STRING_TYPE_CONVERT", f'Could not interpret "{value}" as string.'
        case "boolean":
            return "BOOLEAN_TYPE_CONVERT", "Must be either true or false."
        case "array":
            return "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType"
        case "object":
            return "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType"
        case _:
            return "NUMBER_TYPE_COERCE", f'Value "{value}" is not int.'
