"""Everybody is asked to end while 50 requests are out and 500 wait: nobody hangs, nothing is lost, nothing comes twice.

Real processes over PostgreSQL, Redis and a bucket; as many workers as it takes to have 50 requests out at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest
from sqlalchemy import text

from benchmarks.machines import enter
from bots.wiring import House, open_house
from core.requests import generation
from core.requests.options import Ask
from core.rules import JOBS_PER_WORKER
from tests.machines.deployment import Deployment, until

pytestmark = pytest.mark.products

OUT: Final = 50
WAITING: Final = 500
ENDS: Final = 30.0  #: seconds; a service manager kills what takes longer
DRAINED: Final = 240.0  #: seconds


@pytest.fixture
def house(deployment: Deployment) -> Iterator[House]:
    with open_house(deployment.settings()) as opened:
        yield opened


def count(house: House, what: str) -> int:
    with house.database._engine.connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {what}")).scalar_one())


async def test_everybody_ends_when_asked_to_and_all_is_drawn_once(deployment: Deployment, house: House) -> None:
    processes = [deployment.start("web"), deployment.start("web")]
    processes += [deployment.start("worker", flat_delay="2.0") for _ in range(OUT // JOBS_PER_WORKER)]
    people = [await enter(house, f"person {number}") for number in range(10)]
    for number in range(OUT + WAITING):
        await generation.request(house.app, people[number % len(people)], Ask(prompt=f"star {number}"))
    await house.app.dispatch.stir()
    until(lambda: count(house, "job WHERE state = 'drawing'") >= OUT, f"{OUT} requests being out", within=120)

    for process in processes:
        process.ask_to_end()
    assert {process.ended(ENDS) for process in processes} == {0}
    assert count(house, "job WHERE state = 'queued'") >= WAITING - OUT

    deployment.start("web")
    for _ in range(4):
        deployment.start("worker", flat_delay="0.02")
    until(lambda: not count(house, "job WHERE state IN ('queued', 'drawing')"), "everything being drawn", DRAINED)

    assert count(house, "job WHERE state = 'done'") == OUT + WAITING
    assert count(house, "picture") == OUT + WAITING
    assert count(house, "job WHERE fence > 2") == 0, "one was sent out more than once before and once after"
    assert house.database.transact(lambda tx: tx.ledger.mistakes()) == []
