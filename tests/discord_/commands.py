"""Application commands: what may be registered, where, and what a person may fill in.

Limits and rules are those of the page "Application Commands".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from tests.discord_ import wire
from tests.discord_.errors import Refusal, invalid_form
from tests.discord_.messages import Upload
from tests.discord_.schema import Complaint
from tests.discord_.screen import Impossible

if TYPE_CHECKING:
    from tests.discord_.people import Channel, User
    from tests.discord_.server import DiscordServer

SLASH = 1
SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = range(1, 12)
NAME = re.compile(r"[-_'\w]{1,32}")
LONGEST = 8_000  #: characters of names, descriptions and values of one command
GLOBAL = None

Path = tuple[str | int, ...]


class Commands:
    """What the bot has registered, globally and per server."""

    def __init__(self, server: DiscordServer) -> None:
        self._server = server
        self._registered: dict[int | None, dict[tuple[int, str], dict[str, Any]]] = {GLOBAL: {}}
        self.created: dict[int | None, int] = {}  #: commands that were new, per place: Discord allows 200 a day

    def here(self, place: int | None = GLOBAL) -> list[dict[str, Any]]:
        return list(self._registered.get(place, {}).values())

    def overwrite(self, place: int | None, bodies: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Register these and no others."""
        complaints = list(_wrong_with(bodies))
        if complaints:
            raise invalid_form(complaints)
        if sum(body.get("type") in (None, SLASH) for body in bodies) > self._server.limits.commands:
            raise Refusal(30032)
        before = self._registered.get(place, {})
        new = [key for key in map(_key, bodies) if key not in before]
        created = self.created.get(place, 0) + len(new)
        if created > self._server.limits.daily_commands:
            raise Refusal(30034, retry_after=3600.0, **{"global": False})
        self.created[place] = created
        self._registered[place] = {_key(body): self._shaped(place, body, before.get(_key(body))) for body in bodies}
        self._server.changes()
        return self.here(place)

    def invocation(self, written: str, person: User, room: Channel, given: dict[str, Any]) -> dict[str, Any]:
        """The data of a command's interaction, as a client fills it in."""
        command, path, options = self._find(written, person, room)
        resolved: dict[str, dict[str, Any]] = {}
        filled = []
        for option in options:
            name = option["name"]
            if name in given:
                value = self._value(option, given[name], person, room, resolved)
                filled.append({"name": name, "type": option["type"], "value": value})
            elif option.get("required"):
                raise Impossible(f"{written} needs {name}")
        unknown = given.keys() - {option["name"] for option in options}
        if unknown:
            raise Impossible(f"{written} has no {', '.join(sorted(unknown))}")
        return _data(command, path, filled) | ({"resolved": resolved} if resolved else {})

    def half_typed(
        self, written: str, focused: str, typed: str, person: User, room: Channel, given: dict[str, Any]
    ) -> dict[str, Any]:
        """The data of an autocomplete interaction."""
        command, path, options = self._find(written, person, room)
        filled = []
        for option in options:
            if option["name"] == focused:
                if not option.get("autocomplete"):
                    raise Impossible(f"{focused} of {written} offers nothing while typing")
                filled.append({"name": focused, "type": option["type"], "value": typed, "focused": True})
            elif option["name"] in given:
                value = self._value(option, given[option["name"]], person, room, {})
                filled.append({"name": option["name"], "type": option["type"], "value": value})
        return _data(command, path, filled)

    def _shaped(self, place: int | None, body: dict[str, Any], before: dict[str, Any] | None) -> dict[str, Any]:
        asked = {
            key: value for key, value in body.items() if value is not None and key not in ("id", "default_permission")
        }
        permissions = asked.pop("default_member_permissions", None)
        shape = {
            "id": before["id"] if before else str(self._server.new_id()),
            "application_id": str(self._server.application_id),
            "type": SLASH,
            "description": "",
            "nsfw": False,
            "contexts": None,
            "integration_types": [0],
            **({"dm_permission": True} if place is GLOBAL else {"guild_id": str(place)}),
            **asked,
            "default_member_permissions": None if permissions is None else str(permissions),
        }
        shape["options"] = [_without_nulls(option) for option in asked.get("options", ())]
        same = before is not None and {**before, "version": None} == {**shape, "version": None}
        return shape | {"version": before["version"] if same and before else str(self._server.new_id())}

    def _find(
        self, written: str, person: User, room: Channel
    ) -> tuple[dict[str, Any], list[dict[str, Any]], list[Any]]:
        """A command, the groups and subcommands on the way, and the options to fill in."""
        name, *path = written.removeprefix("/").split()
        places = [GLOBAL] if room.guild is None else [room.guild.id, GLOBAL]
        command = next(
            (found for place in places if (found := self._registered.get(place, {}).get((SLASH, name)))), None
        )
        if command is None:
            raise Impossible(f"/{name} is not registered here")
        _must_be_offered(command, person, room)
        steps, options = [], command["options"]
        for step in path:
            found = next((one for one in options if one["name"] == step and one["type"] in (SUBCOMMAND, GROUP)), None)
            if found is None:
                raise Impossible(f"{written} is not registered here")
            steps.append(found)
            options = found.get("options") or []
        if any(option["type"] in (SUBCOMMAND, GROUP) for option in options):
            raise Impossible(f"{written} is only the beginning of a command")
        return command, steps, options

    def _value(self, option: dict[str, Any], value: Any, person: User, room: Channel, resolved: dict[str, Any]) -> Any:
        match option["type"]:
            case 3 | 4 | 10:
                return _plain(option, value)
            case 5:
                return bool(value)
            case 6:
                resolved.setdefault("users", {})[str(value.id)] = wire.user(value)
                if room.guild is not None and value in room.guild.members:
                    resolved.setdefault("members", {})[str(value.id)] = wire.resolved_member(value, room)
            case 7:
                resolved.setdefault("channels", {})[str(value.id)] = wire.resolved_channel(value, person)
            case 8:
                resolved.setdefault("roles", {})[str(value.id)] = wire.role(value, 1)
            case 11:
                upload = value if isinstance(value, Upload) else Upload(*value)
                stored = self._server.stored(room, upload, upload.name, None)
                resolved.setdefault("attachments", {})[str(stored.id)] = wire.attachment(stored, ephemeral=True)
                return str(stored.id)
            case kind:
                raise Impossible(f"options of type {kind} are not known to this stand-in")
        return str(value.id)


def _key(body: dict[str, Any]) -> tuple[int, str]:
    return body.get("type") or SLASH, body["name"]


def _data(command: dict[str, Any], path: list[dict[str, Any]], filled: list[dict[str, Any]]) -> dict[str, Any]:
    for step in reversed(path):
        filled = [{"name": step["name"], "type": step["type"], "options": filled}]
    shape = {"id": command["id"], "name": command["name"], "type": SLASH, "options": filled}
    return shape | ({"guild_id": command["guild_id"]} if "guild_id" in command else {})


def _must_be_offered(command: dict[str, Any], person: User, room: Channel) -> None:
    name, contexts = command["name"], command["contexts"]
    if room.guild is None:
        if not command.get("dm_permission", True) or (contexts is not None and 1 not in contexts):
            raise Impossible(f"/{name} is not offered in private")
        return
    if not room.seen_by(person) or not room.guild.has_bot:
        raise Impossible(f"{person.name} or the bot is not in {room.name}")
    if contexts is not None and 0 not in contexts:
        raise Impossible(f"/{name} is not offered in servers")
    needed, held = int(command["default_member_permissions"] or 0), int(room.permissions_of(person))
    if held & needed != needed or (command["default_member_permissions"] == "0" and person is not room.guild.owner):
        raise Impossible(f"/{name} is not offered to {person.name}")


def _plain(option: dict[str, Any], value: Any) -> Any:
    name, kind = option["name"], option["type"]
    if option.get("choices"):
        fitting = [choice["value"] for choice in option["choices"] if value in (choice["name"], choice["value"])]
        if not fitting:
            raise Impossible(f"{value!r} is not a choice of {name}: {[choice['name'] for choice in option['choices']]}")
        return fitting[0]
    wanted: type | tuple[type, ...] = {STRING: str, INTEGER: int}.get(kind, (int, float))
    if not isinstance(value, wanted) or isinstance(value, bool):
        raise Impossible(f"{name} does not take {value!r}")
    size, low, high = (len(value), "min_length", "max_length") if kind == STRING else (value, "min_value", "max_value")
    longest = option.get(high, 6000) if kind == STRING else option.get(high, size)
    if not option.get(low, size) <= size <= longest or value == "":
        raise Impossible(f"{name} takes {option.get(low)} to {longest}, not {size}")
    return value


def _wrong_with(bodies: list[dict[str, Any]]) -> Iterator[Complaint]:
    seen: set[tuple[int, str]] = set()
    for number, body in enumerate(bodies):
        here: Path = (number,)
        if _key(body) in seen:
            words = "Application command names must be unique"
            yield Complaint((*here, "name"), "APPLICATION_COMMANDS_DUPLICATE_NAME", words)
        seen.add(_key(body))
        if _key(body)[0] == SLASH:
            yield from _bad_name(here, body["name"])
            yield from _bad_description(here, body.get("description"))
            yield from _bad_options(here, body.get("options") or ())
            if _size(body) > LONGEST:
                words = f"Command exceeds maximum size ({LONGEST})"
                yield Complaint(here, "APPLICATION_COMMAND_TOO_LARGE", words)


def _bad_name(path: Path, name: str) -> Iterator[Complaint]:
    if not NAME.fullmatch(name) or name != name.lower():
        yield Complaint((*path, "name"), "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")


def _bad_description(path: Path, description: str | None) -> Iterator[Complaint]:
    if not description:
        yield Complaint((*path, "description"), "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")


def _bad_options(path: Path, options: Iterable[dict[str, Any]]) -> Iterator[Complaint]:
    seen, optional_seen, kinds = set(), False, set()
    for number, option in enumerate(options):
        here = (*path, "options", number)
        yield from _bad_name(here, option["name"])
        if option["name"] in seen:
            words = "Application command option names must be unique"
            yield Complaint(here, "APPLICATION_COMMAND_OPTIONS_NAME_INVALID", words)
        if option.get("required") and optional_seen:
            words = "Required options must be placed before non-required options"
            yield Complaint(here, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", words)
        yield from _bad_choices(here, option)
        yield from _bad_options(here, option.get("options") or ())
        seen.add(option["name"])
        optional_seen |= not option.get("required")
        kinds.add(option["type"] in (SUBCOMMAND, GROUP))
    if len(kinds) > 1:
        words = "Sub-command and sub-command group option types are mutually exclusive to all other types"
        yield Complaint((*path, "options"), "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", words)


def _bad_choices(path: Path, option: dict[str, Any]) -> Iterator[Complaint]:
    choices = option.get("choices") or ()
    if choices and option.get("autocomplete"):
        words = "Autocomplete options cannot have choices"
        yield Complaint((*path, "choices"), "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_INVALID", words)
    if len({choice["name"] for choice in choices}) < len(choices):
        words = "Application command option choice names must be unique"
        yield Complaint((*path, "choices"), "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_EXISTS", words)
    for number, choice in enumerate(choices):
        if option["type"] == STRING and len(choice["value"]) > 100:
            place = (*path, "choices", number, "value")
            yield Complaint(place, "BASE_TYPE_MAX_LENGTH", "Must be 100 or fewer in length.")


def _size(body: dict[str, Any]) -> int:
    own = len(body["name"]) + len(body.get("description") or "")
    choices = sum(len(choice["name"]) + len(str(choice["value"])) for choice in body.get("choices") or ())
    return own + choices + sum(_size(option) for option in body.get("options") or ())


def _without_nulls(value: Any) -> Any:
    return json.loads(json.dumps(value), object_hook=lambda found: {k: v for k, v in found.items() if v is not None})
