"""Whatever happens in whatever order, the books are right and say what the model says."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.databases import in_memory
from tests.ledger.machine import LedgerMachine

EXAMPLES = settings.default.max_examples


def sized(examples: int) -> settings:
    return settings(max_examples=examples, stateful_step_count=80, suppress_health_check=list(HealthCheck))


def test_any_history_on_sqlite(sqlite_template):
    run_state_machine_as_test(lambda: LedgerMachine(in_memory(sqlite_template)), settings=sized(EXAMPLES * 3 // 10))


@pytest.mark.postgres
def test_any_history_on_postgresql(postgres):
    class OnPostgres(LedgerMachine):
        def __init__(self) -> None:
            self.fresh = postgres.fresh()
            super().__init__(self.fresh.__enter__().engine())

        def teardown(self) -> None:
            super().teardown()
            self.fresh.__exit__(None, None, None)

    run_state_machine_as_test(OnPostgres, settings=sized(EXAMPLES // 20))
