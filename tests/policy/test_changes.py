"""What changed between two texts: told in sentences, and material where somebody could be worse off."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bots.policy.shown import changes
from bots.texts import render
from bots.wiring import datamap, policy
from core.datamap import ACCOUNTING, Category, DataMap, OnErase, OnExport, Purpose, Until
from core.periods import Periods
from core.policy.changes import Change, ChangeKind, diff, is_material
from core.policy.document import Policy
from core.policy.facts import TRIAL, Controller, Facts, Recipient, Role, TransferTool
from core.rules import DAY
from tests.policy.operator import changed

OLD = policy(TRIAL)
HOST = Recipient("A Host", Role.HOSTING, "DE", (Category.WORDS,), "1", "2026-01-01")
NAMED = Controller("Somebody", "Somewhere 1")


def between(old: Policy, new: Policy) -> tuple[Change, ...]:
    return diff(old.document, new.document)


def mapped(datamap: DataMap) -> Policy:
    return replace(OLD, datamap=datamap)


def without(category: Category) -> DataMap:
    return DataMap(tuple(e for e in datamap().entries if getattr(e.meaning, "category", None) is not category))


def with_cell(cell: str, **attributes: Any) -> DataMap:
    return changed(datamap(), cell, **attributes)


def facts(**values: Any) -> Facts:
    return replace(TRIAL, **values)


MATERIAL = [
    (mapped(without(Category.CHOICES)), OLD, ChangeKind.NEW_CATEGORY, "Something new is kept: what you set once"),
    (
        OLD,
        mapped(with_cell("sql preference.shape", purposes=(Purpose.DRAW, Purpose.KEEP_SAFE))),
        ChangeKind.NEW_PURPOSE,
        "what you set once with /settings: now also for keeping the service and your account safe.",
    ),
    (
        policy(facts(periods=Periods({Until.PICTURE_DELETED: 30 * DAY}))),
        OLD,
        ChangeKind.KEPT_LONGER,
        "kept for up to 365 days, before 30.",
    ),
    (
        mapped(with_cell("sql preference.shape", keep=Until.EXPIRY)),
        OLD,
        ChangeKind.KEPT_LONGER,
        "what you set once with /settings: kept for up to 395 days, before 30.",
    ),
    (
        OLD,
        mapped(with_cell("sql preference.shape", on_erase=OnErase.UNLINK, statute=ACCOUNTING)),
        ChangeKind.ERASED_LESS,
        "what you set once with /settings: less of it goes when you are erased.",
    ),
    (OLD, mapped(with_cell("sql identity.sealed_id", sealed=False)), ChangeKind.UNSEALED, "is not sealed any more"),
    (OLD, policy(facts(recipients=(HOST,))), ChangeKind.NEW_RECIPIENT, "A Host gets some of your data now."),
    (
        policy(facts(recipients=(HOST,))),
        policy(facts(recipients=(replace(HOST, receives=(Category.WORDS, Category.PICTURES)),))),
        ChangeKind.RECIPIENT_GETS_MORE,
        "A Host gets more kinds of your data than before.",
    ),
    (
        policy(facts(recipients=(HOST,))),
        policy(facts(recipients=(replace(HOST, region="US", transfer=TransferTool.DPF),))),
        ChangeKind.RECIPIENT_MOVED,
        "A Host keeps your data in another country now.",
    ),
    (
        OLD,
        policy(facts(offered=frozenset({Purpose.TRAIN}))),
        ChangeKind.OFFERED,
        "You may now allow this, and need not",
    ),
    (
        OLD,
        policy(facts(recipients=(replace(HOST, role=Role.ANALYTICS),))),
        ChangeKind.CLAIM_GONE,
        "This is promised no longer: No outside service measures what you do.",
    ),
    (policy(facts(controller=NAMED)), OLD, ChangeKind.NEW_CONTROLLER, "Somebody else answers for this bot now."),
    (
        policy(facts(region="DE", residency="EU")),
        policy(facts(region="DE")),
        ChangeKind.RESIDENCY_GONE,
        "no longer promised that everything stays inside the European Union",
    ),
]
MINOR = [
    (OLD, mapped(with_cell("sql job.seed", on_export=OnExport.SUMMARY)), ChangeKind.STORED_DIFFERENTLY),
    (OLD, policy(facts(periods=Periods({Until.PICTURE_DELETED: 30 * DAY}))), ChangeKind.KEPT_SHORTER),
    (
        mapped(with_cell("sql preference.shape", on_erase=OnErase.UNLINK, statute=ACCOUNTING)),
        OLD,
        ChangeKind.ERASED_MORE,
    ),
    (
        policy(facts(recipients=(HOST,))),
        policy(facts(recipients=(replace(HOST, contract="2"),))),
        ChangeKind.RECIPIENT_CHANGED,
    ),
    (policy(facts(recipients=(HOST,))), OLD, ChangeKind.RECIPIENT_GONE),
    (policy(facts(offered=frozenset({Purpose.TRAIN}))), OLD, ChangeKind.OFFERED_NO_MORE),
    (OLD, policy(facts(privacy_contact="privacy@operator.example")), ChangeKind.FACT),
    (OLD, replace(OLD, wording="another"), ChangeKind.WORDING),
]


@pytest.mark.parametrize(("old", "new", "kind", "sentence"), MATERIAL, ids=[str(case[2]) for case in MATERIAL])
def test_what_may_hurt_somebody_is_material(old: Policy, new: Policy, kind: ChangeKind, sentence: str) -> None:
    found = between(old, new)

    assert kind in {change.kind for change in found}
    assert is_material(found)
    assert found[0].kind.material, "the weighty ones come first"
    assert sentence in "\n".join(render(line) for line in changes(found))


@pytest.mark.parametrize(("old", "new", "kind"), MINOR, ids=[str(case[2]) for case in MINOR])
def test_what_hurts_nobody_is_minor(old: Policy, new: Policy, kind: ChangeKind) -> None:
    found = between(old, new)

    assert kind in {change.kind for change in found}
    assert not is_material(found)


def test_a_category_that_is_kept_no_longer_takes_its_promise_along() -> None:
    found = between(OLD, mapped(without(Category.CHOICES)))

    assert {change.kind for change in found} >= {ChangeKind.CATEGORY_GONE, ChangeKind.CLAIM_GONE}


def test_nothing_is_no_change() -> None:
    assert between(OLD, policy(TRIAL)) == ()


def test_every_kind_has_been_seen_here() -> None:
    seen = {case[2] for case in MATERIAL} | {case[2] for case in MINOR}
    beside = {ChangeKind.CATEGORY_GONE, ChangeKind.PURPOSE_GONE, ChangeKind.NEW_CLAIM}  # the same, the other way round

    assert seen | beside == set(ChangeKind)
    assert {kind for kind in ChangeKind if kind.material} == {case[2] for case in MATERIAL}
