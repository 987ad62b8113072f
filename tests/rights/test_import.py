"""What somebody exported can be brought into another Darkroom, whole or not at all, and trusting nothing."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bots.exporting.importing import TAKEN_OVER, Imported, bring_in
from bots.exporting.reading import brought
from core import accounts
from core.erasing.erasure import tombstone_of
from core.errors import Refused
from core.rules import DAY
from storage.database import SqlDatabase
from tests.cast import Actor, Stage, build_stage, enter
from tests.databases import Store
from tests.rights.everything import everything
from tests.rights.unpacking import Unpacked, exports

Change = Callable[[dict[str, bytes]], None]


@pytest.fixture
def database(sqlite_store: Store) -> SqlDatabase:
    return sqlite_store.open()


_made: list[Unpacked] = []  #: one export for all tests that only read it


async def export_of(stage: Stage, actor: Actor) -> Unpacked:
    await everything(stage, actor)
    stage.clock.passes(DAY)
    return await exports(actor)


@pytest.fixture
async def exported(stage: Stage, ben: Actor) -> Unpacked:
    """What somebody brings who was at another Darkroom."""
    if not _made:
        _made.append(await export_of(stage, ben))
    return _made[0]


@pytest.fixture
def elsewhere(tmp_path: Path, sqlite_template: Path) -> Stage:
    """Another Darkroom, where nobody is."""
    from storage.database import open_engine, sqlite_url

    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "records.db").write_bytes(sqlite_template.read_bytes())
    return build_stage(folder, SqlDatabase(open_engine(sqlite_url(folder / "records.db"))))


async def arrives(stage: Stage, *paths: Path, as_: str = "") -> Imported:
    with brought(paths) as found:
        return await bring_in(stage.app, found, as_)


def written(folder: Path, found: Unpacked) -> list[Path]:
    paths = []
    for nth, archive in enumerate(found.archives, 1):
        paths.append(path := folder / f"export-{nth}.zip")
        path.write_bytes(archive)
    return paths


def repacked(folder: Path, files: dict[str, bytes], *, honest: bool = True) -> Path:
    """An export packed by somebody else. `honest`: with a manifest that speaks of what is in it."""
    import hashlib

    if honest:
        manifest = json.loads(files["manifest.json"])
        manifest["files"] = [
            {"name": name, "archive": 1, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in files.items()
            if name != "manifest.json"
        ]
        files = {**files, "manifest.json": json.dumps(manifest).encode()}
    with zipfile.ZipFile(folder / "repacked.zip", "w") as archive:
        for name, data in files.items():
            how = zipfile.ZIP_STORED if name.startswith("pictures/") else zipfile.ZIP_DEFLATED
            archive.writestr(name, data, how)
    return folder / "repacked.zip"


def with_data(change: Callable[[dict[str, Any]], Any]) -> Change:
    def changed(files: dict[str, bytes]) -> None:
        data = json.loads(files["data.json"])
        change(data)
        files["data.json"] = json.dumps(data).encode()

    return changed


def comparable(found: Unpacked) -> dict[str, list[dict[str, Any]]]:
    """What is taken over, without what calls rows in one export only, and what was paid elsewhere."""
    tables = {}
    for table in TAKEN_OVER:
        rows = [
            {name: value for name, value in row.items() if name not in ("_row", "_of", "price_each")}
            for row in found.rows(table)
        ]
        if table == "job":
            rows = [row for row in rows if row["state"] == "done"]
        tables[table] = sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))
    return tables


async def test_an_import_exported_again_is_what_was_exported(
    exported: Unpacked, elsewhere: Stage, tmp_path: Path
) -> None:
    done = await arrives(elsewhere, *written(tmp_path, exported))
    ben = enter(elsewhere, "ben")

    again = await exports(ben)

    assert (done.person, done.requests, done.pictures) == ("terminal:ben", 2, 2)
    assert comparable(again) == comparable(exported)
    assert {n: d for n, d in again.files.items() if n.startswith("pictures/")} == {
        n: d for n, d in exported.files.items() if n.startswith("pictures/")
    }
    assert elsewhere.mistakes() == []


async def test_they_agree_first_and_then_find_their_pictures(
    exported: Unpacked, elsewhere: Stage, tmp_path: Path
) -> None:
    await arrives(elsewhere, *written(tmp_path, exported))
    ben = enter(elsewhere, "ben")
    assert (await ben.says("/gallery")).error == "refused"

    await ben.agrees()

    gallery = await ben.says("/gallery")
    assert {picture.data for picture in gallery.pictures} == {
        data for name, data in exported.files.items() if name.startswith("pictures/")
    }
    assert (await ben.balance()).spendable == 0, "credits are not imported"


async def test_what_was_being_drawn_there_is_over_here(exported: Unpacked, elsewhere: Stage, tmp_path: Path) -> None:
    await arrives(elsewhere, *written(tmp_path, exported))

    await elsewhere.works()

    with elsewhere.database._engine.connect() as connection:
        assert sorted(connection.execute(text("SELECT state FROM job")).scalars()) == ["cancelled", "done"]


async def test_what_was_allowed_there_is_history_and_not_allowed_here(
    stage: Stage, ben: Actor, elsewhere: Stage, tmp_path: Path
) -> None:
    person = (await accounts.known(stage.app, ben.who)).id
    with stage.database._engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO consent (person_id, purpose, given, notice_version, text_hash, door, at) "
                "VALUES (:person, 'train', 1, 1, 'h', 'terminal', 5)"
            ),
            {"person": person},
        )
    await arrives(elsewhere, *written(tmp_path, await exports(ben)))

    with elsewhere.database._engine.connect() as connection:
        log = connection.execute(text("SELECT purpose, given FROM consent ORDER BY id")).all()
    assert [tuple(row) for row in log] == [("train", 1), ("train", 0)]


async def test_it_can_become_somebody_elses_name(exported: Unpacked, elsewhere: Stage, tmp_path: Path) -> None:
    done = await arrives(elsewhere, *written(tmp_path, exported), as_="terminal:benjamin")

    assert done.person == "terminal:benjamin"
    assert await accounts.find(elsewhere.app, enter(elsewhere, "benjamin").who)


async def test_it_adds_to_no_account_that_is_there(exported: Unpacked, elsewhere: Stage, tmp_path: Path) -> None:
    await enter(elsewhere, "ben").agrees()
    before = dump(elsewhere)

    with pytest.raises(Refused, match=r"import\.not_empty"):
        await arrives(elsewhere, *written(tmp_path, exported))

    assert dump(elsewhere) == before


async def test_who_was_erased_does_not_come_back_by_an_import(stage: Stage, ben: Actor, tmp_path: Path) -> None:
    exported = await export_of(stage, ben)
    person = (await accounts.known(stage.app, ben.who)).id
    await stage.app.tombstones.add(tombstone_of(stage.app, person), stage.clock.now())

    with pytest.raises(Refused, match=r"import\.erased"):
        await arrives(stage, *written(tmp_path, exported), as_="terminal:somebody")


HOSTILE: dict[str, tuple[Change, str]] = {
    "a path that leads out": (lambda files: files.update({"../../etc/passwd": b"x"}), "import.hostile"),
    "an absolute path": (lambda files: files.update({"/tmp/x.png": b"x"}), "import.hostile"),
    "a path in the pictures": (lambda files: files.update({"pictures/../x.png": b"x"}), "import.hostile"),
    "another version": (
        lambda files: files.update(
            {"manifest.json": files["manifest.json"].replace(b'"version": 1', b'"version": 99')}
        ),
        "import.other_format",
    ),
    "another program's": (with_data(lambda data: data.update(format="photoroom")), "import.other_format"),
    "no manifest": (lambda files: files.pop("manifest.json") and None, "import.no_manifest"),
    "no JSON": (lambda files: files.update({"data.json": b"{"}), "import.malformed"),
    "deep JSON": (lambda files: files.update({"data.json": b"[" * 200_000}), "import.malformed"),
    "tables that are none": (with_data(lambda data: data.update(tables=[])), "import.malformed"),
    "rows that are none": (with_data(lambda data: data["tables"]["job"].update(rows={"a": 1})), "import.malformed"),
    "a number for words": (
        with_data(lambda data: data["tables"]["job"]["rows"][0].update(model=7)),
        "import.malformed",
    ),
    "a number too large": (
        with_data(lambda data: data["tables"]["job"]["rows"][0].update(seed=2**70)),
        "import.malformed",
    ),
    "words for a number": (
        with_data(lambda data: data["tables"]["picture"]["rows"][0].update(seed="1")),
        "import.malformed",
    ),
    "a picture of no request": (
        with_data(lambda data: data["tables"]["picture"]["rows"][0].update(_of={"job_id": "0" * 16})),
        "import.malformed",
    ),
    "the same picture twice": (
        with_data(lambda data: data["tables"]["picture"]["rows"].append(data["tables"]["picture"]["rows"][0])),
        "import.malformed",
    ),
}


@pytest.mark.parametrize("trick", HOSTILE)
async def test_what_no_export_has_is_refused_and_nothing_is_left(
    exported: Unpacked, elsewhere: Stage, tmp_path: Path, trick: str
) -> None:
    change, key = HOSTILE[trick]
    files = dict(exported.files)
    change(files)
    path = repacked(tmp_path, files, honest="manifest.json" in files and trick != "another version")
    before = dump(elsewhere)

    with pytest.raises(Refused, match=key.replace(".", r"\.")):
        await arrives(elsewhere, path)

    assert dump(elsewhere) == before
    assert await elsewhere.stored() == []


async def test_a_changed_file_is_refused(exported: Unpacked, elsewhere: Stage, tmp_path: Path) -> None:
    files = {**exported.files, "ledger.csv": exported.files["ledger.csv"] + b"\r\n"}

    with pytest.raises(Refused, match=r"import\.changed"):
        await arrives(elsewhere, repacked(tmp_path, files, honest=False))


async def test_a_file_that_nobody_listed_is_refused(exported: Unpacked, elsewhere: Stage, tmp_path: Path) -> None:
    files = {**exported.files, "pictures/EXTRA.png": b"x"}

    with pytest.raises(Refused, match=r"import\.changed"):
        await arrives(elsewhere, repacked(tmp_path, files, honest=False))


async def test_every_cut_of_a_file_is_refused(exported: Unpacked, elsewhere: Stage, tmp_path: Path) -> None:
    (archive,) = exported.archives
    for length in range(0, len(archive), len(archive) // 9 + 1):
        (tmp_path / "cut.zip").write_bytes(archive[:length])
        with pytest.raises(Refused, match=r"import\.no_archive"):
            await arrives(elsewhere, tmp_path / "cut.zip")


async def test_flipped_bits_are_refused(exported: Unpacked, elsewhere: Stage, tmp_path: Path) -> None:
    (archive,) = exported.archives
    for at in range(100, len(archive) - 5_000, len(archive) // 7):
        damaged = bytearray(archive)
        damaged[at] ^= 0xFF
        (tmp_path / "flipped.zip").write_bytes(bytes(damaged))
        with pytest.raises(Refused, match=r"import\."):
            await arrives(elsewhere, tmp_path / "flipped.zip")


async def test_a_zip_bomb_is_refused_before_it_goes_off(exported: Unpacked, elsewhere: Stage, tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("data.json", "w", force_zip64=True) as file:
            for _ in range(600):
                file.write(bytes(1 << 20))
        archive.writestr("manifest.json", exported.files["manifest.json"])

    with pytest.raises(Refused, match=r"import\.hostile"):
        await arrives(elsewhere, path)


async def test_a_missing_archive_is_named(exported: Unpacked, elsewhere: Stage, tmp_path: Path) -> None:
    files = {name: data for name, data in exported.files.items() if not name.startswith("pictures/")}

    with pytest.raises(Refused, match=r"import\.missing"):
        await arrives(elsewhere, repacked(tmp_path, files, honest=False))


async def test_what_is_no_zip_and_what_is_not_there_is_refused(elsewhere: Stage, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"not a zip file")
    with pytest.raises(Refused, match=r"import\.no_archive"):
        await arrives(elsewhere, tmp_path / "a.zip")
    with pytest.raises(Refused, match=r"import\.no_file"):
        await arrives(elsewhere, tmp_path / "nowhere.zip")


def dump(stage: Stage) -> dict[str, list[Any]]:
    with stage.database._engine.connect() as connection:
        names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars().all()
        return {name: [tuple(row) for row in connection.execute(text(f'SELECT * FROM "{name}"'))] for name in names}
