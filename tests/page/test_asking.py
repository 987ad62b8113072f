"""Forms from declarations, and one submission that comes more than once."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from bots.commands import commands
from bots.commands.asks import Imagine
from bots.on_page.forms import fill, filled
from core.requests.options import Ask
from tests.cast import Stage, keys_of
from tests.page.actor import Front, PageActor, new_update, open_front


async def described(person: PageActor, command: str) -> dict[str, dict[str, Any]]:
    status, body = await person.gets(f"/form/{command}")
    assert status == 200
    return {field["name"]: field for field in json.loads(body)["fields"]}


async def test_the_form_has_a_field_for_every_argument_with_its_range(ben: PageActor) -> None:
    fields = await described(ben, "imagine")

    assert list(fields) == [
        "prompt", "negative", "shape", "count", "model", "style", "lora", "reference", "strength",
        "seed", "steps", "guidance", "private",
    ]  # fmt: skip
    assert fields["prompt"]["required"]
    assert [one["value"] for one in fields["shape"]["choices"]] == ["square", "portrait", "landscape"]
    assert (fields["count"]["low"], fields["count"]["high"]) == (1, 4)
    assert (fields["steps"]["low"], fields["steps"]["high"], fields["steps"]["usual"]) == (1, 40, 4)
    assert fields["private"]["kind"] == "switch"


async def test_the_form_begins_with_what_one_prefers(ben: PageActor) -> None:
    await ben.says("/settings --shape portrait --private yes")
    fields = await described(ben, "imagine")

    assert (fields["shape"]["usual"], fields["private"]["usual"]) == ("portrait", True)


@pytest.mark.parametrize("name", ["agree", "too_young", "words", "nosuch"])
async def test_what_nobody_can_type_has_no_form(ben: PageActor, name: str) -> None:
    assert (await ben.gets(f"/form/{name}"))[0] == 404
    assert keys_of(await ben.fills(name)) == ["command.unknown"]


def test_filling_in_is_the_inverse_of_a_filled_form() -> None:
    command = commands.get("imagine")
    assert command is not None
    asked = Imagine(
        "a star", "blurry", "portrait", 3, "flat", "noir", "ink:0.5", seed=7, steps=5, guidance=2.5, private=True
    )

    assert fill(command, filled(asked)) == asked


async def test_what_is_left_out_is_as_usual(stage: Stage, ben: PageActor) -> None:
    await ben.fills("imagine", prompt="a star", negative="", shape=None, seed="", steps=None)
    await stage.dispatches()

    (wish,) = stage.painter.waiting[0]
    assert (wish.prompt, wish.settings.shape, wish.settings.steps) == ("a star", "square", 4)


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({}, "parse.missing_prompt"),
        ({"prompt": ""}, "parse.missing_prompt"),
        ({"prompt": "a star", "count": 5}, "parse.range"),
        ({"prompt": "a star", "count": 1.5}, "parse.not_int"),
        ({"prompt": "a star", "count": True}, "parse.not_int"),
        ({"prompt": "a star", "shape": "round"}, "parse.choice"),
        ({"prompt": "a star", "private": "maybe"}, "parse.switch"),
        ({"prompt": "a star", "steps": 1e9}, "option_range.of_model"),
        ({"prompt": "a star", "guidance": float("nan")}, "option_range.of_model"),
        ({"prompt": "a star", "size": 5}, "parse.unknown_option"),
        ({"prompt": "a" * 10_000}, "prompt.too_long"),
        ({"prompt": "\u200b\u202e"}, "prompt.empty"),
    ],
)
async def test_a_bad_field_gets_a_sentence_and_costs_nothing(ben: PageActor, values: dict[str, Any], key: str) -> None:
    answer = await ben.fills("imagine", **values)

    assert keys_of(answer) == [key]
    assert answer.error == "refused"
    assert (await ben.balance()).held == 0


async def test_edit_brings_the_request_filled_in(stage: Stage, ben: PageActor) -> None:
    await ben.says("/imagine a star --shape portrait --seed 7")
    await stage.works()
    ben.answer = ben.inbox[0]
    await ben.presses("Edit")

    form = ben.messages[-1][1]["form"]
    assert form["command"] == "imagine"
    assert Ask(**form["values"]) == Ask("a star", "", "portrait", 1, seed=7, steps=4, guidance=3.0, private=False)


async def test_the_same_submission_twice_is_one_request_and_has_one_answer(ben: PageActor) -> None:
    body = {"update": new_update(), "line": "/imagine a star"}
    answers = await asyncio.gather(*(ben.post("/say", body) for _ in range(10)))

    assert all(answer == answers[0] for answer in answers)
    assert (await ben.balance()).held == 1_000
    assert len([1 for name, data in ben.events if name == "message" and data["job"]]) == 1


async def test_a_submission_that_comes_again_after_a_restart_is_not_paid_twice(
    stage: Stage, front: Front, ben: PageActor
) -> None:
    body = {"update": new_update(), "line": "/imagine a star"}
    await ben.post("/say", body)
    visitor = ben.who.raw_id
    async with open_front(stage) as another:
        again = await another.door.say(another.door.visitors.get(visitor), body["update"], body["line"])

    assert again["error"] == "refused"
    assert (await ben.balance()).held == 1_000


async def test_two_submissions_are_two_requests(ben: PageActor) -> None:
    await ben.says("/imagine a star")
    await ben.says("/imagine a star")

    assert (await ben.balance()).held == 2_000


async def test_the_price_is_known_before_it_is_paid(ben: PageActor) -> None:
    assert json.loads((await ben.gets("/price?steps=8&count=3"))[1]) == {"price": "6 credits"}
    assert json.loads((await ben.gets("/price?count=1"))[1]) == {"price": "1 credit"}
    assert json.loads((await ben.gets("/price?model=grand&steps=20&count=2"))[1]) == {"price": "6 credits"}
    assert json.loads((await ben.gets("/price?model=nosuch&count=1"))[1]) == {"price": "1 credit"}
    assert (await ben.gets("/price?steps=many"))[0] == 400


async def test_the_gallery_comes_page_by_page(stage: Stage, ben: PageActor) -> None:
    for _ in range(2):
        await ben.says("/imagine a star --count 4")
        await stage.works()

    first, second = [json.loads((await ben.gets(f"/gallery?page={page}"))[1]) for page in (1, 2)]
    assert (len(first["pictures"]), first["more"], len(second["pictures"]), second["more"]) == (6, True, 2, False)
    assert {one["prompt"] for one in first["pictures"]} == {"a star"}


async def test_a_picture_has_its_details_and_what_can_be_done_with_it(stage: Stage, ben: PageActor) -> None:
    await ben.says('/imagine a star --negative "a moon" --seed 7')
    await stage.works()
    id_ = ben.inbox[0].pictures[0].id
    details = json.loads((await ben.gets(f"/pictures/{id_}/details"))[1])

    assert (details["prompt"], details["negative"], details["facts"]["seed"]) == ("a star", "a moon", "7")
    assert (details["facts"]["size"], details["facts"]["price"]) == ("128 × 128", "1 credit")
    deeds = {deed["command"]: deed["fields"] for deed in details["buttons"]}
    assert list(deeds) == ["again", "edit", "save", "delete", "report"]
    assert keys_of(await ben.fills("report", **{**deeds["report"], "reason": "too yellow"})) == ["report.done"]
    assert keys_of(await ben.fills("delete", **deeds["delete"])) == ["delete.done"]
    assert (await ben.gets(f"/pictures/{id_}"))[0] == 404
