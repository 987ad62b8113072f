"""Edit opens the request filled in; what is sent is the command."""

from __future__ import annotations

import pytest

from bots.commands.asks import Imagine
from bots.on_discord.buttons import modal, submitted
from bots.on_discord.words import shown
from bots.replies import Form
from core.errors import Refused
from tests.cast import keys_of
from tests.discord_.actor import DiscordActor, Scene
from tests.discord_.test_door_buttons import drawn
from tests.discord_.test_door_privacy import seen_of


async def opens(bea: DiscordActor) -> dict[str, str]:
    await drawn(bea, '/imagine a yellow star --negative "dark, blurry" --shape portrait --seed 7')
    await bea.presses("Edit")
    assert bea.use is not None
    assert bea.use.modal is not None
    return {one.custom_id: one.value for one in bea.use.modal.fields}


async def test_it_opens_filled_in(scene: Scene, bea: DiscordActor) -> None:
    filled = await opens(bea)

    assert filled["prompt"] == "a yellow star"
    assert filled["negative"] == "dark, blurry"
    assert filled["options"].startswith("--shape portrait --seed 7")


async def test_what_is_sent_is_drawn(scene: Scene, bea: DiscordActor, kit: DiscordActor) -> None:
    await opens(bea)
    answer = await bea.fills(prompt="a red star", negative="", options="--count 2 --seed 7")
    await scene.stage.dispatches()

    ((wish, other),) = scene.stage.painter.waiting
    assert (wish.prompt, wish.negative, wish.seed, other.seed) == ("a red star", "", 7, 8)
    assert wish.settings.shape == "square"
    assert not answer.private
    await scene.stage.works()
    assert len(bea.newest.attachments) == 2
    assert len(seen_of(kit, bea)) == 2


async def test_it_stays_private_when_it_was(scene: Scene, bea: DiscordActor, kit: DiscordActor) -> None:
    await drawn(bea, "/imagine a yellow star --private")
    await bea.presses("Edit")
    await bea.fills(prompt="a red star")
    await scene.stage.works()

    assert bea.newest.attachments
    assert seen_of(kit, bea) == []


async def test_the_command_opens_it_too(scene: Scene, bea: DiscordActor) -> None:
    await drawn(bea)
    await bea.says("/edit")
    await bea.fills(prompt="a red star")
    await scene.stage.works()

    assert len(bea.inbox) == 2


async def test_without_a_request_there_is_nothing_to_edit(scene: Scene, bea: DiscordActor) -> None:
    assert keys_of(await bea.says("/edit")) == ["again.nothing"]
    assert bea.newest.ephemeral


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ("--count 9", "parse.range"),
        ("--count many", "parse.not_int"),
        ("--colour red", "parse.unknown_option"),
        ("count 2", "parse.no_words"),
        ("--shape", "parse.no_value"),
    ],
)
async def test_options_that_cannot_be_are_refused_and_cost_nothing(
    scene: Scene, bea: DiscordActor, options: str, key: str
) -> None:
    await opens(bea)
    assert bea.use is not None
    use = await bea.user.submits(bea.use.modal, options=options)
    message = await use.finished()

    assert message.ephemeral
    assert (await bea.balance()).held == 0
    with pytest.raises(Refused, match=key):
        submitted("form|imagine", [{"components": [{"custom_id": "options", "value": options}]}])


async def test_words_in_a_field_are_words(scene: Scene, bea: DiscordActor) -> None:
    await opens(bea)
    await bea.fills(prompt='a star --count 4 shape=portrait "x"', options="")
    await scene.stage.dispatches()

    ((wish,),) = scene.stage.painter.waiting
    assert wish.prompt == 'a star --count 4 shape=portrait "x"'


async def test_a_form_sent_after_a_restart_is_understood(scene: Scene, bea: DiscordActor) -> None:
    await opens(bea)
    await scene.restarts()
    await bea.fills(prompt="a red star")
    await scene.stage.works()

    assert len(bea.inbox) == 2


async def test_what_takes_too_long_is_a_line_to_copy(
    scene: Scene, bea: DiscordActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bots.on_discord.hearing.FORM_WITHIN", 0.0)
    await drawn(bea)
    await bea.says("/edit")

    assert bea.newest.ephemeral
    assert "/imagine a yellow star --shape square --seed" in shown(bea.newest.content)


def test_what_does_not_fit_into_a_field_has_no_window() -> None:
    assert modal(Form("imagine", Imagine("a" * 4_001))) is None


async def test_what_fits_has_one() -> None:
    window = modal(Form("imagine", Imagine("a" * 4_000, count=3)))
    assert window is not None
    assert [child.default for child in window.children] == ["a" * 4_000, None, "--count 3"]  # type: ignore[attr-defined]
