"""What people say about themselves: nothing of it is needed, all of it is sealed, and what is cleared is gone."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bots.answering import hear
from storage.database import SqlDatabase
from tests.cast import Actor, Stage, keys_of, read
from tests.consent.offering import rows
from tests.databases import Store
from tests.pictures import picture_file

GREETED = "Wilhelmina Grauber"


async def test_everything_works_with_none_of_it(stage: Stage, ben: Actor) -> None:
    await ben.sends("/imagine a fox --strength 0.4", "a.png", picture_file())
    await stage.works()
    for line in ("/gallery", "/settings", "/requests", "/consent", "/age", "/email"):
        assert (await ben.says(line)).error is None, line

    assert rows(stage, "profile") == []
    assert keys_of(await ben.says("/profile")) == ["profile.empty", "profile.how"]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("display_name Ana of the Seas", "Ana of the Seas"),
        ("display_name --private", "--private"),
        ("country de", "DE"),
        ("language pt-BR", "pt-BR"),
    ],
)
async def test_each_field_is_set_shown_and_cleared_by_itself(stage: Stage, ben: Actor, said: str, kept: str) -> None:
    assert keys_of(await ben.says(f"/profile set {said}")) == ["profile.set"]
    answer = await ben.says("/profile")
    assert kept in read(answer)
    assert answer.private

    assert keys_of(await ben.says(f"/profile clear {said.split()[0]}")) == ["profile.cleared"]
    assert rows(stage, "profile") == []
    assert keys_of(await ben.says(f"/profile clear {said.split()[0]}")) == ["profile.nothing"]


async def test_what_is_set_anew_takes_the_place_of_what_was_there(stage: Stage, ben: Actor) -> None:
    await ben.says("/profile set country DE")
    await ben.says("/profile set country FR")

    assert len(rows(stage, "profile")) == 1
    assert ": FR" in read(await ben.says("/profile"))


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("/profile set country Atlantis", "profile.no_country"),
        ("/profile set country XX", "profile.no_country"),
        ("/profile set language german", "profile.no_language"),
        (f"/profile set display_name {'a' * 65}", "profile.no_name"),
        (f"/profile set display_name {'a' * 70_000}", "profile.no_name"),
        ("/profile set display_name", "profile.no_platform_name"),
        ("/profile set birthday 1.1.2000", "profile.no_field"),
        ("/profile set email a@b.example", "profile.by_email"),
        ("/profile clear", "profile.no_field"),
        ("/profile country DE", "profile.how"),
    ],
)
async def test_what_cannot_be_is_said_and_changes_nothing(stage: Stage, ben: Actor, line: str, key: str) -> None:
    assert keys_of(await ben.says(line)) == [key]
    assert rows(stage, "profile") == []


async def test_a_platforms_name_is_not_kept_by_itself(stage: Stage, ben: Actor) -> None:
    ben.who = replace(ben.who, name=GREETED)
    for line in ("/start", "/imagine a cat", "/profile", "/settings"):
        await ben.says(line)

    assert rows(stage, "profile") == []


async def test_who_asks_to_be_called_as_on_their_platform_is_followed_there(stage: Stage, ben: Actor) -> None:
    ben.who = replace(ben.who, name=GREETED)
    assert GREETED in read(await ben.says("/profile set display_name"))
    before = rows(stage, "profile")[0]["sealed_value"]

    ben.who = replace(ben.who, name="Willi")
    await ben.says("/balance")
    answer = read(await ben.says("/profile"))
    assert "Willi" in answer
    assert GREETED not in answer
    assert rows(stage, "profile")[0]["sealed_value"] != before


async def test_a_name_one_chose_oneself_is_never_overwritten(ben: Actor) -> None:
    await ben.says("/profile set display_name Ana")
    ben.who = replace(ben.who, name=GREETED)
    await ben.says("/balance")

    assert "Ana" in read(await ben.says("/profile"))


async def test_while_restricted_nothing_is_refreshed(ben: Actor) -> None:
    ben.who = replace(ben.who, name=GREETED)
    await ben.says("/profile set display_name")
    await ben.says("/restrict on")
    ben.who = replace(ben.who, name="Willi")
    await ben.says("/balance")

    assert GREETED in read(await ben.says("/profile"))


async def test_who_is_banned_sees_and_corrects_theirs(zed: Actor) -> None:
    assert keys_of(await zed.says("/profile set country DE")) == ["profile.set"]
    assert keys_of(await hear(zed.stage.app, zed.who, "/profile"))[:2] == ["profile.intro", "profile.line"]


class TestBytes:
    """On disk: what was cleared is in no file any more, sealed or not."""

    @pytest.fixture
    def database(self, sqlite_store: Store) -> SqlDatabase:
        return sqlite_store.open()

    async def test_it_is_sealed_and_leaves_no_byte_when_cleared(
        self, stage: Stage, ben: Actor, sqlite_store: Store
    ) -> None:
        await ben.says(f"/profile set display_name {GREETED}")
        sealed = bytes(rows(stage, "profile")[0]["sealed_value"])
        assert sealed in everything(sqlite_store)
        assert GREETED.encode() not in everything(sqlite_store)

        await ben.says("/profile clear display_name")
        assert sealed not in everything(sqlite_store)

    async def test_what_was_set_before_leaves_no_byte_either(
        self, stage: Stage, ben: Actor, sqlite_store: Store
    ) -> None:
        await ben.says(f"/profile set display_name {GREETED}")
        before = bytes(rows(stage, "profile")[0]["sealed_value"])
        await ben.says("/profile set display_name Ana")

        assert before not in everything(sqlite_store)


def everything(store: Store) -> bytes:
    """The database as it lies on disk, once its log is written back."""
    path = Path(store.url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return b"".join(file.read_bytes() for file in sorted(path.parent.glob(f"{path.name}*")))
