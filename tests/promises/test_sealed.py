"""What people write and get lies on disk only sealed, bound to its place, under keys kept apart."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from core import accounts
from core.ports import Place
from core.requests import gallery
from core.requests.generation import words_place
from core.values import Who
from storage.keys import Unsealable
from tests.cast import Actor, Stage, enter
from tests.markers import forms

MARKER = "zweiundvierzig-kormorane"


def files_with(folder: Path, marker: str) -> list[str]:
    """Files under `folder` that hold the marker's bytes in any plain encoding."""
    wanted = forms(marker)
    return [
        str(path) for path in folder.rglob("*") if path.is_file() and any(form in path.read_bytes() for form in wanted)
    ]


async def test_a_marker_in_every_input_is_in_no_file_in_clear(stage: Stage) -> None:
    person = enter(stage, f"{MARKER}-name")
    await person.agrees()
    await person.says(f'/imagine {MARKER}-prompt --negative "{MARKER}-negative" --private')
    await stage.works()
    await person.says(f"/imagine {MARKER}-open")

    page = await gallery.page(stage.app, person.who, 1)
    assert page.total == 1
    assert (page.opened[0].words.prompt, page.opened[0].words.negative) == (f"{MARKER}-prompt", f"{MARKER}-negative")

    assert files_with(stage.folder, MARKER) == []
    assert database_with(stage, MARKER) == []


async def test_the_search_would_find_what_is_in_clear(stage: Stage, ben: Actor) -> None:
    (stage.folder / "leak").write_bytes(MARKER.encode("utf-16-le"))
    await ben.says("/imagine a cat")
    with stage.database._engine.begin() as connection:
        connection.execute(text("UPDATE job SET reason = :marker"), {"marker": MARKER})

    assert f"{stage.folder}/leak" in files_with(stage.folder, MARKER)
    assert database_with(stage, MARKER) == ["job.reason"]


async def test_a_picture_file_is_in_no_file_in_clear(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a cat")
    await stage.works()
    (picture,) = ben.inbox[0].pictures

    blobs = [path.read_bytes() for path in (stage.folder / "blobs").rglob("*") if path.is_file()]
    assert len(blobs) == 1
    assert b"PNG" not in blobs[0]
    assert picture.data not in blobs[0]


async def test_without_the_key_store_nothing_opens(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a cat")
    await stage.works()
    person = await accounts.active(stage.app, ben.who)
    await stage.app.keys.shred([person.id])

    with pytest.raises(Unsealable):
        await gallery.page(stage.app, ben.who, 1)


async def test_a_sealed_value_opens_only_at_its_own_place(stage: Stage, ben: Actor) -> None:
    carl = enter(stage, "carl")
    await carl.agrees()
    owner, other = await accounts.active(stage.app, ben.who), await accounts.active(stage.app, carl.who)
    place = Place("job", "sealed_words", "1")
    sealed = await stage.app.keys.seal(owner.id, place, b"words")

    assert await stage.app.keys.open(owner.id, place, sealed) == b"words"
    for person, elsewhere in (
        (owner.id, place._replace(row="2")),
        (owner.id, place._replace(column="blob")),
        (owner.id, place._replace(table="picture")),
        (other.id, place),
    ):
        with pytest.raises(Unsealable):
            await stage.app.keys.open(person, elsewhere, sealed)
    flipped = sealed[:-1] + bytes([sealed[-1] ^ 1])
    with pytest.raises(Unsealable):
        await stage.app.keys.open(owner.id, place, flipped)


async def test_a_platform_id_is_found_by_its_keyed_hash_and_stored_sealed(stage: Stage) -> None:
    person = enter(stage, MARKER)
    await person.agrees()
    found = await accounts.find(stage.app, Who("terminal", MARKER))
    assert found is not None
    assert await accounts.find(stage.app, Who("page", MARKER)) is None, "the same id at another door is somebody else"

    with stage.database._engine.begin() as connection:
        row = connection.execute(text("SELECT lookup, sealed_id FROM identity")).one()
    assert MARKER not in row.lookup
    opened = await stage.app.keys.open(found.id, Place("identity", "sealed_id", row.lookup), bytes(row.sealed_id))
    assert opened == MARKER.encode()


async def test_words_are_sealed_for_their_job(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine a cat")
    person = await accounts.active(stage.app, ben.who)
    (job,) = stage.database.transact(lambda tx: tx.jobs.open_of(person.id))
    assert job.sealed_words is not None

    assert b"a cat" in await stage.app.keys.open(person.id, words_place(job.id), job.sealed_words)


def database_with(stage: Stage, marker: str) -> list[str]:
    """Cells of the live database that hold the marker: on PostgreSQL the files are the server's, so ask the server."""
    found = []
    with stage.database._engine.begin() as connection:
        for name in inspect(connection).get_table_names():
            for row in connection.exec_driver_sql(f'SELECT * FROM "{name}"').mappings():
                for column, value in row.items():
                    plain = value if isinstance(value, bytes) else str(value).encode()
                    if any(form in plain for form in forms(marker)):
                        found.append(f"{name}.{column}")
    return sorted(set(found))
