"""/readyz: each finding turns red or yellow with its sentence, and back; and asking costs the stores little."""

from __future__ import annotations

import asyncio
import json
import shutil

import pytest
from sqlalchemy import text

from bots.watching import health
from bots.watching.auditing import Auditor
from tests.cast import Actor, Stage
from tests.watching.looking import Operator, Watching, watching


async def test_a_bot_that_is_well_is_ready(operator: Operator) -> None:
    assert await operator.readiness() == (200, "ok", {})


async def test_every_finding_is_one_sentence(operator: Operator) -> None:
    findings = json.loads((await operator.asks("/readyz"))[1])["findings"]

    assert [finding["what"] for finding in findings] == [
        "doors", "database", "schema", "keys", "blobs", "books", "erasures", "safety", "worker",
    ]  # fmt: skip
    assert all(finding["said"].endswith(".") for finding in findings)


async def test_nobody_is_sent_to_a_process_that_is_only_beginning(stage: Stage) -> None:
    async with watching(stage, opened=False) as seen:
        status, state, troubles = await seen.operator.readiness()
        assert (status, state) == (503, "failed")
        assert troubles["doors"] == "The doors are not open: this process begins, or ends."

        with seen.watch.opened():
            assert "doors" not in (await seen.operator.readiness())[2]
        assert "doors" in (await seen.operator.readiness())[2]


async def test_a_database_that_can_not_be_written_is_not_ready(stage: Stage, operator: Operator) -> None:
    with stage.database._engine.begin() as connection:
        connection.execute(text("ALTER TABLE leader RENAME TO gone"))
    status, state, troubles = await operator.readiness()
    assert (status, state) == (503, "failed")
    assert troubles == {"database": "The database can't be written: people are told to try again later."}

    with stage.database._engine.begin() as connection:
        connection.execute(text("ALTER TABLE gone RENAME TO leader"))
    assert (await operator.readiness())[0] == 200


async def test_looking_whether_it_can_be_written_leaves_nothing(stage: Stage, operator: Operator) -> None:
    await operator.readiness()

    with stage.database._engine.connect() as connection:
        assert connection.execute(text("SELECT * FROM leader")).all() == []


async def test_a_schema_of_another_version_is_not_ready(stage: Stage, operator: Operator) -> None:
    with stage.database._engine.begin() as connection:
        (before,) = connection.execute(text("SELECT version_num FROM alembic_version")).scalars()
        connection.execute(text("UPDATE alembic_version SET version_num = 'tomorrow'"))
    status, _, troubles = await operator.readiness()
    assert (status, list(troubles)) == (503, ["schema"])
    assert "another version of Darkroom" in troubles["schema"]

    with stage.database._engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :before"), {"before": before})
    assert (await operator.readiness())[0] == 200


async def test_a_store_of_keys_that_is_away_is_not_ready(stage: Stage, operator: Operator) -> None:
    with stage.app.keys._engine.begin() as connection:  # type: ignore[attr-defined]
        connection.execute(text("ALTER TABLE person_key RENAME TO gone"))
    status, _, troubles = await operator.readiness()
    assert (status, troubles) == (
        503,
        {"keys": "The store of people's keys can't be reached: nothing that is sealed opens."},
    )

    with stage.app.keys._engine.begin() as connection:  # type: ignore[attr-defined]
        connection.execute(text("ALTER TABLE gone RENAME TO person_key"))
    assert (await operator.readiness())[0] == 200


async def test_a_store_of_pictures_that_is_away_is_not_ready(stage: Stage, operator: Operator) -> None:
    shutil.move(stage.folder / "blobs", stage.folder / "elsewhere")
    status, _, troubles = await operator.readiness()
    assert (status, troubles) == (
        503,
        {"blobs": "The store of pictures can't be reached: no picture can be kept or shown."},
    )

    shutil.move(stage.folder / "elsewhere", stage.folder / "blobs")
    assert (await operator.readiness())[0] == 200


async def test_pictures_that_nobody_can_look_at_are_not_ready(stage: Stage, operator: Operator) -> None:
    stage.censor.broken = True
    status, _, troubles = await operator.readiness()
    assert (status, list(troubles)) == (503, ["safety"])

    stage.censor.broken = False
    assert (await operator.readiness())[0] == 200


async def test_books_that_are_wrong_are_not_ready_until_they_are_right_again(
    stage: Stage, seen: Watching, ben: Actor
) -> None:
    with stage.database._engine.begin() as connection:
        connection.execute(text("UPDATE credit_lot SET available = available - 1, spent = spent + 1"))
    await seen.audit()

    status, _, troubles = await seen.operator.readiness()
    assert status == 503
    assert troubles == {"books": "The books are wrong in 2 places: `darkroom doctor` says where."}
    assert await seen.operator.figure("darkroom_ledger_check_errors") == 2

    with stage.database._engine.begin() as connection:
        connection.execute(text("UPDATE credit_lot SET available = available + 1, spent = spent - 1"))
    await seen.audit()
    assert (await seen.operator.readiness())[0] == 200
    assert await seen.operator.figure("darkroom_ledger_check_errors") == 0


async def test_without_a_worker_it_is_degraded_and_still_answers_people(stage: Stage, operator: Operator) -> None:
    stage.painter.window = 0
    assert await operator.readiness() == (
        200,
        "degraded",
        {"worker": "No worker is ready: requests are kept, and wait."},
    )

    stage.painter.window = 2
    assert await operator.readiness() == (200, "ok", {})


class Hanging:
    """A store that answers when it is let."""

    def __init__(self) -> None:
        self.answers, self.asked = asyncio.Event(), 0

    async def get(self, _name: str) -> None:
        self.asked += 1
        await self.answers.wait()


async def test_a_store_that_hangs_is_not_ready_and_is_asked_once(
    stage: Stage, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging = Hanging()
    monkeypatch.setattr(health, "PATIENCE", 0.05)
    monkeypatch.setattr(stage.app.blobs, "_behind", hanging)
    for _ in range(3):
        status, _, troubles = await operator.readiness()
        assert (status, troubles) == (503, {"blobs": "There was no answer within 0.05 seconds."})
    assert hanging.asked == 1

    hanging.answers.set()
    monkeypatch.setattr(health, "PATIENCE", 5.0)
    assert (await operator.readiness())[0] == 200


async def test_a_bug_in_a_look_is_a_finding_and_not_an_apology(
    stage: Stage, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def explodes() -> bool:
        raise RuntimeError

    monkeypatch.setattr(stage.censor, "load", explodes)

    status, _, troubles = await operator.readiness()
    assert (status, list(troubles)) == (503, ["safety"])


async def test_whoever_asks_often_is_told_the_same(
    stage: Stage, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "FRESH", 60.0)
    hanging = Hanging()
    hanging.answers.set()
    monkeypatch.setattr(stage.app.blobs, "_behind", hanging)

    await asyncio.gather(*(operator.readiness() for _ in range(50)))

    assert hanging.asked <= 1
    stage.censor.broken = True
    assert (await operator.readiness())[0] == 200


async def test_while_the_books_are_checked_for_the_first_time_people_are_served(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = asyncio.Event()

    async def slowly(_auditor: Auditor) -> None:
        await goes_on.wait()

    monkeypatch.setattr(Auditor, "check", slowly)
    async with watching(stage) as seen:
        status, state, troubles = await seen.operator.readiness()
        assert (status, state) == (200, "degraded")
        assert troubles == {"books": "The books are being checked for the first time since the start."}
        assert await seen.operator.figure("darkroom_ledger_check_errors") is None
