"""What GDPR 13 and 14 want told is told, in a form that people can read where they are."""

from __future__ import annotations

import re

import pytest

from bots.on_discord.words import MESSAGE
from bots.policy.shown import Section, section, terms
from bots.texts import render
from bots.wiring import policy
from core.policy.document import Policy
from tests.policy.operator import Office

SCREEN = 1_800  #: characters that a telephone shows with a little scrolling, and one message of any door takes


@pytest.fixture
def said(office: Office) -> Policy:
    return policy(office.facts())


def text(made: Policy, which: Section) -> str:
    return "\n".join(render(line) for line in section(made, which))


def test_it_says_what_gdpr_13_asks_for(said: Policy) -> None:
    whole = "\n".join(text(said, which) for which in Section)

    for element in (
        "An Operator runs this bot and answers for it",  # 13(1)(a)
        "privacy@operator.example",  # 13(1)(b)
        "(our agreement)",  # 13(1)(c), the purposes and their basis
        "(legitimate interest)",  # 13(1)(d)
        "Example Hosting",  # 13(1)(e)
        "standard contractual clauses",  # 13(1)(f)
        "Kept until you delete the picture (at most 365 days)",  # 13(2)(a)
        "take back what you allowed" if "may_withdraw" in {c.key for c in said.claims} else "/consent",  # 13(2)(c)
        "the authority of Hesse",  # 13(2)(d)
        "No program decides here",  # 13(2)(f)
        "It comes from you, from the platform you write from",  # 14(2)(f)
    ):
        assert element in whole, element


def test_the_summary_is_one_screen(said: Policy) -> None:
    assert len(text(said, Section.SUMMARY)) <= SCREEN


@pytest.mark.parametrize("which", Section)
def test_every_sentence_fits_the_smallest_message(said: Policy, which: Section) -> None:
    assert all(len(render(line)) <= MESSAGE for line in [*section(said, which), *terms(said)])


@pytest.mark.parametrize("which", [Section.SUMMARY, Section.RIGHTS, Section.AGE, Section.CHANGES])
def test_it_is_plain(said: Policy, which: Section) -> None:
    """Short sentences of short words: at most 20 words a sentence on average, and 5.5 letters a word."""
    words = re.findall(r"[A-Za-z']+", text(said, which))
    ends = re.findall(r"[.!?:]+(?=\s|$)", text(said, which))

    assert len(words) / len(ends) <= 20
    assert sum(map(len, words)) / len(words) <= 5.5


def test_nothing_is_claimed_that_comes_later(said: Policy) -> None:
    whole = "\n".join(text(said, which) for which in Section).lower()

    for later in ("video", "session duration", "cookie", "tailored", "subscription"):
        assert later not in whole
