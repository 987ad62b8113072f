"""Models, styles and adapters: chosen by name, each with what it can do; what cannot be gets a sentence and costs nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bots.parsing import spell
from core.ports import Style
from tests.cast import Actor, Stage, keys_of, read
from tests.catalogue import GRAND, READS, SmallCatalogue
from tests.conversation.asking import one_picture


async def wish_of(stage: Stage, actor: Actor, line: str):
    """What the worker is told of a request."""
    answer = await actor.says(line)
    assert answer.error is None, read(answer)
    await stage.dispatches()
    return stage.painter.waiting[-1][0]


# Models


async def test_a_model_draws_with_its_own_sizes_and_defaults_at_its_own_price(stage: Stage, ben: Actor) -> None:
    wish = await wish_of(stage, ben, "/imagine a star --model grand")

    chosen = wish.settings
    assert (chosen.model, chosen.width, chosen.steps, chosen.guidance) == ("grand", 256, 20, 7.0)
    assert (await ben.balance()).held == 3_000
    await stage.works()
    assert "model grand" in read(ben.inbox[0])


async def test_a_title_names_a_model_too(stage: Stage, ben: Actor) -> None:
    assert (await wish_of(stage, ben, '/imagine a star --model "grand xl"')).settings.model == "grand"


@pytest.mark.parametrize(
    ("options", "key", "said"),
    [
        ("--model nosuch", "model.unknown", "I know flat, swift, grand."),
        ("--model swift --steps 20", "option_range.of_model", "With swift, --steps goes from 1 to 4; 20 is outside."),
        ("--model grand --steps 4", "option_range.of_model", "With grand, --steps goes from 10 to 60; 4 is outside."),
        ("--model swift --guidance 3", "option_range.fixed", "With swift, --guidance is always 0, and 3 is not."),
        ("--model swift --negative blur", "model.no_negative", "swift can't leave anything out"),
        ("--style wattercolor", "style.unknown", "Did you mean watercolour?"),
        ("--style zzzzzz", "style.unheard", "/styles lists those I know"),
        ("--style velvet", "style.unfit", "says nothing to flat. These do: noir, watercolour."),
        ("--lora velvet", "lora.unknown", "No LoRA “velvet” fits flat. These fit: ink, chalk."),
        ("--model swift --lora ink", "lora.none_fit", "No LoRA fits swift"),
        ("--lora ink:3", "lora.strength", "a number from -2 to 2"),
        ("--lora ink:much", "lora.strength", "“much” is not"),
        ("--strength 0.5", "reference.missing", "there is none"),
    ],
)
async def test_what_a_model_does_not_have_is_said_and_costs_nothing(
    ben: Actor, options: str, key: str, said: str
) -> None:
    answer = await ben.says(f"/imagine a star {options}")

    assert keys_of(answer) == [key]
    assert said in read(answer)
    assert "Nothing was charged" in read(answer)
    balance = await ben.balance()
    assert (balance.spendable, balance.held) == (20_000, 0)


async def test_words_cannot_be_weighed_by_a_model_that_does_not_know_how(stage: Stage, ben: Actor) -> None:
    answer = await ben.says("/imagine a (yellow:1.3) star --model swift")
    assert "can't weigh words, so it reads “(yellow:1.3)” as it stands" in read(answer)

    assert "weigh" not in read(await ben.says("/imagine a (yellow:1.3) star"))
    assert "weigh" not in read(await ben.says("/imagine a star (a: yellow one) --model swift"))


async def test_a_prompt_that_is_too_long_is_drawn_and_quoted_where_it_was_cut(stage: Stage, ben: Actor) -> None:
    words = [f"word{number}" for number in range(READS + 5)]
    answer = await ben.says(f"/imagine {' '.join(words)}")

    assert keys_of(answer)[0] == "imagine.accepted"
    assert f"stopped after “{' '.join(words[READS - 3 : READS])}”" in read(answer)
    await stage.dispatches()
    assert stage.painter.waiting[0][0].prompt == " ".join(words)


async def test_words_a_model_never_learnt_are_named(ben: Actor) -> None:
    assert "xyzzy" in read(await ben.says("/imagine a xyzzy star"))


async def test_the_models_are_listed_with_what_one_wants_to_know(ben: Actor) -> None:
    answer = await ben.says("/models")

    assert answer.private
    lines = read(answer).splitlines()
    assert lines[1] == (
        "• flat (the usual one): Flat, 1 credit a picture at 4 steps (1 to 40); square 128 × 128, portrait 96 × 128, "
        "landscape 128 × 96. Licence: Apache-2.0; commercial use is allowed."
    )
    assert "Swift Community License; commercial use: yes, below 1 million of yearly revenue." in lines[2]
    assert "grand: Grand XL, 3 credits a picture at 20 steps (10 to 60)" in lines[3]
    assert lines[3].endswith("Grand Research License; no commercial use.")
    assert [button.label.values["name"] for button in answer.buttons] == ["Flat", "Swift Turbo", "Grand XL"]


async def test_one_model_comes_with_all_it_can_do_and_a_request_to_fill_in(ben: Actor) -> None:
    answer = await ben.says("/models grand")

    assert answer.form is not None
    assert spell(answer.form) == "/imagine --model grand"
    assert "LoRAs that fit it: ink, velvet." in read(answer)
    assert "It can start from a picture" in read(answer)
    assert "leave anything out" in read(await ben.says("/models swift"))
    assert keys_of(await ben.says("/models nosuch")) == ["model.unknown"]


async def test_pressing_a_model_opens_a_request_for_it(ben: Actor) -> None:
    await ben.says("/models")
    answer = await ben.presses("Swift Turbo")

    assert answer.form is not None
    assert spell(answer.form) == "/imagine --model swift"


# Styles


async def test_a_style_puts_its_words_around_those_that_were_said(stage: Stage, ben: Actor) -> None:
    wish = await wish_of(stage, ben, '/imagine a {prompt} star --style NOIR --negative "a moon"')

    assert wish.prompt == "film noir scene of a {prompt} star, hard shadows"
    assert wish.negative == "a moon, colour, bright"
    await stage.works()
    picture = ben.inbox[0].pictures[0]
    assert "model flat, style noir" in read(ben.inbox[0])
    assert "“a {prompt} star”" in read(await ben.says(f"/show {picture.id}")), "kept is what was written"


async def test_what_a_model_cannot_leave_out_no_style_leaves_out(stage: Stage, ben: Actor) -> None:
    wish = await wish_of(stage, ben, "/imagine a star --model swift --style noir")

    assert (wish.prompt, wish.negative) == ("film noir scene of a star, hard shadows", "")


async def test_the_styles_are_listed_each_with_a_request_in_it(ben: Actor) -> None:
    answer = await ben.says("/styles")

    assert "• watercolour: Wet paint on rough paper" in read(answer).splitlines()
    chosen = await ben.presses("watercolour")
    assert chosen.form is not None
    assert spell(chosen.form) == "/imagine --style watercolour"
    other = await ben.says("/styles velvet")
    assert other.form is not None
    assert spell(other.form) == "/imagine --model grand --style velvet"
    assert keys_of(await ben.says("/styles noirr")) == ["style.unknown"]


async def test_who_is_new_may_look_at_what_there_is(stage: Stage, ana: Actor) -> None:
    for command in ("models", "styles"):
        answer = await ana.says(f"/{command}")
        assert answer.error is None
        assert answer.buttons == (), "a newcomer's button carries nothing"


async def test_where_no_model_reads_a_style_there_are_none(stage: Stage, ben: Actor) -> None:
    only = SmallCatalogue().without("noir", "watercolour", "grand")
    stage.offers(only)

    assert keys_of(await ben.says("/styles")) == ["styles.none"]
    stage.offers(SmallCatalogue(styles=()))
    assert keys_of(await ben.says("/imagine a star --style noir")) == ["styles.none"]


async def test_however_many_there_are_every_door_shows_them(stage: Stage, ben: Actor) -> None:
    """Page by page: messages and rows of buttons have an end."""
    many = SmallCatalogue(
        tuple(
            replace(GRAND, name=f"model-{nth:02}", title=f"Model {nth:02} {'long ' * 9}".strip(), licence="L" * 90)
            for nth in range(20)
        ),
        tuple(Style(f"style-{nth:02}", "a" * 100, "{prompt}") for nth in range(45)),
    )
    stage.offers(many)
    for command, shown, pages in (("models", 8, 3), ("styles", 20, 3)):
        answer = await ben.says(f"/{command}")
        assert f"page 1 of {pages}" in read(answer)
        assert len(answer.buttons) == shown + 1
        for _ in range(pages - 1):
            answer = await ben.presses("Next page")
        assert f"{command[:-1]}-{'19' if command == 'models' else '44'}" in read(answer)
        assert keys_of(await ben.says(f"/{command} --page 4")) == ["choosing.past_end"]


# Adapters


async def test_an_adapter_goes_to_the_worker_with_its_strength(stage: Stage, ben: Actor) -> None:
    for asked, name, strength in (("ink", "ink", 1.0), ("INK:0.5", "ink", 0.5), ("chalk:-1.25", "chalk", -1.25)):
        chosen = (await wish_of(stage, ben, f"/imagine a star --lora {asked}")).settings
        assert (chosen.lora, chosen.lora_strength) == (name, strength)
        await stage.works()

    assert "model flat, LoRA ink." in read(ben.inbox[0])
    assert "LoRA ink:0.5." in read(ben.inbox[1])


# Again, Edit, and what is preferred


async def test_again_and_edit_carry_what_was_chosen(stage: Stage, ben: Actor) -> None:
    line = "/imagine a star --model grand --style velvet --lora ink:0.75 --steps 12"
    first = await wish_of(stage, ben, f"{line} --seed 5")
    await stage.works()

    again = await wish_of(stage, ben, "/again")
    assert again.settings == first.settings
    await stage.works()
    edit = await ben.says("/edit")
    assert edit.form is not None
    assert (await wish_of(stage, ben, spell(edit.form))).settings == first.settings


async def test_a_preferred_model_and_style_are_used_until_said_otherwise(stage: Stage, ben: Actor) -> None:
    changed = await ben.says('/settings --model "Grand XL" --style velvet')
    assert {"• model: grand", "• style: velvet"} <= set(read(changed).splitlines())

    wish = await wish_of(stage, ben, "/imagine a star")
    assert (wish.settings.model, wish.settings.style, wish.prompt) == ("grand", "velvet", "a star on velvet")
    await stage.works()
    other = await wish_of(stage, ben, "/imagine a star --model flat --style none")
    assert (other.settings.model, other.settings.style) == ("flat", "")
    await stage.works()
    edit = await ben.says("/edit")
    assert edit.form is not None
    assert "--model flat --style none" in spell(edit.form)

    await ben.says("/settings --model none --style none")
    assert "• model: the usual one, flat" in read(await ben.says("/settings"))
    assert (await wish_of(stage, ben, "/imagine a star")).settings.model == "flat"


@pytest.mark.parametrize(("line", "key"), [("--model nosuch", "model.unknown"), ("--style nosuch", "style.unheard")])
async def test_what_is_not_there_cannot_be_preferred(ben: Actor, line: str, key: str) -> None:
    assert keys_of(await ben.says(f"/settings {line}")) == [key]


async def test_a_preferred_style_that_does_not_suit_is_left_out_and_said_so(stage: Stage, ben: Actor) -> None:
    await ben.says("/settings --style velvet")
    answer = await ben.says("/imagine a star")

    assert "The style you prefer, velvet, says nothing to flat" in read(answer)
    await stage.dispatches()
    assert stage.painter.waiting[0][0].settings.style == ""


async def test_what_an_operator_has_removed_gives_way_to_the_usual(stage: Stage, ben: Actor) -> None:
    await ben.says("/settings --model grand --style noir")
    await one_picture(stage, ben)
    stage.offers(SmallCatalogue().without("grand", "noir"))

    answer = await ben.says("/imagine a star")
    assert "The model you prefer, grand, is not here any more, so flat draws this" in read(answer)
    assert "The style you prefer, noir, is not here any more" in read(answer)
    assert "grand, which is not here any more" in read(await ben.says("/settings"))
    again = await ben.says("/again")
    assert keys_of(again) == ["model.unknown"]


async def test_a_style_that_is_removed_while_a_request_waits_takes_only_its_words_along(
    stage: Stage, ben: Actor
) -> None:
    await ben.says("/imagine a star --style noir")
    stage.offers(SmallCatalogue().without("noir"))
    await stage.dispatches()

    assert stage.painter.waiting[0][0].prompt == "a star"
