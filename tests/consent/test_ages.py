"""What people say about their age, which is all that is kept of it, and which age holds where."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import inspect

from bots.wiring import datamap
from core.datamap import Category
from core.policy.facts import EEA
from core.rights import ages
from tests.cast import Actor, Stage, keys_of, read
from tests.consent.offering import person_of, rows

#: PLATFORM_FACTS, by country. Written down once more, so that neither table changes unnoticed.
LAW = {
    13: "BE EE FI GB IS LV MT NO PT SE",
    14: "AT BG CY ES IT LT",
    15: "CZ DK FR GR SI",
    16: "DE HR HU IE LI LU NL PL RO SK",
}


@pytest.mark.parametrize(
    ("age", "country"), [(age, country) for age, found in LAW.items() for country in found.split()]
)
def test_each_country_has_its_age(age: int, country: str) -> None:
    assert ages.age_in(country) == age


def test_every_country_of_the_european_economic_area_is_in_the_table_with_a_source() -> None:
    assert set(ages.AGES) == EEA | {"GB"}
    assert all(13 <= known.age <= ages.DEFAULT_AGE and known.source for known in ages.AGES.values())
    assert re.fullmatch(r"20\d\d-\d\d", ages.LOOKED_UP)


@pytest.mark.parametrize("country", ["US", "JP", "", "XX"])
def test_where_the_table_says_nothing_the_highest_age_holds(country: str) -> None:
    assert ages.age_in(country) == 16


async def test_it_shows_what_was_stated_when_and_under_which_version(ben: Actor) -> None:
    person = await person_of(ben)
    line = (await ben.says("/age")).lines[0]

    assert line.key == "age.stated"
    assert (line.values["age"], line.values["version"]) == (16, person.notice_version)
    assert "January 2027" in read(await ben.says("/age"))


async def test_it_shows_the_table_with_its_date(ben: Actor) -> None:
    said = read(await ben.says("/age"))

    assert ages.LOOKED_UP in said
    assert "• 15: Czechia, Denmark, France, Greece, Slovenia" in said


@pytest.mark.parametrize("named", ["DK", "dk", "Denmark", "denmark"])
async def test_one_country_is_told_with_its_source(ben: Actor, named: str) -> None:
    assert "In Denmark the age is 15, since 2024." in read(await ben.says(f"/age {named}"))


async def test_a_country_without_an_entry_and_one_that_is_none(ben: Actor) -> None:
    assert keys_of(await ben.says("/age JP")) == ["age.not_in_table", "age.default"]
    assert keys_of(await ben.says("/age Atlantis")) == ["profile.no_country"]


async def test_of_an_age_only_at_least_so_old_is_kept_and_when_and_under_which_version(
    stage: Stage, ben: Actor
) -> None:
    (row,) = rows(stage, "acknowledgement")

    kept = [entry.cell for entry, datum in datamap().personal() if datum.category is Category.AGE]
    assert set(kept) == {"acknowledgement.minimum_age", "too_young.lookup", "too_young.until"}
    assert row["minimum_age"] == 16


def test_no_column_can_hold_a_day_of_birth(stage: Stage) -> None:
    """Read from the live database."""
    found = inspect(stage.database._engine)
    columns = [column["name"] for name in found.get_table_names() for column in found.get_columns(name)]

    assert len(columns) > 100
    assert [name for name in columns if re.search(r"birth|born|dob|bday", name, re.IGNORECASE)] == []
