"""No label of a figure can say anything about a person: every one of them comes from a set that is written down."""

from __future__ import annotations

import re
from collections.abc import Collection

from sqlalchemy import text

from bots.texts import sentences
from bots.watching.metrics import DOORS, LEVELS, OTHER
from core.values import DeliveryState, JobState, Reason
from core.values.figures import Movement
from tests.cast import Actor, Stage, enter
from tests.catalogue import SmallCatalogue
from tests.markers import forms
from tests.watching.looking import Operator, Watching

MARKER = "zweiundvierzig-kormorane"

NUMBER = re.compile(r"\d+(\.\d+)?|\+Inf")
EVENT = re.compile(r"[a-z_]+(\.[a-z_]+)*")

#: The values each label may have.
CLOSED: dict[str, Collection[str] | re.Pattern[str]] = {
    "door": (*DOORS, OTHER),
    "platform": (*DOORS, OTHER),
    "state": (*JobState, *DeliveryState),
    "reason": ("none", *Reason),
    "result": ("drawn", Reason.REFUSED, Reason.UNCHECKED, *DeliveryState),
    "news": ("drawn", "started"),
    "limit": ("commands", "requests"),
    "key": (*sentences("en"), "dispatch.unavailable", OTHER),
    "level": LEVELS,
    "event": EVENT,  # a constant in the code: tests/gates/test_logs.py
    "model": (*(model.name for model in SmallCatalogue().models), OTHER),
    "movement": tuple(Movement),
    "part": ("spendable", "held"),
    "queue": ("wishes", "results"),
    "role": ("scheduler", "door:telegram", "door:discord"),
    "check": ("doors", "database", "schema", "keys", "blobs", "books", "safety", "worker", "redis", "erasures"),
    "le": NUMBER,
}


def outside(label: str, value: str) -> bool:
    closed = CLOSED.get(label, ())
    return not (closed.fullmatch(value) if isinstance(closed, re.Pattern) else value in closed)


async def everything_happens(stage: Stage) -> None:
    """Somebody whose name, words and mistakes all carry the marker uses what there is."""
    person = enter(stage, f"{MARKER}-name")
    await person.says(f"/start {MARKER}")
    await person.agrees()
    for line in (f"/imagine {MARKER}", f"/imagine --style {MARKER} a cat", f"/{MARKER}", MARKER, f"/delete {MARKER}"):
        await person.says(line)
    await stage.works()
    await person.says(f"/imagine {MARKER}")
    for _ in range(3):
        await stage.breaks_down()
    await person.says(f"/imagine {MARKER}")
    await person.says("/cancel")


async def test_every_label_has_a_value_of_its_set(stage: Stage, operator: Operator) -> None:
    await everything_happens(stage)
    samples = await operator.figures()

    assert len(samples) > 100, "figures that are missing prove nothing"
    strays = [(name, label) for name, labels in samples for label in labels if outside(*label)]
    assert strays == []


async def test_nothing_of_a_person_or_a_request_is_among_the_figures(stage: Stage, operator: Operator) -> None:
    await everything_happens(stage)
    with stage.database._engine.connect() as connection:
        ids = [
            *connection.execute(text("SELECT id FROM person")).scalars(),
            *connection.execute(text("SELECT id FROM job")).scalars(),
            *connection.execute(text("SELECT id FROM picture")).scalars(),
            *connection.execute(text("SELECT id FROM ledger_account")).scalars(),
            *connection.execute(text("SELECT lookup FROM identity")).scalars(),
        ]
    said = " ".join([(await operator.asks(path))[1] for path in ("/metrics", "/readyz", "/livez")])

    assert len(ids) > 5
    assert [one for one in ids if one in said] == []
    assert not [form for form in forms(MARKER) if form in said.encode()]


async def test_whatever_is_not_in_a_set_counts_as_other(stage: Stage, seen: Watching) -> None:
    seen.metrics.accepted(MARKER)
    seen.metrics.refused(MARKER)
    seen.metrics.limited(MARKER)
    seen.metrics.drew(MARKER, 1.0)
    seen.metrics.told(MARKER, DeliveryState.DELIVERED)
    seen.metrics.logged(None, "error", {"event": f"{MARKER} was refused"})

    stranger = enter(stage, "kim", door=MARKER)
    await stranger.agrees()
    await stranger.says("/imagine a star")
    stage.people.clear()
    await stage.works()

    assert await seen.operator.figure("darkroom_deliveries_open", platform=OTHER, state="owed") == 1
    samples = await seen.operator.figures()
    assert not [labels for _, labels in samples if any(MARKER in value for _, value in labels)]
    assert sum(("event", OTHER) in labels for _, labels in samples) == 1


async def test_this_gate_can_fail(ben: Actor) -> None:
    assert outside("door", ben.who.raw_id)
    assert outside("person", "1")
    assert outside("le", MARKER)
