"""One line or one press from a person, answered. The one place where trouble becomes a sentence."""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from typing import Any, Final

import structlog

from bots.commands import commands
from bots.commands.account import asked_again
from bots.declaring import Attachment, Command
from bots.handles import redeem
from bots.parsing import parse
from bots.replies import Button, Reply, reply, say, whisper
from core.erasing import dormancy
from core.errors import Refused, Trouble, Unavailable
from core.ports import App
from core.rights import notices, profiles, publishing, usage
from core.rules import COMMAND_BURST
from core.values import Who

log = structlog.get_logger()

QUIET: Final = frozenset({"discord"})  #: doors where a private answer stands where it was asked, for one pair of eyes


async def hear(app: App, who: Who, line: str, attached: Attachment | None = None) -> Reply:
    """The answer to what somebody typed, perhaps with a file. Never raises for what a person can do."""
    name, rest = (*line.split(maxsplit=1), "", "")[:2]
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
        await dormancy.note_activity(app, who)
        told = await command.handler(app, who, asked)
        await _note(app, who, command, told)
    except Trouble as trouble:
        app.meter.refused(trouble.key)
        told = asked_again_instead(app, trouble) or sorry(trouble)
    except Exception:
        log.exception("command.failed", command=command.name, door=who.door)
        return reply(say("trouble.bug"), error="bug", private=True)
    return await _with_notices(app, who, told)


async def _note(app: App, who: Who, command: Command, told: Reply) -> None:
    """What follows an answer without changing it: a count, where they allow it, and the name they asked to be called by."""
    try:
        if command.listed:
            await usage.note(app, who, command.name, told.job)
        await profiles.refresh(app, who)
    except Unavailable:
        log.info("task.failed", task="note")
    except Exception:
        log.exception("task.failed", task="note")


async def _with_notices(app: App, who: Who, told: Reply) -> Reply:
    """What they are to be told besides, where nobody else reads along and the answer stays as it is."""
    alone = not (who.origin and who.origin.server) or (told.private and who.door in QUIET)
    if not alone or told.job is not None or told.form is not None or told.replaces or told.error == "unavailable":
        return told
    try:
        changed = await publishing.is_news(app, who)
        found = await notices.take(app, who)
    except Trouble:  # another time: the answer stands
        return told
    news = (whisper("policy.changed_little", version=app.policy.version),) if changed else ()
    noticed = (whisper(f"notice.{one.key}", figure=one.figure) for one in found)
    return replace(told, lines=(*news, *told.lines, *noticed))


def _not_too_often(app: App, who: Who) -> None:
    now, most = app.clock.now(), app.limits.commands_per_minute
    if wait := app.rates.take("commands", app.keys.lookup(who), most, COMMAND_BURST, now):
        raise Refused("rate.commands", seconds=ceil(wait))


def asked_again_instead(app: App, trouble: Trouble) -> Reply | None:
    """Who has to read the policy again is told what changed, and can agree at once."""
    if trouble.key != "policy.changed":
        return None
    return replace(asked_again(app, trouble.values["since"]), error="refused")


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
