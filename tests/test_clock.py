"""Somebody sets the clock, or summer time does: what lasts a minute still lasts a minute."""

from __future__ import annotations

import pytest

from bots.clock import SteadyClock

SECOND, MINUTE, HOUR = 10**9, 60 * 10**9, 3600 * 10**9  #: nanoseconds
MIDDAY = 1_800_000_000 * SECOND


class Machine:
    def __init__(self) -> None:
        self.wall, self.steady = MIDDAY, 5 * HOUR
        self.clock = SteadyClock(lambda: self.wall, lambda: self.steady)

    def passes(self, nanoseconds: int) -> None:
        self.wall += nanoseconds
        self.steady += nanoseconds

    @property
    def off(self) -> int:
        """Milliseconds from what the system's clock says."""
        return self.clock.now() - self.wall // 10**6


def test_it_starts_at_the_systems_time_and_goes_with_it() -> None:
    machine = Machine()
    for _ in range(100):
        machine.passes(MINUTE)
        assert machine.off == 0


@pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["forward", "back"])
def test_a_minute_lasts_about_a_minute_whatever_somebody_sets(jump: int) -> None:
    machine = Machine()
    before = machine.clock.now()
    machine.wall += jump
    machine.passes(MINUTE)

    assert 54_000 <= machine.clock.now() - before <= 66_000


def test_it_never_goes_back() -> None:
    machine, before = Machine(), 0
    for jump in (HOUR, -2 * HOUR, 5 * SECOND, -SECOND, 24 * HOUR):
        machine.wall += jump
        for _ in range(50):
            machine.passes(SECOND // 10)
            assert machine.clock.now() >= before
            before = machine.clock.now()


@pytest.mark.parametrize("jump", [MINUTE, -MINUTE], ids=["forward", "back"])
def test_it_catches_up_in_the_end(jump: int) -> None:
    machine = Machine()
    machine.wall += jump
    for _ in range(11 * 60):
        machine.passes(SECOND)
        machine.clock.now()

    assert machine.off == 0
