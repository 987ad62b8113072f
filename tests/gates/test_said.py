"""Gate G9: /privacy speaks of every category that is stored and of every claim that holds, and of nothing else."""

from __future__ import annotations

import pytest

from bots.texts import sentences
from bots.wiring import datamap
from core.datamap import Category
from core.policy.claims import CLAIMS, holding
from storage.database import SqlDatabase
from tests.cast import Actor, Stage, read
from tests.databases import Store

PAGES = ("/privacy", "/privacy kept", "/privacy rights", "/privacy recipients", "/privacy proof")


@pytest.fixture
def database(sqlite_store: Store) -> SqlDatabase:
    return sqlite_store.open()


@pytest.fixture
async def policy(stage: Stage, ben: Actor) -> str:
    return "\n".join([read(await ben.says(page)) for page in PAGES])


def test_every_category_of_the_map_is_one_that_is_stored() -> None:
    assert set(Category) - set(datamap().categories) == set(), "take it out of core/datamap.py, with its sentence"


async def test_every_category_that_is_stored_is_spoken_of(policy: str) -> None:
    unsaid = [category for category in datamap().categories if sentences("en")[f"category.{category}"] not in policy]

    assert unsaid == [], "say it: `policy.kept` is made from the map (core/policy/document.py)"


async def test_every_claim_that_holds_is_made_and_names_its_test(policy: str) -> None:
    for claim in holding(datamap()):
        assert claim.test in policy, claim.key
    assert len(CLAIMS) >= len(holding(datamap())) > 15
