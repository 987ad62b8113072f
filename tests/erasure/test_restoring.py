"""The drill: back up, erase, lose everything, restore. Who was erased does not come back, whatever else came back."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from core import accounts
from core.erasing import erasure, replaying
from core.values import PersonId, Who
from core.values.receipts import Status
from storage.backups.copying import PASSING
from storage.tombstones import FileTombstones
from tests.backups.conftest import PRODUCTS, Make
from tests.backups.instances import Instance, Pair
from tests.cast import Stage, enter
from tests.erasure.going import confirms, every_row, finish, goes, id_of, rows_of, still_open
from tests.rights.everything import everything


@dataclass
class Drill:
    """An instance with Ben and Cleo in it, its backups of that moment, and an empty one to restore into."""

    stage: Stage
    files: tuple[Path, Path]
    other: Instance
    identity: Path
    ben: PersonId
    cleo: PersonId

    def restores(self, *, tombstones: bool = True, keys: bool = True) -> Stage:
        where = {"DARKROOM_TOMBSTONES": str(self.stage.folder / "tombstones")} if tombstones else {}
        self.other.more |= where
        more = ("--keys", self.files[1]) if keys else ()
        self.said = self.other.does("restore", self.files[0], "--identity", self.identity, *more)
        stage = self.other.stage()
        if tombstones:
            object.__setattr__(stage.app, "tombstones", FileTombstones(self.stage.folder / "tombstones"))
        stage.clock.moment = self.stage.clock.moment
        return stage


@pytest.fixture(params=PRODUCTS)
def drill(request: pytest.FixtureRequest, make: Make, pair: Pair, tmp_path: Path) -> Drill:
    instance = make(request.param)
    stage = instance.stage()

    async def live() -> tuple[PersonId, PersonId]:
        ben, cleo = enter(stage, "ben"), enter(stage, "cleo")
        await everything(stage, ben)
        await everything(stage, cleo)
        return await id_of(ben), await id_of(cleo)

    people = instance.lives(live())
    instance.does("backup", tmp_path / "backup.age", "--recipient", pair.public)
    instance.does("backup", "--keys", tmp_path / "keys.age", "--recipient", pair.public)
    files = tmp_path / "backup.age", tmp_path / "keys.age"
    return Drill(stage, files, make("nothing"), pair.file, *people)


def test_without_its_tombstone_a_person_comes_back_so_the_drill_can_fail(drill: Drill) -> None:
    asyncio.run(goes(drill.stage.people[0]))

    stage = drill.restores(tombstones=False)

    assert rows_of(stage, drill.ben)["person"]
    assert drill.said["erased"] == 0


def test_who_was_erased_does_not_come_back_and_everybody_else_does(drill: Drill) -> None:
    before = rows_of(drill.stage, drill.cleo)
    asyncio.run(goes(drill.stage.people[0]))

    stage = drill.restores()

    assert drill.said["erased"] == 1
    assert str(drill.ben) not in repr(every_row(stage))
    assert rows_of(stage, drill.ben) == {}
    after = rows_of(stage, drill.cleo)
    assert {table: len(found) for table, found in after.items()} == {
        table: len(found) for table, found in before.items() if table not in PASSING
    }
    assert stage.mistakes() == []


def test_neither_their_blobs_nor_their_key_come_back(drill: Drill) -> None:
    jobs = {row["id"] for row in rows_of(drill.stage, drill.ben)["job"]}
    asyncio.run(goes(drill.stage.people[0]))

    stage = drill.restores()

    names = asyncio.run(stage.stored())
    assert names
    assert not [name for name in names if name.split("/")[1] in jobs]
    assert not asyncio.run(stage.app.keys.holds(drill.ben))
    assert asyncio.run(stage.app.keys.holds(drill.cleo))


def test_also_where_the_key_store_came_back_by_itself_nothing_opens(drill: Drill) -> None:
    """The operator copied the file of keys back, as it was before the erasure."""
    asyncio.run(drill.stage.app.keys.shred([PersonId("nobody")]))  # what is in the log is in the file then
    shutil.copy(drill.stage.folder / "keys.db", drill.other.folder / "keys.db")
    asyncio.run(goes(drill.stage.people[0]))

    stage = drill.restores(keys=False)

    assert not asyncio.run(stage.app.keys.holds(drill.ben))
    assert asyncio.run(stage.app.keys.holds(drill.cleo))


def test_before_the_replay_nothing_of_theirs_opens_because_the_key_is_gone(drill: Drill) -> None:
    """The database comes back behind our back, and the store of keys stayed: ciphertext is all there is."""
    asyncio.run(goes(drill.stage.people[0]))

    stage = drill.restores(tombstones=False, keys=False)

    assert rows_of(stage, drill.ben)["person"]
    assert not asyncio.run(stage.app.keys.holds(drill.ben))


def test_a_database_that_came_back_behind_our_back_is_repaired_before_anybody_is_served(drill: Drill) -> None:
    asyncio.run(goes(drill.stage.people[0]))
    stage = drill.restores(tombstones=False)
    object.__setattr__(stage.app, "tombstones", FileTombstones(drill.stage.folder / "tombstones"))
    stage.clock.moment = drill.stage.clock.moment
    assert asyncio.run(replaying.outstanding(stage.app)) == 1

    assert asyncio.run(replaying.replay(stage.app)) == 1

    assert asyncio.run(replaying.outstanding(stage.app)) == 0
    assert str(drill.ben) not in repr(every_row(stage))
    assert asyncio.run(stage.app.blobs.under("pictures")) == asyncio.run(_pictures_of(stage, drill.cleo))
    assert asyncio.run(replaying.replay(stage.app)) == 0


def test_what_was_undone_after_the_backup_stays_undone(make: Make, pair: Pair, tmp_path: Path) -> None:
    instance = make("sqlite")
    stage = instance.stage()
    ben = enter(stage, "ben")
    instance.lives(ben.agrees())
    instance.lives(confirms(ben))
    instance.does("backup", tmp_path / "backup.age", "--recipient", pair.public)
    instance.does("backup", "--keys", tmp_path / "keys.age", "--recipient", pair.public)
    instance.lives(ben.says("/undo"))
    other = make("nothing")
    other.more["DARKROOM_TOMBSTONES"] = str(instance.folder / "tombstones")

    other.does("restore", tmp_path / "backup.age", "--identity", pair.file, "--keys", tmp_path / "keys.age")

    again = other.stage()
    person = other.lives(accounts.find(again.app, Who("terminal", "ben")))
    assert person is not None
    assert person.leaving_at is None
    assert still_open(again) == []


def test_an_erasure_that_had_begun_before_the_backup_ends_after_it(
    make: Make,
    pair: Pair,
    tmp_path: Path,
) -> None:
    instance = make("sqlite")
    stage = instance.stage()
    ben = enter(stage, "ben")
    instance.lives(everything(stage, ben))
    person, code = instance.lives(id_of(ben)), instance.lives(confirms(ben))
    stage.clock.passes(stage.app.limits.undo_window)
    instance.lives(erasure.proceed(stage.app))  # as far as its messages
    instance.does("backup", tmp_path / "backup.age", "--recipient", pair.public)
    instance.lives(finish(stage))
    other = make("nothing")
    other.more["DARKROOM_TOMBSTONES"] = str(instance.folder / "tombstones")

    other.does("restore", tmp_path / "backup.age", "--identity", pair.file)

    again = other.stage()
    assert str(person) not in repr(every_row(again))
    found = other.lives(erasure.find(again.app, code))
    assert found is not None
    assert erasure.status(found) is Status.COMPLETE


async def _pictures_of(stage: Stage, person: PersonId) -> list[str]:
    named = [row["blob"] for row in rows_of(stage, person)["picture"]]
    return [name for name in await stage.app.blobs.under("pictures") if name in named]
