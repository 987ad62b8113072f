"""policy.toml is read whole, or refused with the line and what to write there."""

from __future__ import annotations

import pytest

from bots.policy.file import read_policy
from bots.settings import BadSettings
from core.datamap import Category, Purpose, Until
from core.periods import YEAR
from core.policy.facts import TRIAL, Role, TransferTool
from core.rules import DAY
from tests.policy.operator import WHOLE, Office, without


def test_a_whole_file_becomes_facts(office: Office) -> None:
    facts = office.facts()

    assert facts.production
    assert facts.controller is not None
    assert facts.controller.name == "An Operator"
    assert facts.offered == {Purpose.SHOW}
    assert facts.minimum_age == 16
    hosting, objects = facts.recipients
    assert (hosting.role, hosting.receives, hosting.abroad) == (
        Role.HOSTING,
        (Category.WORDS, Category.PICTURES),
        False,
    )
    assert (objects.transfer, objects.abroad, objects.contract_date) == (TransferTool.SCC, True, "2026-10-01")


def test_without_a_file_it_is_a_trial() -> None:
    assert read_policy(None).facts == TRIAL


def test_the_country_of_the_books_decides_how_long_they_are_kept(office: Office) -> None:
    assert office.facts().periods.of(Until.BOOKS_CLOSE) == 8 * YEAR


def test_a_period_may_be_shorter(office: Office) -> None:
    facts = office.facts(WHOLE + "\n[keep]\npictures = 30\n")

    assert facts.periods.of(Until.PICTURE_DELETED) == 30 * DAY
    assert facts.days(Until.PICTURE_DELETED) == 30


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (WHOLE + "\n[keep]\npictures = 400\n", r"line 37 \(keep pictures\): that may be kept for at most 365 days"),
        (WHOLE + "\n[keep]\npictures = 0\n", r"line 37 \(keep pictures\): input should be greater than or equal to 1"),
        (WHOLE.replace('region = "DE"', 'region = "Germany"', 1), r"line 4 \(region\): .* in two capital letters"),
        (WHOLE.replace("[controller]", "[controler]"), r"line 7 \(controler\): .*Did you mean controller\?"),
        (WHOLE.replace('transfer = "scc"', 'transfer = "privacy_shield"'), r"line 30 .*'adequacy', 'dpf' or 'scc'"),
        (
            WHOLE.replace('role = "storage"', 'role = "store"'),
            r"line 25 \(recipients 2 role\): input should be 'hosting'",
        ),
        (WHOLE.replace('"words", "pictures"', '"wordz"'), r"line 18 \(recipients 1 receives 1\): .*darkroom datamap"),
        (without(WHOLE, 'name = "An Operator"'), r"line 7 \(controller name\): name is missing. The name of whoever"),
        (WHOLE.replace('country = "DE"', 'country = "XX"'), r"line 12 \(accounting country\): how long XX wants"),
        (WHOLE.replace('["showcase"]', '["selling"]'), r"line 5 \(offers 1\): input should be 'training', 'showcase'"),
        (WHOLE.replace('"privacy@operator.example"', "privacy"), r"policy.toml is no TOML: .*line 2"),
        ("minimum_age = 12\n", r"line 1 \(minimum_age\): input should be greater than or equal to 13"),
        ("birthday = true\n", r"line 1 \(birthday\): nothing of that name belongs there. There are: production"),
    ],
)
def test_what_cannot_be_is_named_with_its_line(office: Office, text: str, complaint: str) -> None:
    with pytest.raises(BadSettings, match=complaint):
        office.facts(text)


def test_a_file_that_is_not_there_is_named(office: Office) -> None:
    with pytest.raises(
        BadSettings, match=r"DARKROOM_POLICY: .*nowhere.toml cannot be read \(no such file or directory\)"
    ):
        read_policy(office.folder / "nowhere.toml")


def test_privacy_shield_is_no_way_to_transfer() -> None:
    assert {tool.value for tool in TransferTool} == {"adequacy", "dpf", "scc"}
