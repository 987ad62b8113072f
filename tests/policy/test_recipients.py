"""Who else gets data is named, with what binds them; that nobody does is said only where it is so."""

from __future__ import annotations

from dataclasses import replace

from bots.policy.shown import Section, section
from bots.texts import render
from bots.wiring import policy
from core.datamap import Category
from core.policy.facts import TRIAL, Facts, Recipient, Role
from tests.policy.operator import WHOLE, Office

NOBODY_DRAWS, NO_ANALYTICS = "Nobody else draws for this bot", "No outside service measures what you do"
SOMEBODY = Recipient("A Company", Role.HOSTING, "DE", (Category.WORDS,), "agreement 1", "2026-01-01")


def said(facts: Facts, which: Section = Section.RECIPIENTS) -> str:
    return "\n".join(render(line) for line in section(policy(facts), which))


def with_(role: Role) -> Facts:
    return replace(TRIAL, recipients=(replace(SOMEBODY, role=role),))


def test_each_is_named_with_what_it_gets_and_what_binds_it(office: Office) -> None:
    text = said(office.facts())

    assert (
        "• Example Objects (keeps pictures), in US: your pictures. Bound by agreement 2 of 2026-10-01. It is bound by the "
        "standard contractual clauses of the European Commission."
    ) in text.replace("the United States", "US")
    assert "stated by whoever runs this bot" in text


def test_the_summary_names_them_too(office: Office) -> None:
    assert "Example Hosting, Example Objects" in said(office.facts(), Section.SUMMARY)


def test_that_nobody_gets_anything_is_said_in_production_alone(office: Office) -> None:
    alone = WHOLE.partition("[[recipients]]")[0] + '[terms]\nlaw = "the law of Germany"\n'

    assert "Nobody else gets any of it: " in said(office.facts(alone))
    assert "has named nobody else" in said(TRIAL)


def test_nobody_else_draws() -> None:
    assert NOBODY_DRAWS in said(TRIAL)
    assert NOBODY_DRAWS not in said(with_(Role.DRAWING))


def test_no_analytics() -> None:
    assert NO_ANALYTICS in said(TRIAL)
    assert NO_ANALYTICS not in said(with_(Role.ANALYTICS))


def test_no_analytics_is_said_unless_there_is_some() -> None:
    assert NO_ANALYTICS in said(with_(Role.HOSTING))
    assert "A Company (measures use)" in said(with_(Role.ANALYTICS))


def test_whoever_draws_for_us_is_named_or_it_says_that_nobody_does() -> None:
    assert NOBODY_DRAWS in said(with_(Role.HOSTING))
    assert "A Company (draws), in Germany: your words." in said(with_(Role.DRAWING))
