"""One line or one press from a person, answered. The one place where trouble becomes a sentence."""

from __future__ import annotations

from math import ceil
from typing import Any

import structlog

from bots.commands import commands
from bots.declaring import Attachment, Command
from bots.handles import redeem
from bots.parsing import parse
from bots.replies import Button, Reply, reply, say
from core.errors import Refused, Trouble
from core.ports import App
from core.rules import COMMAND_BURST
from core.values import Who

log = structlog.get_logger()


async def hear(app: App, who: Who, line: str, attached: Attachment | None = None) -> Reply:
    """The answer to what somebody typed, perhaps with a file. Never raises for what a person can do."""
    name, _, rest = line.strip().partition(" ")
    if not name.startswith("/"):
        command, rest = commands.get("words"), line
    else:
        command = commands.get(name[1:].split("@")[0].lower())
    try:
        if command is None or (name.startswith("/") and not _reachable(command)):
            raise Refused("command.unknown", got=name.removeprefix("/")[:40])
        asked = _understood(command, line, rest, attached)
    except Refused as refusal:
        return sorry(refusal)
    return await answer(app, who, command, asked)


async def press_token(app: App, who: Who, token: str) -> Reply:
    """The answer to a button of a platform, which brings back only its token."""
    try:
        button = await redeem(app, who, token)
    except Trouble as trouble:
        return sorry(trouble)
    return await press(app, who, button)


async def press(app: App, who: Who, button: Button) -> Reply:
    """The answer to a button."""
    command = commands.get(button.command)
    assert command is not None, "buttons are made from declared commands"
    return await answer(app, who, command, button.arguments)


async def answer(app: App, who: Who, command: Command, asked: Any) -> Reply:
    """Run a command. Refused and Unavailable become their sentences; a bug becomes an apology, and a line in the log."""
    try:
        _not_too_often(app, who)
        return await command.handler(app, who, asked)
    except Trouble as trouble:
        app.meter.refused(trouble.key)
        return sorry(trouble)
    except Exception:
        log.exception("command.failed", command=command.name, door=who.door)
        return reply(say("trouble.bug"), error="bug", private=True)


def _not_too_often(app: App, who: Who) -> None:
    now, most = app.clock.now(), app.limits.commands_per_minute
    if wait := app.rates.take("commands", app.keys.lookup(who), most, COMMAND_BURST, now):
        raise Refused("rate.commands", seconds=ceil(wait))


def sorry(trouble: Trouble) -> Reply:
    """What somebody is answered instead. Trouble is for the person who has it, wherever they asked."""
    kind: Any = trouble.kind
    return reply(say(trouble.key, **trouble.values), error=kind, private=True)


def _understood(command: Command, line: str, rest: str, attached: Attachment | None) -> Any:
    """Plain words are taken as they are. Raises Refused."""
    if command.name != "words":
        return parse(command, rest, attached)
    if attached is not None:
        raise Refused("words.with_file")
    return command.arguments_type(line.strip())


def _reachable(command: Command) -> bool:
    """Commands that only stand behind a button cannot be typed."""
    return command.listed
