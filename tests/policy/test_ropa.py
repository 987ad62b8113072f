"""The record of processing has every column that GDPR 30 names, from the map and the facts alone."""

from __future__ import annotations

import json

import pytest

from bots.cli.policy_report import ropa_table
from bots.wiring import policy
from core.datamap import Category, Purpose
from core.policy.claims import CLAIMS
from core.policy.facts import TRIAL
from core.policy.processing import SECURITY, Record, record
from tests.policy.operator import Office
from tests.policy.test_promises import functions


@pytest.fixture
def made(office: Office) -> Record:
    return record(policy(office.facts()))


def test_every_column_is_there(made: Record) -> None:
    assert made.controller == "An Operator, 1 Example Street, 60311 Frankfurt, Germany"
    assert made.contact == "privacy@operator.example"
    for activity in made.activities:
        assert activity.article.startswith("GDPR 6(1)(")
        assert activity.subjects
        assert activity.categories
        assert {erased.category for erased in activity.erased} == set(activity.categories)
        assert all(erased.keeps for erased in activity.erased)


def test_every_purpose_and_every_category_is_recorded(made: Record) -> None:
    kept = policy(TRIAL).kept

    assert {activity.purpose for activity in made.activities} == {purpose for one in kept for purpose in one.purposes}
    assert {category for activity in made.activities for category in activity.categories} == {k.category for k in kept}


def test_recipients_and_transfers_follow_from_what_they_get(made: Record) -> None:
    drawing = next(activity for activity in made.activities if activity.purpose is Purpose.DRAW)
    books = next(activity for activity in made.activities if activity.purpose is Purpose.KEEP_BOOKS)

    assert drawing.recipients == ("Example Hosting", "Example Objects")
    assert [(one.recipient, one.region, one.safeguard) for one in drawing.transfers] == [
        ("Example Objects", "US", "scc")
    ]
    assert books.categories == (Category.CREDITS,)
    assert books.recipients == ()


def test_every_measure_names_its_proof(made: Record) -> None:
    assert {measure.claim for measure in made.measures} == set(SECURITY)
    assert set(SECURITY) <= {claim.key for claim in CLAIMS}
    for measure in made.measures:
        file, name = measure.proof.split("::")
        assert name in functions(file)


def test_it_can_be_read_by_machines_and_by_people(made: Record) -> None:
    assert json.loads(json.dumps(made.as_json()))["activities"][0]["purpose"] == "draw"
    assert ropa_table(made).row_count == len(made.activities)


def test_a_trial_says_that_nobody_is_named() -> None:
    assert record(policy(TRIAL)).controller == "not named (a trial)"
