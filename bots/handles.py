"""What stands on a platform's button: an opaque handle to a row that says whose it is and what it does.

A handle is no permission: the presser is compared with the row every time. Nobody has a row before they agree, so a button
shown to a newcomer carries its command itself, under a tag that only fits the person it was made for.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Final

from bots.commands import commands
from bots.declaring import Command, Nothing
from bots.replies import Button, say
from core import accounts
from core.datamap import Category, Datum, Entry, OnErase, OnExport, Purpose, Until
from core.errors import Refused
from core.packed import inside
from core.ports import App, Place
from core.records import Records
from core.rules import BUTTON_LIFE
from core.values import Moment, PersonId, Who

STORED, CARRIED = "1", "0"  #: versions of a token
TAG: Final = 16  #: hex digits of a tag: enough to drop junk before the database is asked

_deed = Datum(Category.DELIVERY, (Purpose.DRAW,), Until.EXPIRY, OnErase.SHRED, OnExport.SUMMARY, sealed=True)
_words = replace(_deed, category=Category.WORDS, free_text=True)
_CHOSEN = ("shape", "count", "model", "style", "lora", "strength", "seed", "steps", "guidance", "private", "reference")
DEED: Final = {
    **dict.fromkeys(("[]", "[].id", "[].name", "[].page", "[].request", "[].ticket", "[].purpose", "[].switch"), _deed),
    **dict.fromkeys(("[].what", "[].part"), _deed),
    **dict.fromkeys(("[].prompt", "[].negative", "[].reason"), _words),
    **dict.fromkeys((f"[].{chosen}" for chosen in _CHOSEN), _deed),
    **dict.fromkeys(("[].signed", "[].good_faith", "[].contact"), _words),
}


def entries() -> tuple[Entry, ...]:
    """What is sealed for a button: its command, and that command's arguments."""
    return inside("button.sealed_deed", "person_id", DEED)


async def issue(app: App, who: Who, buttons: Sequence[Button]) -> list[str]:
    """A token of at most 64 bytes for each button, for this person."""
    if not buttons:
        return []  # what is said when the database is away has none, and must not ask it
    person = await accounts.find(app, who)
    if person is None:
        return [_carried(app, who, button) for button in buttons]
    return await issue_to(app, person.id, buttons)


async def issue_to(app: App, person: PersonId, buttons: Sequence[Button]) -> list[str]:
    """As `issue`, for somebody with an account."""
    if not buttons:
        return []
    rows = []
    for button in buttons:
        handle = app.ids.opaque()[:24]  # 96 bits
        deed = json.dumps([button.command, asdict(button.arguments)], ensure_ascii=False).encode()
        rows.append((handle, await app.keys.seal(person, _place(handle), deed)))
    await app.database.run(_add, person, rows, Moment(app.clock.now() + BUTTON_LIFE))
    return [f"{STORED}|{handle}|{app.keys.tag(handle)[:TAG]}" for handle, _ in rows]


async def redeem(app: App, who: Who, token: str) -> Button:
    """The button behind a token. Raises Refused when it is too old, not of this bot, or somebody else's."""
    version, _, rest = token.partition("|")
    name, _, tag = rest.partition("|")
    if version == CARRIED:
        command = commands.get(name)
        if command is None or tag != _tag_for(app, who, name):
            raise Refused("press.foreign")
        return Button(say("button.carried"), name, command.arguments_type())
    if version != STORED or tag != app.keys.tag(name)[:TAG]:
        raise Refused("press.expired")
    found = await app.database.run(_get, name)
    if found is None or found[2] <= app.clock.now():
        raise Refused("press.expired")
    owner, sealed, _ = found
    command_name, arguments = json.loads(await app.keys.open(owner, _place(name), sealed))
    command = commands.get(command_name)
    if command is None:
        raise Refused("press.expired")
    await _may_press(app, who, command, owner)
    return Button(say("button.carried"), command_name, command.arguments_type(**arguments))


async def _may_press(app: App, who: Who, command: Command, owner: PersonId) -> None:
    person = await accounts.find(app, who)
    if not command.anyone and (person is None or person.id != owner):
        raise Refused("press.foreign")


def _carried(app: App, who: Who, button: Button) -> str:
    assert isinstance(button.arguments, Nothing), "before an account exists, a button may carry no arguments"
    return f"{CARRIED}|{button.command}|{_tag_for(app, who, button.command)}"


def _tag_for(app: App, who: Who, command: str) -> str:
    return app.keys.tag(f"{app.keys.lookup(who)}:{command}")[:TAG]


def _place(handle: str) -> Place:
    return Place("button", "sealed_deed", handle)


def _add(tx: Records, person: PersonId, rows: list[tuple[str, bytes]], until: Moment) -> None:
    for handle, sealed in rows:
        tx.buttons.add(handle, person, sealed, until)


def _get(tx: Records, handle: str) -> tuple[PersonId, bytes, Moment] | None:
    return tx.buttons.get(handle)
