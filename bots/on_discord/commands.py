"""Slash commands, derived from the declarations: how they are registered, and how what was filled in becomes arguments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from bots.commands import commands
from bots.declaring import Argument, Attachment, Command, Offers
from bots.offering import choices_of, range_of
from bots.on_discord.words import title
from bots.replies import say
from core.errors import Refused
from core.ports import Catalogue

DESCRIPTION: Final = 100  #: characters
STRING, INTEGER, BOOLEAN, NUMBER, ATTACHMENT = 3, 4, 5, 10, 11
KINDS: Final[dict[type, int]] = {str: STRING, int: INTEGER, bool: BOOLEAN, float: NUMBER, Attachment: ATTACHMENT}
CHOICES: Final = 25  #: of one option; where there are more, they are completed while somebody types
IN_SERVERS, IN_PRIVATE = 0, 1  #: contexts
BY_SERVERS: Final = 0  #: who installs the bot

Given = Mapping[str, Any]


def registrations(catalogue: Catalogue) -> list[dict[str, Any]]:
    """Everything people can type, as Discord is told of it."""
    return [_registration(command, catalogue) for command in commands if command.listed]


def same(registered: Iterable[Mapping[str, Any]], wanted: Sequence[Mapping[str, Any]]) -> bool:
    """Whether Discord knows exactly these already: it counts how many are registered anew in a day."""
    return _essence(registered) == _essence(wanted)


def given_in(data: Mapping[str, Any]) -> dict[str, Any]:
    """What was filled in by option; a file as Discord describes it."""
    files = data.get("resolved", {}).get("attachments", {})
    return {
        option["name"]: files[option["value"]] if option["type"] == ATTACHMENT else option["value"]
        for option in data.get("options", ())
        if "value" in option
    }


def focused_in(data: Mapping[str, Any]) -> tuple[str, str]:
    """The option somebody is typing, and what stands in it so far."""
    option = next(option for option in data.get("options", ()) if option.get("focused"))
    return option["name"], str(option.get("value", ""))


def arguments(command: Command, given: Given) -> Any:
    """Raises Refused for what cannot be; Discord checks most of it, by what was registered last."""
    known = {argument.name: argument for argument in command.arguments}
    for argument in command.arguments:
        if argument.required and argument.name not in given:
            raise Refused(f"parse.missing_{argument.name}", command=command.name)
    filled = {}
    for name, value in given.items():
        if name not in known:
            raise Refused("parse.unknown_option", got=name, known=tuple(known), command=command.name)
        filled[name] = _checked(known[name], value)
    return command.arguments_type(**filled)


def _registration(command: Command, catalogue: Catalogue) -> dict[str, Any]:
    required_first = sorted(command.arguments, key=lambda argument: not argument.required)
    return {
        "type": 1,
        "name": command.name,
        "description": title(say(f"command.{command.name}"), DESCRIPTION),
        "contexts": [IN_SERVERS, IN_PRIVATE],
        "integration_types": [BY_SERVERS],
        "options": [_option(argument, catalogue) for argument in required_first],
    }


def _option(argument: Argument, catalogue: Catalogue) -> dict[str, Any]:
    option: dict[str, Any] = {
        "type": KINDS[argument.type],
        "name": argument.name,
        "description": title(say(f"option.{argument.name}"), DESCRIPTION),
        "required": argument.required,
    }
    if argument.choices:
        option["choices"] = [{"name": choice, "value": choice} for choice in argument.choices]
    elif argument.option.offers is not None:
        option |= _offered(argument, catalogue)
    if argument.type in (int, float):
        low, high = range_of(argument, catalogue.models)
        option |= {} if low is None else {"min_value": argument.type(low)}
        option |= {} if high is None else {"max_value": argument.type(high)}
    return option


def _offered(argument: Argument, catalogue: Catalogue) -> dict[str, Any]:
    """A list to choose from, where it is short and its names are all that can be said; else completed while somebody types."""
    found = choices_of(argument, catalogue, catalogue.models)
    if argument.option.offers is Offers.ADAPTERS or not 0 < len(found) <= CHOICES:
        return {"autocomplete": True}
    return {"choices": [{"name": choice.label[:DESCRIPTION], "value": choice.value} for choice in found]}


def _checked(argument: Argument, value: Any) -> Any:
    if argument.choices and value not in argument.choices:
        raise Refused("parse.choice", option=argument.name, got=str(value), known=argument.choices)
    if argument.type not in (int, float):
        return value
    number, low, high = argument.type(value), argument.option.low, argument.option.high
    if not (low is None or number >= low) or not (high is None or number <= high):
        raise Refused("parse.range", option=argument.name, got=number, low=low, high=high)
    return number


def _essence(registered: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What a registration says, without what Discord adds and what it says of itself by leaving it out."""
    return {
        one["name"]: {
            "description": one.get("description"),
            "contexts": sorted(one.get("contexts") or ()),
            "integration_types": sorted(one.get("integration_types") or ()),
            "permissions": one.get("default_member_permissions"),
            "adults": bool(one.get("nsfw")),
            "options": [_essence_of_option(option) for option in one.get("options") or ()],
        }
        for one in registered
        if one.get("type", 1) == 1
    }


def _essence_of_option(option: Mapping[str, Any]) -> dict[str, Any]:
    kept = ("type", "name", "description", "min_value", "max_value", "min_length", "max_length")
    return {
        **{name: option.get(name) for name in kept},
        "required": bool(option.get("required")),
        "autocomplete": bool(option.get("autocomplete")),
        "choices": [(choice["name"], choice["value"]) for choice in option.get("choices") or ()],
    }
