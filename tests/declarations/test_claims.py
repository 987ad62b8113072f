"""No sentence without a proof: the test each claim names is collected, and the claims' sentences are the policy's."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from bots.texts import sentences
from bots.wiring import datamap
from core.datamap import Category, DataMap
from core.policy.claims import CLAIMS, Claim, Right, holding

ROOT = Path(__file__).parents[2]


PROVED = [claim for claim in CLAIMS if claim.test]
OF_FACTS = {"stays_in_the_eu"}  #: what only the operator's facts can make true


@pytest.mark.parametrize("claim", PROVED, ids=lambda claim: claim.key)
def test_the_test_it_names_exists(claim: Claim) -> None:
    """Read from the source, so that a skip mark or a renamed test is seen without running it."""
    file, name = claim.test.split("::")
    functions = {
        node.name: node
        for node in ast.parse((ROOT / file).read_text()).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }

    assert name in functions, f"{claim.test} proves “{sentences('en')[f'claim.{claim.key}']}” and does not exist"
    assert not any("skip" in ast.dump(mark) or "xfail" in ast.dump(mark) for mark in functions[name].decorator_list)


def test_every_claim_holds_on_the_whole_map() -> None:
    assert [claim.key for claim in PROVED if claim.key not in OF_FACTS] == [claim.key for claim in holding(datamap())]


def test_a_claim_without_a_proof_is_not_made() -> None:
    assert all(claim.test for claim in holding(datamap()))


def test_every_category_of_the_map_is_spoken_of() -> None:
    assert set(datamap().categories) - {category for claim in CLAIMS for category in claim.about} == set()


def test_every_right_has_one_claim() -> None:
    assert sorted(claim.right for claim in CLAIMS if claim.right) == sorted(Right)


def test_a_claim_whose_declaration_is_gone_is_not_made() -> None:
    without = DataMap(tuple(entry for entry in datamap().entries if not entry.cell.startswith("too_young.")))
    without_age = DataMap(tuple(e for e in without.entries if getattr(e.meaning, "category", None) is not Category.AGE))

    assert "too_young_is_forgotten" not in {claim.key for claim in holding(without_age)}
