"""The form of a request: what each model has, names to choose from, and a picture to start from that is sent with it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aiohttp import FormData

from tests.cast import Stage, keys_of
from tests.catalogue import GRAND, SWIFT, SmallCatalogue
from tests.page.actor import PageActor, new_update
from tests.pictures import picture_file


async def described(person: PageActor, model: str = "") -> dict[str, dict[str, Any]]:
    status, body = await person.gets(f"/form/imagine?model={model}")
    assert status == 200
    return {field["name"]: field for field in json.loads(body)["fields"]}


def values(field: dict[str, Any]) -> list[str]:
    return [choice["value"] for choice in field["choices"]]


async def test_names_are_chosen_from_a_list(ben: PageActor) -> None:
    fields = await described(ben)

    assert (fields["model"]["kind"], values(fields["model"]), fields["model"]["usual"]) == (
        "model", ["flat", "swift", "grand"], "flat",
    )  # fmt: skip
    assert fields["model"]["choices"][2]["label"] == "Grand XL"
    assert (values(fields["style"]), fields["style"]["usual"]) == (["noir", "watercolour", "none"], "none")
    assert (fields["lora"]["kind"], values(fields["lora"])) == ("adapter", ["chalk", "ink"])
    assert fields["reference"]["kind"] == "file"
    assert (fields["strength"]["beside"], fields["strength"]["usual"]) == ("reference", 0.6)


async def test_each_model_has_its_own_form(ben: PageActor) -> None:
    swift, grand = await described(ben, "swift"), await described(ben, "grand")

    assert not {"negative", "lora", "reference", "strength"} & swift.keys()
    assert (swift["steps"]["low"], swift["steps"]["high"], swift["steps"]["usual"]) == (1, 4, SWIFT.steps.default)
    assert swift["guidance"]["low"] == swift["guidance"]["high"] == 0
    assert (grand["steps"]["high"], grand["guidance"]["usual"]) == (60, GRAND.guidance.default)
    assert values(grand["lora"]) == ["ink", "velvet"]
    assert "velvet" in values(grand["style"])


async def test_where_there_is_nothing_to_choose_nothing_is_asked(stage: Stage, ben: PageActor) -> None:
    stage.offers(SmallCatalogue((SWIFT,), ()))
    fields = await described(ben)

    assert not {"model", "style", "lora"} & fields.keys()


async def test_it_begins_with_what_one_prefers(stage: Stage, ben: PageActor) -> None:
    await ben.says("/settings --model grand --style velvet")
    fields = await described(ben)
    assert (fields["model"]["usual"], fields["style"]["usual"], fields["steps"]["high"]) == ("grand", "velvet", 60)

    other = await described(ben, "flat")
    assert (other["model"]["usual"], other["style"]["usual"]) == ("flat", "none")
    stage.offers(SmallCatalogue().without("grand"))
    assert (await described(ben))["model"]["usual"] == "flat"


async def test_a_picture_is_sent_with_the_form(stage: Stage, ben: PageActor) -> None:
    answer = await ben.fills("imagine", file=picture_file(), prompt="a fox", strength=0.4, style="noir", lora="ink:0.5")
    assert keys_of(answer)[0] == "imagine.accepted"
    await stage.dispatches()

    ((wish,),) = stage.painter.waiting
    assert wish.reference is not None
    chosen = wish.settings
    assert (chosen.strength, chosen.style, chosen.lora, chosen.lora_strength) == (0.4, "noir", "ink", 0.5)


@pytest.mark.parametrize(
    ("file", "fields", "key"),
    [
        (b"hello", {"prompt": "a fox"}, "reference.unreadable"),
        (picture_file(), {}, "parse.missing_prompt"),
        (picture_file(), {"prompt": "a fox", "strength": 2}, "parse.range"),
        (picture_file(), {"prompt": "a fox", "model": "swift"}, "model.no_references"),
        (None, {"prompt": "a fox", "reference": "/etc/passwd"}, "parse.not_a_file"),
        (None, {"prompt": "a fox", "strength": 0.5}, "reference.missing"),
        (bytes(20_000_001), {"prompt": "a fox"}, "parse.file_too_large"),
    ],
)
async def test_what_cannot_be_gets_a_sentence_and_costs_nothing(
    ben: PageActor, file: bytes | None, fields: dict[str, Any], key: str
) -> None:
    assert keys_of(await ben.fills("imagine", file=file, **fields)) == [key]
    assert (await ben.balance()).held == 0


async def test_a_form_that_takes_no_file_says_so(ben: PageActor) -> None:
    assert keys_of(await ben.fills("balance", file=picture_file())) == ["parse.no_file"]


async def test_a_form_in_parts_that_no_page_sends_is_malformed(ben: PageActor) -> None:
    for fields in ({"values": "{"}, {"values": "[]"}, {"values": '{"prompt": []}'}, {}):
        form = FormData({"update": new_update(), "command": "imagine"} | fields)
        form.add_field("file", picture_file(), filename="a.png")
        async with ben.session.post("/form", data=form) as response:
            assert response.status == 400
    assert (await ben.balance()).held == 0


async def test_a_picture_says_what_it_was_asked_with(stage: Stage, ben: PageActor) -> None:
    await ben.fills("imagine", file=picture_file(), prompt="a fox", strength=0.4, style="noir", lora="ink:0.5")
    await stage.works()
    facts = json.loads((await ben.gets(f"/pictures/{ben.inbox[0].pictures[0].id}/details"))[1])["facts"]

    assert (facts["style"], facts["lora"], facts["strength"]) == ("noir", "ink:0.5", "0.4")


async def test_edit_says_that_the_picture_is_to_be_chosen_anew(stage: Stage, ben: PageActor) -> None:
    await ben.fills("imagine", file=picture_file(), prompt="a fox", strength=0.4)
    await stage.works()
    ben.answer = ben.inbox[0]
    await ben.presses("Edit")
    form = ben.messages[-1][1]["form"]

    assert (form["missing"], form["values"]["strength"], form["values"]["reference"]) == ("reference", 0.4, None)
