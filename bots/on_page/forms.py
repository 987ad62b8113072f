"""A command as a form, derived from its declaration: fields out, filled fields back in. Knows no HTML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from bots.declaring import Argument, Attachment, Command, Offers
from bots.offering import Choice, choices_of, is_taken, range_of
from bots.parsing import convert, with_file
from bots.replies import say
from bots.texts import render
from core.errors import Refused
from core.ports import Catalogue, Model
from core.requests.options import NONE
from core.values import Preferences

Value = str | int | float | bool | None  #: of one field, as JSON carries it

_KINDS = {str: "words", int: "number", float: "number", bool: "switch", Attachment: "file"}
_OFFERED = {Offers.MODELS: "model", Offers.STYLES: "name", Offers.ADAPTERS: "adapter"}


def describe(command: Command, catalogue: Catalogue, model: Model, preferred: Preferences) -> dict[str, Any]:
    """The fields of a command; what a person prefers and what the model can do stand in them, what it can't is left out."""
    fields = [
        field
        for argument in command.arguments
        if is_taken(argument, model) and _is_a_choice(field := _field(argument, catalogue, model, preferred))
    ]
    return {"command": command.name, "what": render(say(f"command.{command.name}")), "fields": fields}


def fill(command: Command, values: Mapping[str, Value], attached: Attachment | None = None) -> Any:
    """The arguments of a command from filled fields, perhaps with a file; an empty field counts as left out.

    Raises Refused naming what is wrong, as `parsing.parse` does for a typed line.
    """
    known = {argument.name: argument for argument in command.arguments}
    given: dict[str, Any] = {}
    for name, value in values.items():
        if name not in known:
            raise Refused("parse.unknown_option", got=name[:40], known=tuple(known), command=command.name)
        if value is not None and value != "":
            given[name] = convert(known[name], _spelt(value))
    if attached is not None:
        given |= with_file(command, attached)
    for argument in command.arguments:
        if argument.required and argument.name not in given:
            raise Refused(f"parse.missing_{argument.name}", command=command.name)
    return command.arguments_type(**given)


def filled(arguments: Any) -> dict[str, Value]:
    """The inverse of `fill`."""
    return asdict(arguments)


def _is_a_choice(field: dict[str, Any]) -> bool:
    """Where there is one model, or no style, nobody need be asked."""
    return field["kind"] not in _OFFERED.values() or len(field["choices"]) > (1 if field["kind"] == "model" else 0)


def _field(argument: Argument, catalogue: Catalogue, model: Model, preferred: Preferences) -> dict[str, Any]:
    option = argument.option
    low, high = range_of(argument, [model])
    field: dict[str, Any] = {
        "name": argument.name,
        "help": render(say(f"option.{argument.name}")),
        "kind": "choice" if argument.choices else _KINDS[argument.type],
        "whole": argument.type is int,
        "main": option.main,
        "required": argument.required,
        "choices": [Choice(choice, choice)._asdict() for choice in argument.choices],
        "low": low,
        "high": high,
        "usual": getattr(preferred, argument.name, option.usual),
        "of_model": option.of_model,
        "beside": option.beside,
    }
    if option.of_model:
        field["usual"] = getattr(model, argument.name).default
    if argument.name == "shape":
        field["choices"] = [choice for choice in field["choices"] if choice["value"] in model.sizes]
    return field | _offered(argument, catalogue, model, preferred) if option.offers in _OFFERED else field


def _offered(argument: Argument, catalogue: Catalogue, model: Model, preferred: Preferences) -> dict[str, Any]:
    """What is different about a field where a name of the catalogue is chosen."""
    found = choices_of(argument, catalogue, [model])
    liked = preferred.style if preferred.style in {choice.value for choice in found} else NONE
    usual = {Offers.MODELS: model.name, Offers.STYLES: liked}
    offers = argument.option.offers
    assert offers is not None
    return {
        "kind": _OFFERED[offers],
        "choices": [choice._asdict() for choice in found],
        "usual": usual.get(offers, ""),
    }


def _spelt(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
