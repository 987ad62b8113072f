"""Everybody has every right, and each is told with the command that grants it."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

from bots.commands import commands
from bots.policy.shown import Section, section
from bots.texts import render, sentences
from bots.wiring import policy
from core.policy.claims import CLAIMS, Right
from core.policy.facts import TRIAL

ROOT = Path(__file__).parents[2]
#: What may know a country: the form that asks for it, what is said of ages, the operator's facts and what they become.
MAY_KNOW_COUNTRIES = {
    "bots/commands/consenting.py",
    "bots/commands/oneself.py",
    "bots/policy/file.py",
    "bots/policy/shown.py",
    "bots/policy/production.py",
    "core/policy/accounting.py",
    "core/rights/ages.py",
    "core/policy/facts.py",
    "core/policy/document.py",
    "core/policy/processing.py",
    "core/rights/profiles.py",
    "core/values/statements.py",
}


def test_each_right_has_a_claim_with_a_test() -> None:
    assert {claim.right for claim in CLAIMS if claim.right} == set(Right)


def test_each_right_that_is_proved_is_told_with_a_command_that_exists() -> None:
    names = {command.name for command in commands if command.listed}
    for right in {claim.right for claim in policy(TRIAL).claims if claim.right}:
        named = [word[1:].strip(".,:") for word in sentences("en")[f"right.{right}"].split() if word.startswith("/")]
        assert named, right
        assert set(named) <= names


def test_whom_to_write_to_and_complain_to_is_told() -> None:
    facts = replace(TRIAL, privacy_contact="privacy@operator.example", authority="the authority of Hesse")
    said = "\n".join(render(line) for line in section(policy(facts), Section.RIGHTS))

    assert "Without an account you can write to privacy@operator.example." in said
    assert "the authority of Hesse" in said


def test_no_right_depends_on_where_somebody_lives() -> None:
    """No other module speaks of a country at all."""
    speaking = {
        str(path.relative_to(ROOT))
        for folder in ("bots", "core", "storage")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Name | ast.Attribute | ast.arg)
        and "country" in (getattr(node, "id", "") + getattr(node, "attr", "") + getattr(node, "arg", "")).lower()
    }

    assert sorted(speaking - MAY_KNOW_COUNTRIES) == []
