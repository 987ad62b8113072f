"""Nobody is served, and no process says that it is ready, while somebody is here who had been erased."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bots.settings import PREFIX
from bots.watching import health
from core import accounts
from core.erasing import erasure, replaying
from core.errors import Unavailable
from core.values import Moment
from core.values.receipts import Ground
from storage.tombstones import FileTombstones
from tests.backups.conftest import Make
from tests.cast import Actor, Stage, enter
from tests.crashes.processes import Conversation
from tests.erasure.going import confirms, every_row, id_of, still_open
from tests.watching.looking import watching


@pytest.fixture(autouse=True)
def no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every question is looked into."""
    monkeypatch.setattr(health, "FRESH", 0.0)


async def came_back(person: Actor) -> None:
    """As when a database of yesterday was put in place of today's."""
    app = person.stage.app
    await app.tombstones.add(erasure.tombstone_of(app, await id_of(person)), Moment(1))


async def test_a_process_is_not_ready_before_who_came_back_is_erased_again(stage: Stage, ben: Actor) -> None:
    await came_back(ben)
    async with watching(stage) as seen:
        status, state, troubles = await seen.operator.readiness()
        assert (status, state) == (503, "failed")
        assert troubles["erasures"].startswith("1 person who had been erased came back with a backup")

        await replaying.replay(stage.app)
        assert "erasures" not in (await seen.operator.readiness())[2]


async def test_an_erasure_that_should_have_ended_a_day_ago_is_shown(stage: Stage, ben: Actor) -> None:
    code = await confirms(ben)
    stage.clock.passes(stage.app.limits.undo_window)
    (begun,) = still_open(stage)
    await erasure.STEPS[begun.stage](stage.app, begun)
    stage.clock.passes(2 * stage.app.limits.undo_window)
    async with watching(stage) as seen:
        status, state, troubles = await seen.operator.readiness()

    assert code
    assert (status, state) == (200, "degraded")
    assert troubles["erasures"].startswith("1 erasure should have come to an end a day ago")


async def test_without_the_tombstones_nobody_knows_and_nobody_is_served(
    stage: Stage, ben: Actor, tmp_path: Path
) -> None:
    (tmp_path / "a-folder").mkdir()
    object.__setattr__(stage.app, "tombstones", FileTombstones(tmp_path / "a-folder"))

    with pytest.raises(Unavailable):
        await replaying.replay(stage.app)
    async with watching(stage) as seen:
        assert (await seen.operator.readiness())[0] == 503


async def test_replaying_takes_only_those_who_were_erased(stage: Stage, ben: Actor) -> None:
    cleo = enter(stage, "cleo")
    await cleo.agrees()
    await came_back(ben)

    assert await replaying.replay(stage.app) == 1

    assert await accounts.find(stage.app, ben.who) is None
    assert await accounts.find(stage.app, cleo.who) is not None
    assert [row["ground"] for row in every_row(stage)["erasure"]] == [Ground.REPLAY]


def test_a_process_repairs_it_by_itself_before_it_answers_anybody(make: Make) -> None:
    instance = make("sqlite")
    stage = instance.stage()
    ben = enter(stage, "ben")
    instance.lives(ben.agrees())
    person = str(instance.lives(id_of(ben)))
    instance.lives(came_back(ben))
    theirs = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}

    said = Conversation(instance.folder, "ben", theirs | instance.settings)
    said.says("/balance")

    assert said.ends(60) == 0, said.last_words
    (told,) = said.rest()
    assert told["error"] == "refused"
    assert "/start first" in told["text"]
    assert person not in repr(every_row(stage))


async def test_while_something_of_them_is_left_nobody_is_served(stage: Stage, ben: Actor) -> None:
    person = await id_of(ben)
    await came_back(ben)
    with stage.database._engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE diary (entry TEXT)")
        connection.exec_driver_sql(f"INSERT INTO diary VALUES ('{person}')")

    for _ in range(2):  # also while it is put off
        with pytest.raises(Unavailable, match=r"tombstones\.not_replayed"):
            await replaying.replay(stage.app)

    with stage.database._engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE diary")
    stage.clock.passes(erasure.LONGEST_PAUSE)
    assert await replaying.replay(stage.app) == 1
