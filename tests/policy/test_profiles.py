"""Each shipped profile works: the house opens with it, every section renders, and what its policy promises is accounted for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bots.on_discord.words import MESSAGE
from bots.policy.file import PROFILES as FOLDER
from bots.policy.file import profile
from bots.policy.production import refusals
from bots.policy.shown import Section, section, terms
from bots.settings import BadSettings, Settings
from bots.texts import render
from bots.wiring import open_house, policy
from core.datamap import Purpose, Until
from core.policy.facts import Facts
from core.policy.promises import PROFILES
from core.rights import publishing
from tests.policy.operator import Office


@pytest.mark.parametrize("name", PROFILES)
async def test_the_house_opens_and_every_section_renders(tmp_path: Path, name: str) -> None:
    settings = Settings(_env_file=None, data=tmp_path, model="flat", policy=FOLDER / f"{name}.toml")  # type: ignore[call-arg]
    with open_house(settings) as house:
        app = await publishing.published(house.app)

    assert app.policy.version == 1
    for which in Section:
        lines = [render(line) for line in section(app.policy, which)]
        assert all(0 < len(line) <= MESSAGE for line in lines)
    assert "made-up operator" in render(section(app.policy, Section.SUMMARY)[1])
    assert terms(app.policy)
    assert app.periods == app.policy.facts.periods


@pytest.mark.parametrize("name", PROFILES)
def test_it_would_be_fit_for_production(office: Office, name: str) -> None:
    file = profile(name)

    assert [one.sentence for one in refusals(file, office.settings(), ())] == []


@pytest.mark.parametrize("name", PROFILES)
def test_in_production_it_names_who_answers(name: str) -> None:
    facts = replace(profile(name).facts, production=True)
    said = render(section(policy(facts), Section.SUMMARY)[1])

    assert facts.controller is not None
    assert facts.controller.name in said
    assert facts.privacy_contact in said


def test_each_file_is_a_profile() -> None:
    assert {path.stem for path in FOLDER.glob("*.toml")} == set(PROFILES)


def test_they_choose_what_their_policies_choose() -> None:
    """Each by the one thing it is about."""

    def of(name: str) -> Facts:
        return profile(name).facts

    assert of("diary-of-dream").in_the_eu
    assert of("dreamina-ai").minimum_age == 16
    assert of("image-generator-org").days(Until.PICTURE_DELETED) == 30
    assert len(of("im-generator").abroad) == 2
    assert Purpose.SHOW in of("im-generator").offered
    assert Purpose.TRAIN in of("aiomus").offered


def test_an_unknown_name_is_answered_with_those_there_are() -> None:
    with pytest.raises(BadSettings, match=r"There is no profile nobody\. There are: aiomus, diary-of-dream"):
        profile("nobody")
