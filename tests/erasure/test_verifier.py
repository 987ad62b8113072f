"""The verifier believes nobody: whatever is left anywhere keeps an erasure from being called complete, and is tried again."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from core.erasing import erasure
from core.erasing.erasure import Left
from core.values.receipts import Stage as At
from core.values.receipts import Status
from tests.cast import Actor, Stage
from tests.erasure.going import confirms, finish, found, id_of


async def until_verified(actor: Actor) -> str:
    """Everything is removed, and the verifier has not looked yet."""
    stage, code = actor.stage, await confirms(actor)
    stage.clock.passes(stage.app.limits.undo_window)
    while (erased := await found(stage, code)).stage is not At.VERIFY:
        stage.clock.passes(erasure.LAST_WORDS)
        await erasure.STEPS[erased.stage](stage.app, erased)
    return code


async def survives(stage: Stage, code: str) -> list[str]:
    with pytest.raises(Left):
        await erasure.carry_on(stage.app, code)
    return [f"{one.store}:{one.what}" for one in (await found(stage, code)).plan.survivors]


async def drew(ben: Actor) -> None:
    await ben.says("/imagine a cat")
    await ben.stage.works()


async def test_it_finds_the_person_in_a_table_that_nobody_told_it_of(stage: Stage, ben: Actor) -> None:
    person = await id_of(ben)
    code = await until_verified(ben)
    with stage.database._engine.begin() as connection:
        connection.execute(text("CREATE TABLE diary (entry TEXT)"))
        connection.execute(text("INSERT INTO diary VALUES (:entry)"), {"entry": f"seen {person} today"})

    assert await survives(stage, code) == ["sql:diary.entry"]
    assert erasure.status(await found(stage, code)) is Status.PARTIAL


async def test_it_finds_a_trace_in_a_cell_that_does_not_stay(stage: Stage, ben: Actor) -> None:
    await drew(ben)
    code = await until_verified(ben)
    (job,) = (await found(stage, code)).plan.jobs
    with stage.database._engine.begin() as connection:
        connection.execute(text("INSERT INTO inbox VALUES (:update, 1)"), {"update": job})

    assert await survives(stage, code) == ["sql:inbox.update"]


async def test_it_finds_a_blob_that_no_row_names(stage: Stage, ben: Actor) -> None:
    await drew(ben)
    code = await until_verified(ben)
    (job,) = (await found(stage, code)).plan.jobs
    await stage.app.blobs.put(f"pictures/{job}/0/7", b"left")

    assert await survives(stage, code) == ["blob:pictures"]


async def test_it_finds_a_key(stage: Stage, ben: Actor) -> None:
    person = await id_of(ben)
    code = await until_verified(ben)
    await stage.app.keys.create(person)

    assert await survives(stage, code) == ["keys:person_key"]


async def test_what_it_found_is_removed_when_it_is_tried_again(stage: Stage, ben: Actor) -> None:
    await drew(ben)
    code = await until_verified(ben)
    (job,) = (await found(stage, code)).plan.jobs
    await stage.app.blobs.put(f"pictures/{job}/0/7", b"left")
    await survives(stage, code)
    stage.clock.passes(erasure.LONGEST_PAUSE)

    await finish(stage)

    assert erasure.status(await found(stage, code)) is Status.COMPLETE
    assert await stage.stored() == []


async def test_what_fails_often_is_said_to_have_failed_and_is_still_tried(stage: Stage, ben: Actor) -> None:
    person = await id_of(ben)
    code = await until_verified(ben)
    with stage.database._engine.begin() as connection:
        connection.execute(text("CREATE TABLE diary (entry TEXT)"))
        connection.execute(text("INSERT INTO diary VALUES (:entry)"), {"entry": person})
    for _ in range(erasure.OFTEN):
        await survives(stage, code)
        assert not await erasure.carry_on(stage.app, code)  # it is put off
        stage.clock.passes(erasure.LONGEST_PAUSE)
    assert erasure.status(await found(stage, code)) is Status.FAILED

    with stage.database._engine.begin() as connection:
        connection.execute(text("DROP TABLE diary"))
    await finish(stage)
    assert erasure.status(await found(stage, code)) is Status.COMPLETE
