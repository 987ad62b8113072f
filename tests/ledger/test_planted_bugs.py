"""The machine is worth something: it notices every bug on the list."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.databases import in_memory
from tests.ledger.machine import LedgerMachine
from tests.ledger.planted import BUGS, Bug, plant

pytestmark = pytest.mark.products
ENOUGH = settings(
    max_examples=300,
    stateful_step_count=80,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
#: What a bug that was planted badly raises, whatever it was meant to do.
MISTYPED = (NameError, TypeError, AttributeError, ImportError, SyntaxError)


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_the_machine_notices_that(bug: Bug, sqlite_template, monkeypatch):
    plant(bug, monkeypatch)
    with pytest.raises((Exception, pytest.fail.Exception)) as noticed:
        run_state_machine_as_test(lambda: LedgerMachine(in_memory(sqlite_template)), settings=ENOUGH)
    assert not isinstance(noticed.value, MISTYPED), "the bug does not run at all"
