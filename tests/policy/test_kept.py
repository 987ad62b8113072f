"""What is kept is said category by category: what for, on which basis, for how many days, and what an erasure leaves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bots.policy.shown import Section, section
from bots.texts import render, sentences
from bots.wiring import policy
from core.datamap import Basis, Category, OnErase, Purpose, Until
from core.periods import LONGEST, Periods
from core.policy.document import Kept
from core.policy.facts import TRIAL, Facts
from core.rules import DAY

TEXT = policy(TRIAL)


def said_of(kept: Kept, facts: Facts = TRIAL) -> str:
    made = policy(facts)
    lines = [render(line) for line in section(made, Section.KEPT)]
    (line,) = [line for line in lines if line.startswith(f"• {sentences('en')[f'category.{kept.category}']}: for ")]
    return line


@pytest.mark.parametrize("kept", TEXT.kept, ids=lambda kept: kept.category)
def test_each_category_is_told_with_everything_that_matters(kept: Kept) -> None:
    said = said_of(kept)

    for purpose in kept.purposes:
        assert f"{sentences('en')[f'purpose.{purpose}']} ({sentences('en')[f'basis.{purpose.basis}']})" in said
    for statute in kept.statutes:
        assert statute.partition(":")[0] in said
    assert ("Sealed under a key of your own." in said) == kept.sealed
    assert ("Erased with your account, all of it." in said) == (not kept.statutes)


def test_every_category_of_the_map_is_told() -> None:
    assert {kept.category for kept in TEXT.kept} == set(TEXT.datamap.categories)


def test_every_purpose_is_told_with_its_one_basis() -> None:
    assert all(isinstance(purpose.basis, Basis) for purpose in Purpose)
    why = "\n".join(render(line) for line in section(TEXT, Section.KEPT) if line.key == "kept.basis")
    for purpose in {purpose for kept in TEXT.kept for purpose in kept.purposes}:
        assert why.count(sentences("en")[f"purpose.{purpose}"]) == 1


def test_every_period_is_told_in_days() -> None:
    for until, period in LONGEST.items():
        if until is not Until.REQUEST_ENDS:  # hours, and it says so
            assert "{days" in sentences("en")[f"keep.{until}"]
            assert TRIAL.days(until) == period // DAY > 0


def test_a_shorter_period_is_told() -> None:
    pictures = next(kept for kept in TEXT.kept if kept.category is Category.PICTURES)
    shorter = replace(TRIAL, periods=Periods({Until.PICTURE_DELETED: 30 * DAY}))

    assert "(at most 365 days)" in said_of(pictures)
    assert "(at most 30 days)" in said_of(pictures, shorter)


def test_the_country_whose_law_keeps_the_books_is_told() -> None:
    books = next(kept for kept in TEXT.kept if OnErase.UNLINK in kept.left)

    assert "the accounting law of DE" in said_of(books, replace(TRIAL, accounting_country="DE"))
