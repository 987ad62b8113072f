"""Somebody asks for a copy: what they are told, when the next is possible, and that nobody else ever gets it."""

from __future__ import annotations

import random
import re

import pytest
from sqlalchemy import text

from bots.commands import exports as commands
from bots.exporting import archive, making
from bots.exporting.archive import Parts
from bots.exporting.exporter import Exporter
from core import accounts
from core.credits import LotId, Milli
from core.errors import Unavailable
from core.records import Records
from core.rights import exports, notices
from core.rights.exports import LIFE
from core.rules import CREDIT, DAY, HOUR
from core.values import Who
from storage.database import SqlDatabase
from tests.cast import Actor, Stage, enter, keys_of, read
from tests.databases import Store
from tests.rights.unpacking import exports as export_of
from tests.rights.unpacking import fetched, unpacked


@pytest.fixture
def database(sqlite_store: Store) -> SqlDatabase:
    return sqlite_store.open()


@pytest.fixture
def at_leisure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every export is one that takes long: it is made beside the conversation."""
    monkeypatch.setattr(commands, "AT_ONCE", -1)


async def test_who_has_no_account_gets_none(ana: Actor) -> None:
    assert keys_of(await ana.says("/export")) == ["start.first"]
    assert keys_of(await ana.says("/mydata")) == ["start.first"]


async def test_a_small_one_is_in_the_answer(ben: Actor) -> None:
    told = await ben.says("/export")

    assert told.private
    assert [file.name.startswith("darkroom-export-") for file in told.files] == [True]


async def test_a_large_one_is_made_beside_the_conversation_and_announced(stage: Stage, at_leisure: None) -> None:
    ben = enter(stage, "ben", "page")
    await ben.agrees()
    assert keys_of(await ben.says("/export")) == ["export.begun"]
    assert keys_of(await ben.says("/export")) == ["export.under_way"]

    await Exporter(stage.app).round()

    assert "notice.export_ready" in keys_of(await ben.says("/balance"))
    assert (await ben.says("/export")).files


async def test_at_a_chat_that_can_be_spoken_to_first_it_is_announced_there(stage: Stage, at_leisure: None) -> None:
    ben = enter(stage, "ben", "telegram")
    await ben.agrees()
    await ben.says("/export")

    await Exporter(stage.app).round()

    assert [one.notice.key for one in await notices.owed(stage.app, "telegram")] == ["export_ready"]


async def test_a_second_within_the_day_is_the_same_and_says_when_the_next_is_possible(stage: Stage, ben: Actor) -> None:
    first = await ben.says("/export")
    stage.clock.passes(HOUR)

    second = await ben.says("/export")

    assert second.files[0].data == first.files[0].data
    assert "A new copy can be made from" in read(second)
    assert keys_of(await ben.says("/export images")) == ["export.not_yet"]


async def test_after_a_day_there_is_a_new_one(stage: Stage, ben: Actor) -> None:
    first = await ben.says("/export")
    stage.clock.passes(DAY)

    second = await ben.says("/export")

    assert second.files[0].name != first.files[0].name


async def test_two_at_the_same_moment_are_one(stage: Stage, ben: Actor) -> None:
    import asyncio

    await asyncio.gather(*(exports.ask(stage.app, ben.who, images_only=False) for _ in range(5)))

    with stage.database._engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM export")).scalar() == 1


async def test_when_its_time_is_up_nothing_of_it_is_left(stage: Stage, ben: Actor) -> None:
    await ben.says("/export")
    assert await stage.stored("exports/")
    stage.clock.passes(LIFE)

    await stage.sweeps()

    assert await stage.stored("exports/") == []
    with stage.database._engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM export")).scalar() == 0
        assert connection.execute(text("SELECT count(*) FROM export_part")).scalar() == 0


async def test_it_is_on_the_list_of_what_they_asked_for(ben: Actor) -> None:
    await ben.says("/export")

    assert "export" in read(await ben.says("/requests")).lower() or "copy" in read(await ben.says("/requests")).lower()


async def test_pictures_alone(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a heron --count 2")
    await stage.works()
    delivered = {picture.id: picture.data for told in ben.inbox for picture in told.pictures}

    found = await export_of(ben, "/export images")

    assert set(found.files) == {"manifest.json", *(f"pictures/{id_}.png" for id_ in delivered)}
    assert {found.files[f"pictures/{id_}.png"] for id_ in delivered} == set(delivered.values())


@pytest.mark.parametrize("column", ["banned = true", "restricted = true", "leaving_at = 1"])
async def test_it_is_theirs_by_right(stage: Stage, ben: Actor, column: str) -> None:
    """Whoever is banned, restricted or about to leave gets it too."""
    with stage.database._engine.begin() as connection:
        connection.execute(text(f"UPDATE person SET {column}"))

    assert (await ben.says("/export")).files
    assert (await ben.says("/mydata")).error is None


async def test_who_has_no_credits_gets_it(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a heron --count 4")
    await stage.works()
    for _ in range(4):
        await ben.says("/again")
        await stage.works()

    assert (await export_of(ben)).files


async def test_nobody_elses_is_in_it(stage: Stage, ana: Actor, ben: Actor) -> None:
    await ana.agrees()
    await ana.says("/imagine anas-secret-garden")
    await stage.works()

    found = await export_of(ben)

    assert not any(b"anas-secret-garden" in data for data in found.files.values())
    assert not any(name.startswith("pictures/") for name in found.files)


async def test_it_lies_sealed_under_its_persons_key(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a-heron-in-clear")
    await stage.works()
    await ben.says("/export")

    for name in await stage.stored("exports/"):
        sealed = await stage.app.blobs.get(name)
        assert sealed is not None
        assert b"PK" not in sealed[:8]
        assert b"a-heron-in-clear" not in sealed


async def test_in_several_files_none_is_larger_than_the_door_takes(
    stage: Stage, ben: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        await ben.says("/imagine a heron --count 4 --shape square")
        await stage.works()
    monkeypatch.setitem(exports.MOST, "terminal", 32_000)

    told = await ben.says("/export")
    found = await fetched(ben, told)

    assert len(found.archives) > 2
    assert [button.arguments.part for button in told.buttons] == list(range(1, len(found.archives) + 1))
    assert all(len(archive) <= 32_000 for archive in found.archives)
    delivered = {picture.id: picture.data for said in ben.inbox for picture in said.pictures}
    assert {name: data for name, data in found.files.items() if name.startswith("pictures/")} == {
        f"pictures/{id_}.png": data for id_, data in delivered.items()
    }


async def test_a_store_that_fails_costs_nothing_but_time(
    stage: Stage, ben: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = stage.app.blobs.put

    async def away(_name: str, _data: bytes) -> None:
        raise Unavailable("blobs.unavailable")

    monkeypatch.setattr(stage.app.blobs, "put", away)
    assert keys_of(await ben.says("/export")) == ["export.begun"]
    monkeypatch.setattr(stage.app.blobs, "put", put)
    stage.clock.passes(exports.CLAIM)

    await Exporter(stage.app).round()

    assert unpacked([(await ben.says("/export")).files[0].data]).files


async def test_whoever_makes_it_and_is_killed_leaves_it_to_the_next(
    stage: Stage, ben: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of its pieces lie there and have their rows; they are destroyed, and it is made anew."""
    standing = await exports.ask(stage.app, ben.who, images_only=False)

    class Killed(BaseException):
        pass

    def dies(_parts: Parts) -> None:
        raise Killed

    async def nothing(_making: object) -> None:
        """A process that is killed clears nothing up."""

    monkeypatch.setattr(archive, "PIECE", 500)
    monkeypatch.setattr(making, "NOTED_EVERY", 1)
    monkeypatch.setattr(making._Making, "clear", nothing)
    monkeypatch.setattr(Parts, "close", dies)
    with pytest.raises(Killed):
        await making.make(stage.app, standing.export)
    monkeypatch.undo()
    await Exporter(stage.app).round()
    assert not (await ben.says("/export")).files, "another claim still holds"
    assert len(await stage.stored("exports/")) > 3
    stage.clock.passes(exports.CLAIM)

    await Exporter(stage.app).round()
    await stage.sweeps()

    assert unpacked([(await ben.says("/export")).files[0].data]).files
    with stage.database._engine.connect() as connection:
        named = set(connection.execute(text("SELECT blob FROM export_part")).scalars())
    assert set(await stage.stored("exports/")) == named


async def test_who_is_erased_meanwhile_gets_none(stage: Stage, ben: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    standing = await exports.ask(stage.app, ben.who, images_only=False)
    close = Parts.close

    def erased_meanwhile(parts: Parts) -> None:
        with stage.database._engine.begin() as connection:
            connection.execute(text("DELETE FROM export_part"))
            connection.execute(text("DELETE FROM export"))
        close(parts)

    monkeypatch.setattr(Parts, "close", erased_meanwhile)

    assert await making.make(stage.app, standing.export) is False
    assert await stage.stored("exports/") == []


async def test_mydata_says_for_each_category_what_why_how_long_how_much_and_where_from(
    stage: Stage, ben: Actor
) -> None:
    await ben.says("/imagine a heron")
    await stage.works()

    said = read(await ben.says("/mydata"))

    assert (
        "the words you ask with (1 entry): for drawing what you ask for and keeping it for you (our agreement); you gave it."
        in said
    )
    assert "it was drawn here for you. Kept until you delete the picture" in said
    assert "Nothing of yours is here of these: " in said
    assert "It goes to nobody else." in said
    assert "Not shown of it: " in said
    assert "Nobody who runs this bot looked at anything of yours." in said


async def test_mydata_names_every_category_that_is_stored(stage: Stage, ben: Actor) -> None:
    from bots.texts import sentences

    said = read(await ben.says("/mydata"))

    for category in stage.app.datamap.categories:
        assert sentences("en")[f"category.{category}"] in said


@pytest.mark.parametrize("seed", range(6))
async def test_mydata_counts_pictures_by_the_books(stage: Stage, ben: Actor, seed: int) -> None:
    """Over histories at random: some requests fail, some are taken back, some pictures are deleted again."""
    dice = random.Random(seed)
    stage.database.transact(lambda tx: _give(tx, stage, 200))
    for _ in range(8):
        await ben.says(f"/imagine a heron --count {dice.randint(1, 4)}")
        match dice.randint(0, 3):
            case 0:
                await ben.says("/cancel")
            case 1:
                await stage.breaks_down()
                await stage.works()
            case _:
                await stage.works()
        if ben.inbox and ben.inbox[-1].pictures and dice.random() < 0.4:
            await ben.says(f"/delete {ben.inbox[-1].pictures[0].id}")
    drawn = sum(len(told.pictures) for told in ben.inbox)

    said = read(await ben.says("/mydata"))

    assert drawn > 0
    assert re.search(rf"By the books of your credits, {drawn} pictures? w", said), said


async def test_mydata_shows_who_looked(stage: Stage, ben: Actor) -> None:
    person = await accounts.known(stage.app, ben.who)
    await stage.app.database.run(lambda tx: tx.looks.add(person.id, "credits show", stage.clock.now()))

    assert "credits show on 15 January 2027" in read(await ben.says("/mydata"))


def test_every_category_has_a_source() -> None:
    from core.datamap import Category

    assert set(commands.SOURCES) == set(Category)


def _give(tx: Records, stage: Stage, amount: int) -> None:
    person = tx.people.of_identity(stage.app.keys.lookup(Who("terminal", "ben")))
    assert person is not None
    tx.ledger.adjust("adjust:test", person.account, LotId("test"), Milli(amount * CREDIT), "gift", stage.clock.now())


async def test_the_link_of_a_stranger_is_not_theirs(stage: Stage, ben: Actor) -> None:
    """At another door the same name is somebody else."""
    await ben.says("/export")

    assert await accounts.find(stage.app, Who("page", "ben")) is None
