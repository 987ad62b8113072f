"""What a restore must not bring back: leases, results of before, outcomes that were told since, buttons past their time."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from core.credits import Balance
from core.values import DeliveryState, JobId
from core.values.wishes import Finished, Started
from tests.backups.conftest import Make
from tests.backups.filling import MARKER, Life, fill
from tests.backups.instances import Instance, Pair
from tests.cast import Actor, Stage, enter


@pytest.fixture
def old_stage(instance: Instance) -> Stage:
    return instance.stage()


@pytest.fixture
def life(instance: Instance, old_stage: Stage) -> Life:
    return instance.lives(fill(old_stage))


@pytest.fixture
def restored(instance: Instance, life: Life, pair: Pair, tmp_path: Path, make: Make) -> Instance:
    """On the other product."""
    return bring_back(instance, pair, tmp_path, make("sqlite" if instance.url else "postgres"))


def bring_back(instance: Instance, pair: Pair, folder: Path, into: Instance) -> Instance:
    back_up(instance, pair, folder)
    return restore(folder, pair, into)


def back_up(instance: Instance, pair: Pair, folder: Path) -> None:
    instance.does("backup", folder / "backup.age", "--recipient", pair.public)
    instance.does("backup", "--keys", folder / "keys.age", "--recipient", pair.public)


def restore(folder: Path, pair: Pair, into: Instance) -> Instance:
    into.does("restore", folder / "backup.age", "--identity", pair.file, "--keys", folder / "keys.age")
    return into


def ben_of(stage: Stage) -> Actor:
    return enter(stage, f"{MARKER}-ben")


def states(instance: Instance, job: JobId) -> list[str]:
    return [
        row["state"]
        for row in sorted(instance.rows()["delivery"], key=lambda row: row["index"])
        if row["job_id"] == job
    ]


def test_what_was_out_is_drawn_anew_and_no_result_of_before_counts(
    old_stage: Stage, life: Life, restored: Instance
) -> None:
    """The worker of before lives on and brings what it was sent under the fence of then."""
    (job,) = [row for row in restored.rows()["job"] if row["id"] == life.out]
    assert (job["state"], job["lease_until"]) == ("queued", None)
    (late,) = [wishes for wishes in old_stage.painter.waiting if wishes[0].job == life.out]
    assert job["fence"] > late[1].fence

    stage = restored.stage()
    ben_of(stage)

    async def goes_on() -> None:
        await stage.news(Started(life.out, late[1].fence))
        await stage.news(stage.painter.drawn(late[1]))
        await stage.news(Finished(life.out, late[1].fence))
        assert stage.painter.waiting == []
        await stage.works()

    restored.lives(goes_on())
    assert len([row for row in restored.rows()["picture"] if row["job_id"] == life.out]) == 2
    assert stage.mistakes() == []


def test_a_worker_that_was_sent_the_same_after_the_backup_brings_nothing_either(
    instance: Instance, old_stage: Stage, life: Life, pair: Pair, tmp_path: Path, make: Make
) -> None:
    """The queued request was dispatched after the backup; its fence of then must not come again."""
    back_up(instance, pair, tmp_path)
    instance.lives(old_stage.dispatches())
    (sent,) = [wishes for wishes in old_stage.painter.waiting if wishes[0].job == life.queued]

    other = restore(tmp_path, pair, make("sqlite"))
    other.lives(other.stage().dispatches())

    (job,) = [row for row in other.rows()["job"] if row["id"] == life.queued]
    assert job["state"] == "drawing"
    assert job["fence"] > sent[0].fence + 1_000


def test_who_led_leads_no_more(instance: Instance, life: Life, pair: Pair, tmp_path: Path, make: Make) -> None:
    with instance.engine().begin() as connection:
        connection.execute(
            text("INSERT INTO leader (role, holder, until) VALUES ('scheduler', 'somebody', 4000000000000)")
        )

    other = bring_back(instance, pair, tmp_path, make("sqlite"))

    with other.engine().connect() as connection:
        assert connection.execute(text("SELECT COUNT(*) FROM leader")).scalar() == 0


def test_buttons_past_their_time_are_gone_and_others_are_not(
    instance: Instance, old_stage: Stage, life: Life, pair: Pair, tmp_path: Path, make: Make
) -> None:
    before = len(instance.rows()["button"])
    with instance.engine().begin() as connection:
        connection.execute(text("UPDATE button SET until = 1 WHERE handle = (SELECT MIN(handle) FROM button)"))
        connection.execute(text("UPDATE too_young SET until = 1"))

    other = bring_back(instance, pair, tmp_path, make("sqlite"))

    assert len(other.rows()["button"]) == before - 1 > 0
    assert other.rows()["too_young"] == []


def test_nobody_is_told_what_they_may_have_been_told_since(life: Life, restored: Instance) -> None:
    assert states(restored, life.done) == ["delivered", "delivered"]
    assert {*states(restored, life.owed), *states(restored, life.out), *states(restored, life.queued)} == {"held"}

    stage = restored.stage()
    ben = ben_of(stage)
    restored.lives(stage.works())

    assert ben.inbox == []
    assert {*states(restored, life.owed), *states(restored, life.out), *states(restored, life.queued)} == {"held"}
    assert len(restored.lives(ben.says("/gallery")).pictures) > 4, "they are in the gallery all the same"


def test_an_operator_looks_at_them_and_releases_some_and_then_all(life: Life, restored: Instance) -> None:
    held = restored.does("deliveries", "held")
    assert sorted(one["job"] for one in held) == sorted([life.owed, life.out, life.out, life.queued])
    assert {one["job"] for one in held if one["picture"]} == {life.owed, life.out}
    assert MARKER not in str(held)

    assert restored.does("deliveries", "release", life.owed) == {"released": 1}
    assert states(restored, life.owed) == [DeliveryState.OWED]
    assert restored.does("deliveries", "release", "--all") == {"released": 3}
    assert states(restored, life.out) == [DeliveryState.OWED, DeliveryState.WAITING]
    assert restored.does("deliveries", "held") == []

    stage = restored.stage()
    ben = ben_of(stage)
    restored.lives(stage.works())
    assert len([picture for told in ben.inbox for picture in told.pictures]) == 4
    assert {row["state"] for row in restored.rows()["delivery"]} == {DeliveryState.DELIVERED}


def test_of_a_request_that_was_taken_back_meanwhile_only_pictures_are_told(life: Life, restored: Instance) -> None:
    stage = restored.stage()
    ben = ben_of(stage)

    async def takes_back() -> Balance:
        for job in (life.queued, life.out):
            assert (await ben.says(f"/cancel {job}")).error is None
        return await ben.balance()

    assert restored.lives(takes_back()).held == 0
    restored.does("deliveries", "release", "--all")

    assert states(restored, life.queued) == [DeliveryState.DROPPED]
    assert states(restored, life.out) == [DeliveryState.OWED, DeliveryState.DROPPED]


def test_without_a_request_or_all_nothing_is_released(restored: Instance) -> None:
    assert "--all" in restored.refuses("deliveries", "release")
    assert "--all" in restored.refuses("deliveries", "release", "somebody", "--all")
    assert len(restored.does("deliveries", "held")) == 4
