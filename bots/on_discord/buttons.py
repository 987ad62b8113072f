"""Buttons in rows, and forms that open filled in, as Discord shows them. Knows no message and no answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any, Final

import discord

from bots.commands import commands
from bots.declaring import Argument, Command
from bots.on_discord.words import title
from bots.parsing import parse, spell
from bots.replies import Button, Form, Line, say
from core.errors import Refused

ROWS: Final = 5  #: of a message
KEYS: Final = 5  #: of a row
LABEL: Final = 80  #: characters on a button
NAME: Final = 45  #: characters over a field, and over a form
FIELD: Final = 4_000  #: characters in a field
FORM: Final = "form|"  #: what the name of every form begins with
REST: Final = "options"  #: the field for everything that has none of its own
WORD: Final = "x"  #: stands for the words of a command while its options are read

STYLES: Final = {
    "agree": discord.ButtonStyle.success,
    "imagine": discord.ButtonStyle.primary,
    "delete": discord.ButtonStyle.danger,
}

Key = discord.ui.Button[discord.ui.View]
Row = tuple[Key, ...]


def rows_of(buttons: Sequence[Button], tokens: Sequence[str], nth: int = 0) -> list[Row]:
    """As many in a row as there is room for; `nth` tells the buttons of one picture from those of the others."""
    keys = [_key(button, token, nth) for button, token in zip(buttons, tokens, strict=True)]
    return [tuple(keys[begin : begin + KEYS]) for begin in range(0, len(keys), KEYS)][:ROWS]


def rows_on(message: discord.Message) -> list[Row]:
    """The buttons a message has."""
    return [
        tuple(
            Key(style=child.style, label=child.label, custom_id=child.custom_id)
            for child in row.children
            if isinstance(child, discord.Button)
        )
        for row in message.components
        if isinstance(row, discord.ActionRow)
    ]


def view(rows: Sequence[Row]) -> discord.ui.View | None:
    """For the library, which is not to wait for anybody to press: presses come to us by themselves, also after a restart."""
    if not rows:
        return None
    made = discord.ui.View(timeout=None)
    for number, row in enumerate(rows):
        for key in row:
            made.add_item(Key(style=key.style, label=key.label, custom_id=key.custom_id, row=number))
    made.stop()
    return made


def modal(form: Form) -> discord.ui.Modal | None:
    """A form as a window: its words each in a field, everything else in one line.

    None for one that does not fit, or wants a file, which no window takes.
    """
    if form.missing:
        return None
    command = _command(form.command)
    worded = _worded(command)
    filled = {one.name: str(getattr(form.arguments, one.name)) for one in worded}
    others = replace(form.arguments, **dict.fromkeys(filled, ""))
    rest = spell(Form(form.command, others)).removeprefix(f"/{form.command}").strip()
    if any(len(value) > FIELD for value in (*filled.values(), rest)):
        return None
    window = discord.ui.Modal(title=title(say(f"command.{command.name}"), NAME), custom_id=FORM + command.name)
    for one in worded:
        window.add_item(_field(one.name, say(f"option.{one.name}"), filled[one.name], one.required))
    if len(worded) < len(command.arguments):
        window.add_item(_field(REST, say("discord.other_options"), rest, required=False))
    window.stop()
    return window


def submitted(custom_id: str, components: Sequence[Any]) -> tuple[Command, Any]:
    """The command behind a window that was sent, and its arguments. Raises Refused for what cannot be understood."""
    command = commands.get(custom_id.removeprefix(FORM))
    if command is None or not command.listed:
        raise Refused("press.expired")
    given = {one["custom_id"]: one.get("value", "") for one in _inputs(components)}
    worded = [one.name for one in _worded(command)]
    main = next((one.name for one in command.arguments if one.option.main), None)
    rest = given.get(REST, "").strip()
    asked = parse(command, f"{WORD} {rest}" if main else rest)
    if main is not None and getattr(asked, main) != WORD:
        raise Refused("parse.no_words", command=command.name, got=str(getattr(asked, main)).removeprefix(WORD).strip())
    known = {one.name for one in fields(asked)}
    return command, replace(asked, **{name: given[name] for name in worded if name in given and name in known})


def _key(button: Button, token: str, nth: int) -> Key:
    label = say("discord.of_nth", label=button.label, nth=nth) if nth else button.label
    style = STYLES.get(button.command, discord.ButtonStyle.secondary)
    return Key(style=style, label=title(label, LABEL), custom_id=token)


def _field(name: str, label: Line, value: str, required: bool) -> discord.ui.TextInput[discord.ui.Modal]:
    long = name != REST
    return discord.ui.TextInput(
        label=title(label, NAME),
        custom_id=name,
        default=value or None,
        required=required,
        style=discord.TextStyle.paragraph if long else discord.TextStyle.short,
        max_length=FIELD,
    )


def _worded(command: Command) -> list[Argument]:
    """Arguments that are words of one's own: each deserves a field."""
    return [one for one in command.arguments if one.type is str and not one.choices and one.option.offers is None]


def _command(name: str) -> Command:
    command = commands.get(name)
    assert command is not None, "forms are made for declared commands"
    return command


def _inputs(components: Sequence[Any]) -> list[Any]:
    """The fields, each in a row or under a label."""
    found: list[Any] = []
    for outer in components:
        found += outer.get("components", ()) or [outer.get("component", {})]
    return [one for one in found if "custom_id" in one]
