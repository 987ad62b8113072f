"""A command as a form, derived from its declaration: fields out, filled fields back in. Knows no HTML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from bots.declaring import Argument, Attachment, Command
from bots.parsing import convert
from bots.replies import say
from bots.texts import render
from core.errors import Refused
from core.ports import Model
from core.values import Preferences

Value = str | int | float | bool | None  #: of one field, as JSON carries it

_KINDS = {str: "words", int: "number", float: "number", bool: "switch", Attachment: "file"}


def describe(command: Command, model: Model, preferred: Preferences) -> dict[str, Any]:
    """The fields of a command; what a person prefers and what the model can do stand in them."""
    fields = [_field(argument, model, preferred) for argument in command.arguments]
    return {"command": command.name, "what": render(say(f"command.{command.name}")), "fields": fields}


def fill(command: Command, values: Mapping[str, Value]) -> Any:
    """The arguments of a command from filled fields; an empty field counts as left out.

    Raises Refused naming what is wrong, as `parsing.parse` does for a typed line.
    """
    known = {argument.name: argument for argument in command.arguments}
    given: dict[str, Any] = {}
    for name, value in values.items():
        if name not in known:
            raise Refused("parse.unknown_option", got=name[:40], known=tuple(known), command=command.name)
        if value is not None and value != "":
            given[name] = convert(known[name], _spelt(value))
    for argument in command.arguments:
        if argument.required and argument.name not in given:
            raise Refused(f"parse.missing_{argument.name}", command=command.name)
    return command.arguments_type(**given)


def filled(arguments: Any) -> dict[str, Value]:
    """The inverse of `fill`."""
    return asdict(arguments)


def _field(argument: Argument, model: Model, preferred: Preferences) -> dict[str, Any]:
    option = argument.option
    field: dict[str, Any] = {
        "name": argument.name,
        "help": render(say(f"option.{argument.name}")),
        "kind": "choice" if argument.choices else _KINDS[argument.type],
        "whole": argument.type is int,
        "main": option.main,
        "required": argument.required,
        "choices": argument.choices,
        "low": option.low,
        "high": option.high,
        "usual": getattr(preferred, argument.name, None),
    }
    if argument.name in ("steps", "guidance"):
        allowed = getattr(model, argument.name)
        field |= {"low": allowed.low, "high": allowed.high, "usual": allowed.default}
    if argument.name == "shape":
        field["choices"] = tuple(shape for shape in argument.choices if shape in model.sizes)
    return field


def _spelt(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
