"""Several processes over PostgreSQL, Redis and a bucket: what each says of itself, and what `darkroom top` sees of all."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
from typing import Any

import pytest

from bots.answering import hear, press
from bots.watching.top import Steps, listen, look
from bots.wiring import open_house
from core.values import Who
from storage.over_redis.dispatch import RedisDispatch
from tests.machines.conftest import deployment, large_bucket
from tests.machines.deployment import Deployment, Process, until
from tests.typed import DARKROOM
from tests.watching.test_serving import ask

pytestmark = pytest.mark.products

__all__ = ["deployment", "large_bucket"]


def address(process: Process) -> str:
    until(lambda: "/readyz" in process.said, "the process being up")
    found = re.search(r"(http://\S+)/readyz", process.said)
    assert found
    return found[1]


def readiness(process: Process) -> tuple[int, dict[str, str]]:
    """The status, and the state of each finding."""
    status, said = ask(f"{address(process)}/readyz")
    return status, {finding["what"]: finding["state"] for finding in json.loads(said)["findings"]}


def figure(process: Process, sample: str) -> float | None:
    found = re.search(rf"^{re.escape(sample)} (\S+)$", ask(f"{address(process)}/metrics")[1], re.M)
    return float(found[1]) if found else None


def top(deployment: Deployment) -> dict[str, Any]:
    seen = subprocess.run(
        [*DARKROOM, "top", "--json"],
        capture_output=True,
        text=True,
        env=deployment.environment("top"),
        cwd=deployment.folder,
        timeout=120,
    )
    assert seen.returncode == 0, seen.stderr
    told: dict[str, Any] = json.loads(seen.stdout)
    return told


def test_processes_that_share_a_bot_say_how_they_are(deployment: Deployment) -> None:
    first = deployment.start("web")
    until(lambda: figure(first, 'darkroom_leads{role="scheduler"}') == 1, "the first process leading")
    second = deployment.start("web")
    for process in (first, second):
        until(lambda process=process: readiness(process)[1]["books"] == "ok", "the books being checked")
        status, findings = readiness(process)
        assert status == 200
        assert [what for what, state in findings.items() if state != "ok"] == ["worker"]
    assert figure(second, 'darkroom_leads{role="scheduler"}') == 0
    assert top(deployment)["workers"] == []

    deployment.start("worker", worker_name="easel")
    until(lambda: set(readiness(first)[1].values()) == {"ok"}, "a worker being ready")
    assert figure(first, "darkroom_workers") == 1
    assert figure(first, 'darkroom_dispatch_entries{queue="wishes"}') == 0
    seen = top(deployment)
    assert [(one["worker"], one["model"]) for one in seen["workers"]] == [("easel", "flat")]
    assert list(seen["leaders"]) == ["scheduler"]
    assert seen["trouble"] == ""

    deployment.redis.stop()
    for what in ("redis", "worker"):
        until(lambda what=what: readiness(first)[1][what] == "degraded", f"{what} being missed")
    assert readiness(first)[0] == 200
    assert top(deployment)["trouble"] == "Redis can't be reached: who draws is not known."
    deployment.redis.start()
    until(lambda: set(readiness(first)[1].values()) == {"ok"}, "everything being well again")

    first.ask_to_end()
    until(lambda: figure(second, 'darkroom_leads{role="scheduler"}') == 1, "the second process leading")


async def test_the_step_that_each_worker_is_at_is_seen_as_it_is_said(deployment: Deployment) -> None:
    deployment.start("web")
    deployment.start("worker", worker_name="easel", flat_delay="60")
    with open_house(deployment.settings()) as house:
        ana = Who("terminal", "ana")
        await press(house.app, ana, (await hear(house.app, ana, "/start")).buttons[0])
        assert (await hear(house.app, ana, "/imagine a star --count 2")).error is None
        heard: Steps = {}
        listening = asyncio.create_task(listen(house, heard))
        async with asyncio.timeout(60):
            frame = await look(house, heard)
            while not any(doing.step for doing in frame.workers):
                await asyncio.sleep(0.1)
                frame = await look(house, heard)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        assert isinstance(house.dispatch, RedisDispatch)
        await house.dispatch.close()

    (doing,) = frame.workers
    assert (doing.worker, doing.model, doing.picture, doing.count) == ("easel", "flat", 1, 2)
    assert 1 <= doing.step < doing.steps
