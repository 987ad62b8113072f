"""Pictures and requests answer to their owner alone."""

from __future__ import annotations

from bots.commands.asks import Cancel
from bots.replies import Button, say
from tests.cast import Actor, Stage, enter, keys_of


async def test_somebody_elses_picture_is_unknown_to_everybody_else(stage: Stage, ben: Actor) -> None:
    carl = enter(stage, "carl")
    await carl.agrees()
    await ben.says("/imagine a cat")
    await stage.works()
    (picture,) = ben.inbox[0].pictures

    assert keys_of(await carl.says(f"/delete {picture.id}")) == ["picture.unknown"]
    assert keys_of(await carl.says("/gallery")) == ["gallery.empty"]
    assert carl.inbox == []
    assert (await ben.says("/gallery")).pictures == (picture,)


async def test_an_unknown_id_and_a_foreign_one_get_the_same_answer(stage: Stage, ben: Actor) -> None:
    carl = enter(stage, "carl")
    await carl.agrees()
    await ben.says("/imagine a cat")
    await stage.works()
    (picture,) = ben.inbox[0].pictures

    foreign, unknown = await carl.says(f"/delete {picture.id}"), await carl.says("/delete 00000000")
    assert (foreign.lines[0].key, foreign.error) == (unknown.lines[0].key, unknown.error)


async def test_a_stranger_cannot_press_somebody_elses_cancel(stage: Stage, ben: Actor) -> None:
    carl = enter(stage, "carl")
    await carl.agrees()
    carl.answer = await ben.says("/imagine a cat")

    assert keys_of(await carl.presses("Cancel")) == ["cancel.over"]
    await stage.works()
    assert len(ben.inbox) == 1


async def test_an_invented_request_cannot_be_cancelled(ben: Actor) -> None:
    ben.answer = await ben.says("/help")
    ben.answer = type(ben.answer)((), buttons=(Button(say("button.cancel"), "cancel", Cancel("0" * 32)),))

    assert keys_of(await ben.presses("Cancel")) == ["cancel.over"]


async def test_the_same_name_at_another_door_is_another_person(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a cat")
    await stage.works()
    other = enter(stage, "ben", door="page")
    await other.agrees()

    assert keys_of(await other.says("/gallery")) == ["gallery.empty"]
