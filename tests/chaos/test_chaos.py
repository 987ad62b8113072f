"""Real processes and real servers, really killed: a short round of `make chaos`, once in each form."""

from __future__ import annotations

import pytest

from tests import redis_server
from tests.chaos.__main__ import besiege
from tests.databases import NOT_INSTALLED, postgres_programs

KILLS = 8


@pytest.mark.parametrize(
    "form", ["sqlite", pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.products])]
)
async def test_nothing_is_lost_doubled_or_paid_for_in_vain_when_everything_is_killed(form: str) -> None:
    if form == "postgres" and postgres_programs() is None:
        pytest.skip(NOT_INSTALLED)
    if form == "postgres" and not redis_server.is_installed():
        pytest.skip(redis_server.NOT_INSTALLED)

    result, events = await besiege(form, "flat", KILLS, seed=1, network=0.2)

    print(result.figures, events)
    assert result.wrong == []
    assert result.figures["kills"] >= KILLS
    assert result.figures["pictures"] > 0
