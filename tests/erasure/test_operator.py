"""`darkroom erase`: an operator erases a person, for a child at once, and shows receipts."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.rules import DAY
from tests.backups.conftest import Make
from tests.backups.instances import Instance
from tests.cast import Stage, enter
from tests.erasure.going import every_row, id_of, still_open
from tests.rights.everything import everything


@pytest.fixture
def instance(make: Make) -> Instance:
    return make("sqlite")


@pytest.fixture
def stage(instance: Instance) -> Stage:
    return instance.stage()


def arrives(instance: Instance, stage: Stage, name: str) -> str:
    """Their id."""
    actor = enter(stage, name)
    instance.lives(actor.agrees())
    return str(instance.lives(id_of(actor)))


def test_a_childs_account_is_erased_at_once_and_asks_nobody(instance: Instance, stage: Stage) -> None:
    kid = arrives(instance, stage, "kid")

    done = instance.does("erase", "terminal:kid", "--ground", "child")

    assert (done["status"], done["stage"]) == ("complete", "closed")
    assert done["receipt"]["ground"] == "child"
    assert kid not in repr(every_row(stage))


def test_now_begins_at_once_and_without_it_there_is_a_window(instance: Instance, stage: Stage) -> None:
    arrives(instance, stage, "ana")
    arrives(instance, stage, "ben")

    waits = instance.does("erase", "terminal:ana")
    gone = instance.does("erase", "terminal:ben", "--now")

    assert (waits["status"], waits["receipt"]) == ("waiting", None)
    assert waits["begins_at"] - still_open(stage)[0].confirmed_at == DAY
    assert gone["status"] == "complete"


def test_the_receipt_is_shown_by_its_code_to_whoever_has_it(instance: Instance, stage: Stage) -> None:
    arrives(instance, stage, "ben")
    done = instance.does("erase", "terminal:ben", "--now")

    assert instance.does("erase", "--receipt", done["code"]) == done
    said = instance.darkroom("erase", "--receipt", done["code"].lower())
    assert said.returncode == 0
    assert f"Receipt {done['code']}" in said.stdout
    assert "accounting law" in said.stdout


def test_a_name_or_a_receipt_and_not_both(instance: Instance, stage: Stage) -> None:
    arrives(instance, stage, "ben")

    assert "--receipt CODE" in instance.refuses("erase")
    assert "--receipt CODE" in instance.refuses("erase", "terminal:ben", "--receipt", "X")
    assert "terminal:nobody" in instance.refuses("erase", "terminal:nobody")
    assert "No receipt has the number none" in instance.refuses("erase", "--receipt", "none")
    assert len(every_row(stage)["person"]) == 1


def test_an_erasure_that_is_due_is_done_by_the_sweep(instance: Instance, stage: Stage) -> None:
    instance.more["DARKROOM_UNDO_WINDOW"] = "0s"
    ben = enter(stage, "ben")
    instance.lives(everything(stage, ben))
    person = str(instance.lives(id_of(ben)))
    assert person in repr(every_row(stage))
    code = instance.does("erase", "terminal:ben", "--now")["code"]
    while (
        instance.does("erase", "--receipt", code)["stage"] == "copies"
    ):  # posted at a terminal, where nobody takes back
        stage.database.transact(lambda tx: [tx.removal.took_back(copy) for copy in tx.removal.copies("terminal")])
        with stage.database._engine.begin() as connection:
            connection.exec_driver_sql("UPDATE erasure SET begins_at = 0")
        instance.does("sweep", "--once")

    assert instance.does("erase", "--receipt", code)["status"] == "complete"
    assert person not in repr(every_row(stage))


def test_the_window_is_a_span_of_time(instance: Instance, tmp_path: Path) -> None:
    instance.more["DARKROOM_UNDO_WINDOW"] = "a while"

    assert "DARKROOM_UNDO_WINDOW" in instance.refuses("erase", "terminal:ben")
