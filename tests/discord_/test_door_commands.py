"""Slash commands are derived from the declarations, and registered only when they changed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from bots.commands import commands
from bots.declaring import Attachment
from bots.on_discord.commands import registrations, same
from core.ports import Style
from tests.catalogue import GRAND, SWIFT, SmallCatalogue
from tests.discord_ import routes
from tests.discord_.actor import DiscordActor, Scene

CATALOGUE = SmallCatalogue()
KIND = {str: 3, int: 4, bool: 5, float: 10, Attachment: 11}


def registered() -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in registrations(CATALOGUE)}


@pytest.mark.parametrize("command", [one for one in commands if one.listed], ids=lambda one: one.name)
def test_each_command_is_offered_with_its_options(command: Any) -> None:
    offered = registered()[command.name]
    options = {option["name"]: option for option in offered["options"]}

    assert offered["contexts"] == [0, 1]
    assert offered["integration_types"] == [0]
    assert 1 <= len(offered["description"]) <= 100
    assert options.keys() == {argument.name for argument in command.arguments}
    for argument in command.arguments:
        option = options[argument.name]
        assert option["type"] == KIND[argument.type]
        assert option["required"] == argument.required
        if argument.option.offers is None:
            assert tuple(choice["value"] for choice in option.get("choices", ())) == argument.choices
        assert 1 <= len(option["description"]) <= 100


def test_what_only_stands_behind_a_button_is_not_offered() -> None:
    assert not {"agree", "too_young", "words"} & registered().keys()


def test_numbers_have_the_bounds_of_the_declaration_or_of_all_models_together() -> None:
    options = {option["name"]: option for option in registered()["imagine"]["options"]}

    assert (options["count"]["min_value"], options["count"]["max_value"]) == (1, 4)
    assert (options["seed"]["min_value"], options["seed"]["max_value"]) == (0, 2**32 - 1)
    assert (options["steps"]["min_value"], options["steps"]["max_value"]) == (SWIFT.steps.low, GRAND.steps.high)
    assert (options["guidance"]["min_value"], options["guidance"]["max_value"]) == (
        SWIFT.guidance.low,
        GRAND.guidance.high,
    )
    assert "min_value" not in options["prompt"]


def test_ids_and_adapters_are_offered_while_typing() -> None:
    offered = {
        option["name"] for one in registered().values() for option in one["options"] if option.get("autocomplete")
    }
    assert offered == {"id", "request", "lora"}


async def test_they_are_registered_at_the_first_start_and_not_again(scene: Scene) -> None:
    assert len(scene.discord.called(routes.REGISTER)) == 1
    await scene.restarts()
    await scene.restarts(killed=True)

    assert len(scene.discord.called(routes.REGISTER)) == 1
    assert scene.discord.commands.created == {None: len(registered())}


async def test_they_are_registered_again_when_one_has_changed(scene: Scene) -> None:
    here = scene.discord.commands.here()
    older = [{key: one[key] for key in ("name", "description", "options")} for one in here]
    older[0]["description"] = "something else"
    scene.discord.commands.overwrite(None, older)
    await scene.restarts()

    assert len(scene.discord.called(routes.REGISTER)) == 2
    assert same(scene.discord.commands.here(), registrations(CATALOGUE))


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one.update(description="x"),
        lambda one: one["options"].pop(),
        lambda one: one["options"][0].update(required=False),
        lambda one: one["options"][0].update(description="x"),
        lambda one: one["options"][2]["choices"].pop(),
        lambda one: one["options"][3].update(max_value=5),
        lambda one: one["options"].insert(0, one["options"].pop()),
        lambda one: one.update(nsfw=True),
        lambda one: one.update(contexts=[0]),
        lambda one: one.update(name="paint"),
    ],
)
def test_every_change_that_people_would_see_counts(change: Any) -> None:
    changed = json.loads(json.dumps(registrations(CATALOGUE)))
    assert same(changed, registrations(CATALOGUE))
    change(next(one for one in changed if one["name"] == "imagine"))

    assert not same(changed, registrations(CATALOGUE))


@pytest.mark.parametrize("how", ["limited", "failing", "lost"])
async def test_a_bot_whose_commands_are_of_yesterday_is_better_than_none(
    scene: Scene, bea: DiscordActor, how: str
) -> None:
    scene.discord.commands.overwrite(None, scene.discord.commands.here()[:8])
    match how:
        case "limited":
            scene.discord.limits.daily_commands = 0
        case "failing":
            scene.discord.faults.fails(routes.REGISTER, status=503)
        case "lost":
            scene.discord.faults.loses_answer(routes.REGISTER)
    await scene.restarts()

    await bea.says("/balance")
    assert bea.newest.content


async def test_ones_pictures_are_offered_newest_first_and_by_their_words(scene: Scene, bea: DiscordActor) -> None:
    for words in ("a yellow star", "a red heart", "a blue ring"):
        await bea.says(f"/imagine {words}")
        await scene.stage.works()
    ids = [told.pictures[0].id for told in bea.inbox]

    offered = await bea.user.autocompletes("/show", "id", "", in_=bea.room)
    assert list(offered.values()) == ids[::-1]
    assert list(offered) == [f"{ids[2]}: a blue ring", f"{ids[1]}: a red heart", f"{ids[0]}: a yellow star"]
    assert await bea.user.autocompletes("/again", "request", "HEART", in_=bea.room) == {
        f"{ids[1]}: a red heart": ids[1]
    }
    assert list((await bea.user.autocompletes("/delete", "id", ids[0][:5], in_=bea.room)).values()) == [ids[0]]


async def test_open_requests_are_offered_to_be_taken_back(scene: Scene, bea: DiscordActor) -> None:
    await bea.says("/imagine a yellow star")
    await bea.says("/imagine a red heart")
    offered = await bea.user.autocompletes("/cancel", "request", "star", in_=bea.room)

    ((name, job),) = offered.items()
    assert name == "1st in line: a yellow star"
    await bea.says(f"/cancel {job}")
    assert (await bea.balance()).spendable == 19_000


async def test_who_has_no_account_is_offered_nothing(scene: Scene, bea: DiscordActor) -> None:
    stranger = scene.enter("stranger", bea.room)

    assert await stranger.user.autocompletes("/show", "id", "", in_=bea.room) == {}


async def test_a_long_prompt_is_offered_shortened(scene: Scene, bea: DiscordActor) -> None:
    await bea.says("/imagine " + "long " * 200)
    await scene.stage.works()
    ((name, _),) = (await bea.user.autocompletes("/show", "id", "", in_=bea.room)).items()

    assert len(name) == 100
    assert name.endswith("…")


def test_models_and_styles_are_chosen_from_a_list() -> None:
    options = {option["name"]: option for option in registered()["imagine"]["options"]}

    assert options["model"]["choices"] == [
        {"name": "Flat", "value": "flat"},
        {"name": "Swift Turbo", "value": "swift"},
        {"name": "Grand XL", "value": "grand"},
    ]
    assert [one["value"] for one in options["style"]["choices"]] == ["noir", "watercolour", "velvet", "none"]
    assert options["reference"]["type"] == KIND[Attachment]


@pytest.mark.parametrize("number", [1, 24, 25, 200])
async def test_however_many_there_are_discord_takes_them(scene: Scene, number: int) -> None:
    """Up to 25 are a list; more are found by typing. Names may be long: a command holds 8,000 characters."""
    catalogue = SmallCatalogue(
        tuple(replace(GRAND, name=f"model-{nth:03}", title=f"{nth:03} " + "m" * 56) for nth in range(number)),
        tuple(Style(f"style-{nth:03}" + "s" * 20, "about", "{prompt}") for nth in range(number)),
    )
    scene.stage.offers(catalogue)
    await scene.restarts()
    offered = {one["name"]: one for one in scene.discord.commands.here()}

    assert scene.warnings == []
    assert same(offered.values(), registrations(catalogue))
    options = {option["name"]: option for option in offered["imagine"]["options"]}
    assert len(options) <= 25
    assert ("choices" in options["model"]) == (number <= 25)
    assert ("choices" in options["style"]) == (number <= 24)
    assert all(len(option.get("choices") or ()) <= 25 for one in offered.values() for option in one["options"])


async def test_what_is_too_many_for_a_list_is_found_by_typing(scene: Scene, bea: DiscordActor) -> None:
    models = tuple(replace(GRAND, name=f"model-{nth:02}", title=f"Grand {nth:02}") for nth in range(30))
    scene.stage.offers(SmallCatalogue(models))
    await scene.restarts()

    assert len(await bea.user.autocompletes("/imagine", "model", "", in_=bea.room, prompt="a star")) == 25
    assert await bea.user.autocompletes("/imagine", "model", "grand 28", in_=bea.room, prompt="a star") == {
        "Grand 28": "model-28"
    }


async def test_adapters_are_offered_with_the_strength_that_was_typed(scene: Scene, bea: DiscordActor) -> None:
    offered = await bea.user.autocompletes("/imagine", "lora", "IN:0.4", in_=bea.room, prompt="a star")

    assert offered == {"ink:0.4": "ink:0.4"}
    assert list(await bea.user.autocompletes("/imagine", "lora", "", in_=bea.room, prompt="a star")) == [
        "chalk",
        "ink",
        "velvet",
    ]
