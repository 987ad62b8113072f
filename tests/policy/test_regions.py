"""Where data lie is said by the regions that are named, and by nothing else."""

from __future__ import annotations

import pytest

from bots.policy.production import require
from bots.policy.shown import Section, section
from bots.settings import BadSettings
from bots.texts import render
from bots.wiring import policy
from core.policy.document import Policy
from core.policy.facts import Facts
from tests.policy.operator import WHOLE, Office, without

EVERYTHING_INSIDE = "Everything is kept inside the European Union"
RESIDENT = 'residency = "EU"\n' + without(WHOLE, 'transfer = "scc"').replace('region = "US"', 'region = "SE"')


def said(facts: Facts) -> str:
    made: Policy = policy(facts)
    return "\n".join(render(line) for which in Section for line in section(made, which))


def test_with_everything_in_the_eu_it_says_so(office: Office) -> None:
    assert EVERYTHING_INSIDE in said(office.facts(RESIDENT))


def test_without_a_promise_it_says_where_and_no_more(office: Office) -> None:
    text = said(office.facts(RESIDENT.replace('residency = "EU"\n', "", 1)))

    assert EVERYTHING_INSIDE not in text
    assert "in these countries: Germany, Sweden." in text


def test_a_bucket_elsewhere_makes_another_sentence(office: Office) -> None:
    text = said(office.facts())

    assert EVERYTHING_INSIDE not in text
    assert "outside the European Economic Area, it says above what lets it go there" in text
    assert "standard contractual clauses" in text


def test_a_promise_that_a_recipient_breaks_is_refused_with_its_line(office: Office) -> None:
    elsewhere = RESIDENT.replace('region = "SE"', 'region = "US"')

    with pytest.raises(BadSettings, match=r'line 27 \(recipients 2 region\): that is outside .* residency = "EU"'):
        office.facts(elsewhere)


def test_a_promise_that_the_operators_own_machines_break_is_refused(office: Office) -> None:
    with pytest.raises(BadSettings, match=r"line 5 \(region\): that is outside"):
        office.facts(RESIDENT.replace('region = "DE"', 'region = "CH"', 1))


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-2"])
def test_a_promise_that_the_buckets_region_breaks_is_refused_in_a_trial_too(office: Office, region: str) -> None:
    path = office.writes(RESIDENT.replace("production = true", "production = false"))
    bucket = {"blobs_url": "s3://bucket/pictures", "blobs_endpoint": "https://objects.example"}

    with pytest.raises(BadSettings, match=rf"DARKROOM_BLOBS_REGION is {region}, and policy.toml, line 1 \(residency\)"):
        require(office.settings(policy=path, blobs_region=region, **bucket), ())
    require(office.settings(policy=path, blobs_region="eu-central-1", **bucket), ())


def test_privacy_shield_is_never_said(office: Office) -> None:
    assert "shield" not in said(office.facts()).lower()
