"""Gate G4: every object that lies there is declared and named by a row, and nothing lies there beside objects.

Read from the live store, with its old versions, marks of deletion and unfinished uploads, never from what the product lists.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from bots.wiring import datamap
from core.datamap import DataMap, undeclared
from core.rights.exports import LIFE
from storage.database import SqlDatabase
from tests.blobs.places import BUCKETS, PLACES, PREFIX, BucketPlace, Place, open_place
from tests.cast import Actor, Stage
from tests.databases import Store
from tests.pictures import picture_file
from tests.s3_server import PUT

NAME = re.compile(
    r"pictures/(?P<picture>[0-9a-f]{32})/\d/\d+|references/(?P<reference>[0-9a-f]{32})|exports/(?P<export>[0-9a-f]{32})/\d+/\d+"
)


@pytest.fixture
def database(sqlite_store: Store) -> SqlDatabase:
    return sqlite_store.open()


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, stage: Stage) -> Iterator[Place]:
    with open_place(request.param, request) as opened:
        object.__setattr__(stage.app, "blobs", opened.blobs)
        yield opened


@pytest.fixture
async def lived(place: Place, stage: Stage, ana: Actor, ben: Actor) -> Place:
    """People have asked, started from pictures, deleted, taken back and taken away; one of Ana's requests is open."""
    await ben.says("/imagine a cat --count 2")
    await stage.works()
    await ben.says(f"/delete {ben.inbox[0].pictures[0].id}")
    await ben.sends("/imagine a fox", "ben-was-here.png", picture_file())
    await stage.works()
    await ben.sends("/imagine a hare", "a.png", picture_file())
    await ben.says("/cancel")
    await ben.says("/imagine a stoat")
    await stage.breaks_down()
    await stage.works()
    await ana.agrees()
    await ana.says("/settings --format jpeg")
    await ana.says("/imagine an owl")
    await stage.works()
    await ana.sends("/imagine a swan", "a.png", picture_file())
    await ben.says("/export")
    return place


def named(stage: Stage, map_: DataMap) -> dict[str, str]:
    """Every name that a row holds, with the prefix it is declared under. The map says which column holds them."""
    found: dict[str, str] = {}
    with stage.database._engine.connect() as connection:
        for entry in map_.entries:
            if entry.store == "blob":
                table, column = entry.subject.split(">")[0].split(".")
                names = connection.execute(text(f'SELECT "{column}" FROM "{table}" WHERE "{column}" IS NOT NULL'))
                found |= dict.fromkeys(names.scalars(), entry.cell)
    return found


def complaints(place: Place, stage: Stage, map_: DataMap | None = None) -> list[str]:
    """Sentences about what lies there and should not, and about what should and does not."""
    map_ = map_ or datamap()
    rows, live = named(stage, map_), place.holds()
    objects = {name for name, what in live if what == PUT}
    return [
        *undeclared({name.partition("/")[0] + "/" for name, _ in live}, map_.cells("blob"), "blob"),
        *(f"blob: beside {name} lies: {what}" for name, what in sorted(live) if what != PUT),
        *(f"blob: {name} is named by no row" for name in sorted(objects - rows.keys())),
        *(f"blob: {name} is named by a row, and is not there" for name in sorted(rows.keys() - objects)),
        *(
            f"blob: {name} is not under {prefix}"
            for name, prefix in sorted(rows.items())
            if not name.startswith(prefix)
        ),
    ]


async def test_everything_that_lies_there_is_declared_and_named_by_a_row(lived: Place, stage: Stage) -> None:
    assert len(lived.objects()) == 6, "an empty store proves nothing"
    assert complaints(lived, stage) == []


async def test_a_name_holds_the_id_of_a_request_and_numbers(lived: Place, stage: Stage) -> None:
    with stage.database._engine.connect() as connection:
        jobs = set(connection.execute(text("SELECT id FROM job")).scalars())
        attempts = set(connection.execute(text("SELECT attempt FROM export")).scalars())

    for name in lived.objects():
        found = NAME.fullmatch(name)
        assert found, name
        assert (found["picture"] or found["reference"]) in jobs or found["export"] in attempts


async def test_when_everything_is_deleted_it_is_empty(lived: Place, stage: Stage, ana: Actor, ben: Actor) -> None:
    await ana.says("/cancel")
    for person in (ana, ben):
        for picture in (await person.says("/gallery")).pictures:
            await person.says(f"/delete {picture.id}")
    stage.clock.passes(LIFE)
    await stage.sweeps()

    assert lived.holds() == {}
    assert named(stage, datamap()) == {}


async def test_a_prefix_nobody_declared_is_found_and_says_what_to_write(lived: Place, stage: Stage) -> None:
    lived.plant("previews/0f/0/1", b"in clear")

    assert complaints(lived, stage) == [
        "blob: previews/ is stored but not declared: "
        "give its field a Datum (core/datamap.py), or NotPersonal with a reason",
        "blob: previews/0f/0/1 is named by no row",
    ]


async def test_a_declared_prefix_that_nothing_uses_is_found(place: Place, stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a cat")
    await stage.works()
    await ben.says("/export")

    (complaint,) = complaints(place, stage)
    assert complaint.startswith("blob: references/ is declared but not stored")


async def test_an_object_that_no_row_names_is_found_and_swept(lived: Place, stage: Stage) -> None:
    lived.plant("pictures/0f/0/1", b"an orphan")
    assert complaints(lived, stage) == ["blob: pictures/0f/0/1 is named by no row"]
    await stage.sweeps()

    assert complaints(lived, stage) == []


async def test_an_object_that_a_row_names_in_vain_is_found(lived: Place, stage: Stage) -> None:
    name = min(lived.objects())
    lived.lose(name)

    assert f"blob: {name} is named by a row, and is not there" in complaints(lived, stage)


async def test_an_unfinished_upload_is_found_and_swept(lived: Place, stage: Stage) -> None:
    names = [min(lived.objects()), "references/0f"]
    for name in names:
        lived.begin(name)
    assert complaints(lived, stage) == [f"blob: beside {name} lies: unfinished upload" for name in names]
    await stage.sweeps()

    assert complaints(lived, stage) == []


@pytest.mark.parametrize("place", BUCKETS, indirect=True)
async def test_old_versions_and_marks_are_found_and_swept(lived: Place, stage: Stage) -> None:
    """As after somebody had switched versions on for a while, and worked in the bucket by hand."""
    assert isinstance(lived, BucketPlace)
    lived.bucket.keeps_versions()
    name = min(lived.objects())
    lived.plant(name, lived.bucket.read(f"{PREFIX}/{name}"))
    lived.plant("pictures/0f/0/1", b"an orphan")
    lived.lose("pictures/0f/0/1")
    lived.bucket.keeps_versions(again=False)
    found = complaints(lived, stage)
    assert f"blob: beside {name} lies: old version" in found
    assert "blob: beside pictures/0f/0/1 lies: mark of deletion" in found
    await stage.sweeps()

    assert complaints(lived, stage) == []
