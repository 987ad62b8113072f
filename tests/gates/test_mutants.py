"""The guard on the guards, for a part of the map: however an entry is changed, a check notices. `make mutate` does all."""

from __future__ import annotations

from bots.wiring import datamap
from tests.mutate import checks, mutants, noticed

EVERY = 23  #: one mutant in so many; a prime, so that every kind of them and every store has its turn


def test_of_these_mutants_of_the_map_each_is_noticed() -> None:
    some = [mutant for number, mutant in enumerate(mutants(datamap())) if number % EVERY == 0]
    assert {mutant.kind for mutant in some} == {"left out", "erased otherwise", "kept longer", "led elsewhere"}
    with checks() as every:
        assert [name for name, check in every.items() if check(datamap())] == []
        survived = [mutant for mutant in some if not noticed(mutant, every)]

    assert [(mutant.kind, mutant.entry.cell) for mutant in survived] == []
