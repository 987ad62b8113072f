"""What the bot says about itself: who it is, its menus, its descriptions; and answers to presses, and files."""

from __future__ import annotations

import re
from typing import Any

from tests.telegram import objects
from tests.telegram.files import LARGEST_DOWNLOAD
from tests.telegram.messages import Answer
from tests.telegram.refusals import bad_request
from tests.telegram.world import World

Ask = dict[str, Any]

#: How long a press may be answered. That there is an end is known from the refusal; where it is, nobody says.
ANSWERABLE = 60.0

LONGEST_ANSWER = 200  #: https://core.telegram.org/bots/api#answercallbackquery
MOST_COMMANDS = 100  #: https://core.telegram.org/bots/api#setmycommands
LONGEST_DESCRIPTION, LONGEST_SHORT_DESCRIPTION = 512, 120  #: https://core.telegram.org/bots/api#setmydescription


async def get_me(world: World, ask: Ask) -> Any:
    return objects.me(world.bot, reads_everything=not world.privacy_mode)


async def set_my_commands(world: World, ask: Ask) -> Any:
    """ "1-32 characters … lowercase English letters, digits and underscores": https://core.telegram.org/bots/api#botcommand"""
    commands = ask["commands"]
    if len(commands) > MOST_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        if not re.fullmatch(r"[a-z0-9_]{1,32}", command["command"].removeprefix("/")):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(command["description"]) <= 256:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    world.commands[_scope(ask)] = [one | {"command": one["command"].removeprefix("/")} for one in commands]
    return True


async def get_my_commands(world: World, ask: Ask) -> Any:
    """Those of exactly this scope and language; a language without commands of its own has none here."""
    return world.commands.get(_scope(ask), [])


async def delete_my_commands(world: World, ask: Ask) -> Any:
    world.commands.pop(_scope(ask), None)
    return True


async def set_my_description(world: World, ask: Ask) -> Any:
    return _describe(world.descriptions, ask, "description", LONGEST_DESCRIPTION)


async def set_my_short_description(world: World, ask: Ask) -> Any:
    return _describe(world.short_descriptions, ask, "short_description", LONGEST_SHORT_DESCRIPTION)


async def answer_callback_query(world: World, ask: Ask) -> Any:
    """A second answer to the same press changes nothing the person saw."""
    query = world.queries.get(ask["callback_query_id"])
    if query is None or world.now() - query.pressed_at > ANSWERABLE:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    if len(ask.get("text", "")) > LONGEST_ANSWER:
        raise bad_request("MESSAGE_TOO_LONG")
    query.answer = query.answer or Answer(ask.get("text", ""), ask.get("show_alert", False), ask.get("url"))
    return True


async def get_file(world: World, ask: Ask) -> Any:
    """The bytes are fetched from `/file/bot<token>/<file_path>`: https://core.telegram.org/bots/api#getfile"""
    found = world.files.by_id(ask["file_id"])
    if found is None:
        raise bad_request("invalid file_id")
    if len(found.data) > LARGEST_DOWNLOAD:
        raise bad_request("file is too big")
    return objects.file(found) | {"file_path": found.path}


def _scope(ask: Ask) -> tuple[Any, ...]:
    scope = ask.get("scope", {"type": "default"})
    whose = [scope[name] for name in ("chat_id", "user_id") if name in scope]
    return scope["type"], *whose, ask.get("language_code", "")


def _describe(kept: dict[str, str], ask: Ask, name: str, longest: int) -> bool:
    text = ask.get(name, "")
    if len(text) > longest:
        raise bad_request(f"{name} is too long")  # wording not known
    kept[ask.get("language_code", "")] = text
    return True
