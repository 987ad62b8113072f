"""Each text has one hash: of what it says and of the facts, and of nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bots.policy.shown import Section, dated, section
from bots.texts import render
from bots.wiring import datamap, policy
from core.datamap import OnErase, OnExport, Purpose, Until
from core.policy.document import Policy, unpack
from core.policy.facts import TRIAL, Controller
from core.rules import DAY
from core.values import Moment
from tests.cast import Stage
from tests.policy.operator import WHOLE, Office, changed, enacts

OLD = policy(TRIAL)


def test_the_same_is_the_same() -> None:
    assert policy(TRIAL).hash == OLD.hash
    assert unpack(OLD.packed) == OLD.document


@pytest.mark.parametrize(
    ("cell", "attributes"),
    [
        ("sql job.seed", {"on_export": OnExport.SUMMARY}),
        ("sql job.seed", {"keep": Until.ACCOUNT_ENDS}),
        ("sql picture.width", {"on_erase": OnErase.SHRED}),
        ("sql preference.shape", {"purposes": (Purpose.DRAW, Purpose.KEEP_SAFE)}),
        ("sql preference.shape", {"sealed": True}),
    ],
)
def test_another_attribute_of_one_cell_is_another_version(cell: str, attributes: dict[str, object]) -> None:
    assert replace(OLD, datamap=changed(datamap(), cell, **attributes)).hash != OLD.hash


def test_a_cell_more_or_less_is_another_version() -> None:
    fewer = replace(datamap(), entries=tuple(e for e in datamap().entries if e.cell != "job.seed"))

    assert replace(OLD, datamap=fewer).hash != OLD.hash


def test_another_word_is_another_version() -> None:
    assert replace(OLD, wording="another").hash != OLD.hash


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('name = "An Operator"', 'name = "Another Operator"'),
        ('receives = ["pictures"]', 'receives = ["pictures", "words"]'),
        ('contract = "agreement 2"', 'contract = "agreement 3"'),
        ('offers = ["showcase"]', "offers = []"),
        ('country = "DE"', 'country = "FR"'),
    ],
)
def test_another_fact_is_another_version(office: Office, old: str, new: str) -> None:
    assert policy(office.facts(WHOLE.replace(old, new))).hash != policy(office.facts()).hash


def test_how_a_proof_went_is_no_part_of_it() -> None:
    assert "tests/" not in OLD.packed


def test_it_is_dated(stage: Stage) -> None:
    """Whatever section is asked for first, and on the first day too."""
    said = render(dated(stage.app.policy))

    assert said == f"Version 1 of this policy, in force since 15 January 2027 ({OLD.hash[:12]})."
    for which in (Section.SUMMARY, Section.CHANGES):
        assert said in [render(line) for line in section(stage.app.policy, which)]


def test_the_date_is_that_of_the_text_and_not_of_the_start(stage: Stage) -> None:
    first = stage.app.policy.since
    stage.clock.passes(DAY)
    enacts(stage, TRIAL)
    assert stage.app.policy.since == first

    named = replace(TRIAL, controller=Controller("Somebody", "Somewhere 1"))
    assert enacts(stage, named).since == Moment(stage.clock.now())


def test_what_was_not_published_has_no_date_and_says_so() -> None:
    assert "not in force yet" in render(dated(Policy()))
