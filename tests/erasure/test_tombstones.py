"""Tombstones outlive whatever happens to the database, and to the process that writes them; in a file and in a bucket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from core.ports import Tombstones
from core.values import Moment
from storage.in_buckets.tombstones import open_tombstones
from storage.tombstones import FileTombstones
from tests.cast import Actor, Stage
from tests.erasure.going import confirms
from tests.s3_server import Bucket

ANA, BEN = "a" * 64, "b" * 64


@pytest.fixture(params=["file", pytest.param("bucket", marks=pytest.mark.s3)])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Tombstones]:
    """Opens the same place again."""
    if request.param == "file":
        return lambda: FileTombstones(tmp_path / "tombstones")
    bucket: Bucket = request.getfixturevalue("bucket")
    return lambda: open_tombstones(f"{bucket.url}/tombstones", bucket.access)


async def test_whoever_opens_the_place_again_finds_them(opened: Callable[[], Tombstones]) -> None:
    await opened().add(ANA, Moment(5))

    assert await opened().holds(ANA)
    assert not await opened().holds(BEN)
    assert await opened().all() == {ANA: 5}


async def test_the_newest_word_about_somebody_holds(opened: Callable[[], Tombstones]) -> None:
    stones = opened()
    await stones.add(ANA, Moment(5))
    await stones.lift(ANA, Moment(6))
    assert (await stones.all(), await stones.lifted()) == ({}, {ANA})

    await stones.add(ANA, Moment(7))
    assert (await stones.all(), await stones.lifted()) == ({ANA: 7}, frozenset())


async def test_twice_is_once(opened: Callable[[], Tombstones]) -> None:
    await opened().add(ANA, Moment(5))
    await opened().add(ANA, Moment(5))

    assert await opened().all() == {ANA: 5}


async def test_those_older_than_any_backup_are_forgotten(opened: Callable[[], Tombstones]) -> None:
    await opened().add(ANA, Moment(5))
    await opened().add(BEN, Moment(9))

    assert await opened().forget(Moment(9)) == 1
    assert await opened().all() == {BEN: 9}


async def test_many_at_once_are_all_there(opened: Callable[[], Tombstones]) -> None:
    tags = [f"{number:064x}" for number in range(40)]

    await asyncio.gather(*(opened().add(tag, Moment(1)) for tag in tags))

    assert set(await opened().all()) == set(tags)


async def test_a_torn_last_line_costs_nothing_but_itself(tmp_path: Path) -> None:
    path = tmp_path / "tombstones"
    await FileTombstones(path).add(ANA, Moment(5))
    with path.open("ab") as file:
        file.write(f"{BEN} 6 se".encode())

    assert await FileTombstones(path).all() == {ANA: 5}
    await FileTombstones(path).add(BEN, Moment(7))
    assert await FileTombstones(path).all() == {ANA: 5, BEN: 7}


async def test_only_its_owner_may_read_the_file(tmp_path: Path) -> None:
    await FileTombstones(tmp_path / "tombstones").add(ANA, Moment(5))

    assert (tmp_path / "tombstones").stat().st_mode & 0o777 == 0o600


async def test_it_names_nobody(stage: Stage, ben: Actor) -> None:
    await confirms(ben)

    written = (stage.folder / "tombstones").read_text()
    assert written.count("\n") == 1
    assert ben.who.raw_id not in written
    assert stage.app.keys.lookup(ben.who) not in written
