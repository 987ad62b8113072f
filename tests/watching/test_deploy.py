"""The dashboard and the alerts speak of figures that exist, and leave out none that matters."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bots.watching.metrics import Metrics
from bots.watching.standing import GAUGES
from core.rules import SECOND, START_DEADLINE
from tests.watching.test_labels import CLOSED

DEPLOY = Path(__file__).parents[2] / "deploy"
NAME = re.compile(r"\b(?:darkroom|process)_\w+")
LABEL = re.compile(r'(\w+)="([^"]*)"')

#: Figures of the dashboard that need no place of their own.
LEFT_OUT = {"process_virtual_memory_bytes", "process_start_time_seconds", "process_max_fds"}
#: What RELIABILITY's alerts are about, as far as it is counted.
ALERTED = {
    "darkroom_ledger_check_errors",
    "darkroom_oldest_hold_seconds",
    "darkroom_oldest_overdue_seconds",
    "darkroom_tickets_overdue",
    "darkroom_disk_free_ratio",
    "darkroom_health",
    "darkroom_leads",
    "darkroom_window",
    "darkroom_unavailable_total",
    "darkroom_log_lines_total",
}


def dashboard() -> list[str]:
    panels = json.loads((DEPLOY / "grafana.json").read_text())["panels"]
    return [target["expr"] for panel in panels for target in panel.get("targets", ())]


def alerts() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load((DEPLOY / "alerts.yml").read_text())["groups"] for rule in group["rules"]]


def expressions() -> list[str]:
    return dashboard() + [rule["expr"] for rule in alerts()]


@pytest.fixture
def samples() -> set[str]:
    """Every name that a sample may have."""
    metrics = Metrics()
    families = [*metrics.registry.collect()]
    endings = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"], "gauge": [""]}
    counted = {family.name + ending for family in families for ending in endings[family.type]}
    return counted | {gauge.name + ("_total" if gauge.counts else "") for gauge in GAUGES}


def named(expression: str) -> set[str]:
    return set(NAME.findall(expression))


def test_every_figure_that_is_named_exists(samples: set[str]) -> None:
    assert {name for expression in expressions() for name in named(expression)} - samples == set()


def test_every_figure_is_on_the_dashboard(samples: set[str]) -> None:
    shown = {re.sub("_(bucket|sum|count)$", "", name) for expression in dashboard() for name in named(expression)}
    wanted = {re.sub("_(bucket|sum|count)$", "", name) for name in samples}

    assert wanted - shown == LEFT_OUT


def test_what_matters_most_has_an_alert() -> None:
    assert {name for rule in alerts() for name in named(rule["expr"])} >= ALERTED


def test_every_label_that_is_asked_for_can_have_that_value() -> None:
    asked = [pair for expression in expressions() for pair in LABEL.findall(expression)]

    assert asked
    assert [(label, value) for label, value in asked if value not in CLOSED[label]] == []


def test_each_alert_says_in_a_sentence_what_is_the_matter() -> None:
    names = [rule["alert"] for rule in alerts()]

    assert len(set(names)) == len(names) >= 12
    for rule in alerts():
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert rule["annotations"]["summary"].endswith("."), rule["alert"]


def test_a_hold_is_too_old_at_twice_what_a_request_may_wait() -> None:
    (rule,) = [rule for rule in alerts() if rule["alert"] == "DarkroomHoldTooOld"]

    assert rule["expr"].endswith(f"> {2 * START_DEADLINE // SECOND}")


def test_brackets_are_closed() -> None:
    for expression in expressions():
        for opening, closing in ("()", "{}", "[]"):
            assert expression.count(opening) == expression.count(closing), expression


def test_numbers_of_the_stores_are_never_added_up() -> None:
    """Each process that serves the same stores tells the same number."""
    from_stores = {gauge.name for gauge in GAUGES}
    added = [
        expression
        for expression in expressions()
        for name in named(expression)
        if name.removesuffix("_total") in from_stores
        and re.search(rf"\bsum\b[^()]*\((rate\(|increase\()?{name}", expression)
    ]
    assert added == []
