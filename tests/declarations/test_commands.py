"""Each command fits every door it will be shown at, and is in the README."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bots.commands import commands
from bots.declaring import Command
from bots.texts import sentences

README = (Path(__file__).parents[2] / "README.md").read_text()
LISTED = [command for command in commands if command.listed]


@pytest.mark.parametrize("command", LISTED, ids=lambda command: command.name)
def test_its_names_and_sentences_fit_telegram_and_discord(command: Command) -> None:
    """Names a-z, 0-9 and _ up to 32 characters; a sentence up to 100; at most 25 options and choices."""
    assert re.fullmatch(r"[a-z0-9_]{1,32}", command.name)
    assert len(sentences("en")[f"command.{command.name}"]) <= 100
    assert len(command.arguments) <= 25
    for argument in command.arguments:
        assert re.fullmatch(r"[a-z0-9_]{1,32}", argument.name)
        assert len(sentences("en")[f"option.{argument.name}"]) <= 100
        assert len(argument.choices) <= 25


@pytest.mark.parametrize("command", LISTED, ids=lambda command: command.name)
def test_the_readme_lists_it(command: Command) -> None:
    assert f"`/{command.name}" in README


def test_a_text_door_has_at_most_one_place_for_bare_words() -> None:
    for command in commands:
        assert sum(argument.option.main for argument in command.arguments) <= 1, command.name
