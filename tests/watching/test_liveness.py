"""/livez: whether the event loop turns, and nothing else."""

from __future__ import annotations

import asyncio
import shutil
import time
import urllib.error
import urllib.request

import pytest

from bots.watching import pulse
from tests.cast import Stage
from tests.watching.looking import Operator, Watching, watching


def probe(address: str) -> tuple[int, str]:
    """As another process asks: it waits while the loop does not turn."""
    try:
        with urllib.request.urlopen(f"{address}/livez", timeout=20) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


async def test_a_process_whose_loop_turns_lives(operator: Operator) -> None:
    assert await operator.asks("/livez") == (200, "The event loop turns.\n")


async def test_it_depends_on_nothing(stage: Stage, operator: Operator) -> None:
    shutil.rmtree(stage.folder / "blobs")
    stage.censor.broken = True
    stage.database._engine.dispose()

    assert (await operator.asks("/livez"))[0] == 200


async def test_a_loop_that_stood_still_is_told_of_and_forgotten_when_it_turns_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulse, "TICK", 0.5)
    monkeypatch.setattr(pulse, "STUCK", 1.0)
    async with watching(stage) as seen:
        address = str(seen.operator.session._base_url).rstrip("/")
        await asyncio.sleep(0.6)
        asked_meanwhile = asyncio.get_running_loop().run_in_executor(None, probe, address)
        time.sleep(1.5)  # on purpose: nothing else happens in this process

        status, said = await asked_meanwhile
        assert status == 503
        assert said.startswith("The event loop stood still for 1.")

        await asyncio.sleep(1.2)
        assert (await seen.operator.asks("/livez"))[0] == 200
        assert await late(seen, "0.5") < await late(seen, "+Inf")


async def late(seen: Watching, seconds: str) -> float:
    """How many ticks were late by at most so many seconds."""
    return await seen.operator.figure("darkroom_loop_lateness_seconds_bucket", le=seconds) or 0


async def test_a_pulse_that_ended_is_noticed(seen: Watching, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "STUCK", 0.0)

    status, said = await seen.operator.asks("/livez")

    assert (status, said.count("\n")) == (503, 1)
