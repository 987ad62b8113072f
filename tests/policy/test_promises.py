"""All 116 promises are there, and each that is kept names a test that pytest collects and does not skip."""

from __future__ import annotations

import ast
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from bots.cli.policy_report import as_rows, report_table
from bots.policy.file import profile
from bots.texts import sentences
from core.policy.facts import TRIAL
from core.policy.promises import PROFILES, PROMISES, Judged, Promise, Reason, Status, Until, report

ROOT = Path(__file__).parents[2]
STATED = {"D": 49, "R": 48, "G": 45, "M": 62, "A": 42}  #: how many promises each policy states

KEPT = [promise for promise in PROMISES if promise.probe]


@cache
def functions(file: str) -> dict[str, ast.AST]:
    body = ast.parse((ROOT / file).read_text()).body
    return {node.name: node for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_there_are_116_and_each_once() -> None:
    assert len(PROMISES) == len({promise.id for promise in PROMISES}) == 116


@pytest.mark.parametrize("letter", STATED)
def test_each_policy_states_its_own(letter: str) -> None:
    assert sum(letter in promise.policies for promise in PROMISES) == STATED[letter]
    assert letter in PROFILES.values()


@pytest.mark.parametrize("promise", KEPT, ids=lambda promise: promise.id)
def test_the_test_it_names_exists(promise: Promise) -> None:
    file, name = promise.probe.split("::")

    assert name in functions(file), f"{promise.id} is proved by {promise.probe}, which does not exist"
    marks = functions(file)[name].decorator_list  # type: ignore[attr-defined]
    assert not any("skip" in ast.dump(mark) or "xfail" in ast.dump(mark) for mark in marks)


def test_each_is_kept_or_says_why_not() -> None:
    for promise in PROMISES:
        assert bool(promise.probe) + bool(promise.reason) + bool(promise.until) == 1, promise.id


@pytest.mark.parametrize("name", PROFILES)
def test_a_report_says_one_thing_of_each_promise_that_its_policy_makes(name: str) -> None:
    letter = PROFILES[name]
    rows = as_rows(report(profile(name).facts), letter)

    assert [row["id"] for row in rows] == [promise.id for promise in PROMISES if letter in promise.policies]
    for row in rows:
        said = {"kept": row["probe"], "not_applicable": row["reason"], "not_yet": row["until"]}
        assert {status for status, value in said.items() if value} == {row["status"]}
    assert len(rows) == STATED[letter]


def test_where_data_lie_decides_what_can_be_promised_of_it() -> None:
    def judged(name: str, id_: str) -> Judged:
        return next(one for one in report(profile(name).facts) if one.id == id_)

    assert judged("diary-of-dream", "DOD-20").status is Status.KEPT
    assert judged("im-generator", "DOD-20").reason == Reason.REGIONS
    assert judged("im-generator", "IMG-44").status is Status.KEPT
    assert judged("diary-of-dream", "IMG-44").reason == Reason.ONE_REGION
    assert judged("im-generator", "IMG-45").status is Status.KEPT
    assert judged("aiomus", "IMG-45").reason == Reason.NOBODY_ABROAD


def test_why_not_is_said_in_a_sentence() -> None:
    for reason in Reason:
        assert sentences("en")[f"not_applicable.{reason}"].endswith(".")
    for until in Until:
        assert sentences("en")[f"not_yet.{until}"].endswith(".")


def test_the_table_counts_what_the_policy_states() -> None:
    table = report_table(report(TRIAL))
    counts = Counter(one.status for one in report(TRIAL))

    assert table.row_count == 116
    assert str(table.caption).startswith(f"116 promises: {counts[Status.KEPT]} kept")


def test_privacy_shield_is_not_applicable() -> None:
    assert next(promise for promise in PROMISES if promise.id == "IMG-47").reason is Reason.PRIVACY_SHIELD
