"""A text comes into force once, with a number, whichever process comes first. Over both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from bots.wiring import policy
from core.policy.document import Policy
from core.policy.facts import TRIAL, Controller
from core.rights import publishing
from core.values import Moment
from storage.database import SqlDatabase
from tests.databases import Store

TEXT = policy(TRIAL)
REWORDED = replace(TEXT, wording="another")
NAMED = policy(replace(TRIAL, controller=Controller("Somebody", "Somewhere 1")))


@pytest.fixture
def database(store: Store) -> SqlDatabase:
    return store.open()


def publish(database: SqlDatabase, made: Policy, at: int = 1) -> Policy:
    return database.transact(publishing.publish, made, Moment(at))


def test_the_first_text_is_one_that_everybody_has_to_know(database: SqlDatabase) -> None:
    made = publish(database, TEXT)

    assert (made.version, made.required, made.since) == (1, 1, 1)


def test_the_same_text_again_changes_nothing(database: SqlDatabase) -> None:
    publish(database, TEXT, at=1)
    again = publish(database, TEXT, at=2)

    assert (again.version, again.since, len(again.editions)) == (1, 1, 1)


def test_a_minor_change_has_a_number_that_nobody_has_to_know(database: SqlDatabase) -> None:
    publish(database, TEXT)
    made = publish(database, REWORDED, at=2)

    assert (made.version, made.required, made.since) == (2, 1, 2)


def test_a_material_change_is_required(database: SqlDatabase) -> None:
    publish(database, TEXT)
    publish(database, REWORDED)
    made = publish(database, NAMED)

    assert (made.version, made.required) == (3, 3)
    assert [edition.version for edition in made.editions] == [3, 2, 1]
    assert [edition.material for edition in made.editions] == [True, False, True]


def test_a_text_of_before_that_comes_back_is_a_new_one(database: SqlDatabase) -> None:
    publish(database, TEXT)
    publish(database, NAMED)

    assert publish(database, TEXT).version == 3


def test_another_process_reads_what_is_in_force(database: SqlDatabase) -> None:
    publish(database, TEXT, at=1)
    publish(database, NAMED, at=2)
    read = database.transact(publishing.in_force, NAMED)

    assert (read.version, read.required, read.since) == (2, 2, 2)


def test_processes_that_start_at_once_agree(database: SqlDatabase) -> None:
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: publish(database, TEXT), range(8)))

    assert {(one.version, one.required) for one in made} == {(1, 1)}


def test_who_agreed_before_there_were_numbers_agreed_to_another_text(store: Store, database: SqlDatabase) -> None:
    with store.engine().begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO person (id, banned, notice_version, created_at, weight, policy_seen, last_active, restricted) "
            "VALUES ('ana', false, 1, 1, 1, 1, 1, false)"
        )

    assert publish(database, TEXT).required == 2


def test_only_the_latest_texts_are_compared(database: SqlDatabase) -> None:
    for number in range(publishing.EDITIONS + 3):
        made = publish(database, replace(TEXT, wording=str(number)))

    assert len(made.editions) == publishing.EDITIONS - 1
    assert made.changes_since(made.version - 1)
    assert made.changes_since(made.version) == ()
