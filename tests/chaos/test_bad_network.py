"""Whatever happens between two of Darkroom's processes and servers, people are answered, nothing is lost, and it passes."""

from __future__ import annotations

import asyncio

import pytest

from tests.chaos.linked import PAIRS, Linked
from tests.chaos.proxy import Trouble

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.postgres, pytest.mark.products]

KINDS = {
    "slow": Trouble(latency=0.02, jitter=0.05, bandwidth=100_000),
    "in slices": Trouble(slices=11),
    "stalled": Trouble(stalls=True),
    "reset": Trouble(),
    "refused": Trouble(refuses=True),
    "slow to close": Trouble(slow_close=1.0),
}
LASTS = 0.6  #: seconds


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("kind", KINDS)
async def test_people_are_answered_and_it_recovers_by_itself(linked: Linked, pair: str, kind: str) -> None:
    proxy = linked.proxies[pair]
    with proxy.suffers(KINDS[kind]):
        meanwhile = await linked.ask()
        for _ in range(3):
            await asyncio.sleep(LASTS / 3)
            if kind in ("reset", "refused"):
                proxy.reset()
    afterwards = await linked.ask_until_served()

    await meanwhile.settled()
    assert not meanwhile.shown_twice
    assert not afterwards.shown_twice
