"""An export holds what the data map says it holds, everything and nothing else."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlmodel import SQLModel

from bots.exporting.form import schema
from bots.wiring import datamap
from core import accounts
from core.datamap import OnExport
from core.ports import Place
from core.rules import DAY
from core.values import PersonId
from storage.records.subjects import is_of
from tests.cast import Actor, Stage
from tests.rights.everything import WITHOUT_ACCOUNT
from tests.rights.everything import everything as everything_now
from tests.rights.schema_checking import complaints
from tests.rights.unpacking import exports

PUBLISHED = Path(__file__).parents[2] / "docs" / "export.schema.json"


async def everything(stage: Stage, actor: Actor) -> None:
    """A day later, so that they may ask for an export again."""
    await everything_now(stage, actor)
    stage.clock.passes(DAY)


def exportable(on_export: OnExport) -> set[str]:
    """Every cell of the database that the map lets people see so, written out here by other means than the product's."""
    return {
        entry.cell
        for entry, datum in datamap().personal()
        if entry.store == "sql" and datum.on_export is on_export and entry.cell.split(".")[0] not in WITHOUT_ACCOUNT
    }


async def test_it_holds_every_cell_that_is_declared_as_a_value_and_no_other(stage: Stage, ben: Actor) -> None:
    await everything(stage, ben)

    found = await exports(ben)

    cells = {
        f"{table}.{column}"
        for table, said in found.data["tables"].items()
        for row in said["rows"]
        for column in row
        if not column.startswith("_")
    }
    assert cells == exportable(OnExport.VALUE)


async def test_it_sums_up_every_cell_that_is_declared_as_a_summary_and_no_other(stage: Stage, ben: Actor) -> None:
    await everything(stage, ben)

    found = await exports(ben)

    summed = {f"{table}.{column}" for table, said in found.data["tables"].items() for column in said["summary"]}
    assert summed - {cell for cell in summed if cell.split(".")[0] in WITHOUT_ACCOUNT} == exportable(OnExport.SUMMARY)
    assert found.data["tables"]["delivery"]["summary"]["state"]["words"] == {"delivered": 2, "waiting": 1}
    assert "words" not in found.data["tables"]["credit_lot"]["summary"]["id"], "a key is not shown in a summary either"


async def test_it_holds_every_row_and_nobody_elses(stage: Stage, ana: Actor, ben: Actor) -> None:
    await everything(stage, ana)
    await everything(stage, ben)
    person = (await accounts.known(stage.app, ben.who)).id
    before = _rows_of(stage, person)

    found = await exports(ben)

    counted = {table: len(said["rows"]) for table, said in found.data["tables"].items()}
    own = {"ticket": 1}  # of this export; the files of the one before are past their keep
    for table in before.keys() - {"export", "export_part"}:
        rows = before[table]
        assert counted.get(table, len(rows)) == len(rows) + own.get(table, 0), table


async def test_what_is_past_its_keep_is_not_in_it(stage: Stage, ben: Actor) -> None:
    """Whether it is swept yet or not."""
    await everything(stage, ben)
    await ben.says("/settings --keep_days 1")
    stage.clock.passes(DAY)

    found = await exports(ben)

    assert found.rows("picture") == []
    assert not any(name.startswith("pictures/") for name in found.files)


async def test_words_are_opened_and_say_what_was_said(stage: Stage, ben: Actor) -> None:
    await everything(stage, ben)

    found = await exports(ben)

    said = {row["sealed_words"]["prompt"]: row["sealed_words"] for row in found.rows("job")}
    assert said["a heron at dusk"] == {"prompt": "a heron at dusk", "negative": "boats"}
    assert [row["sealed_id"] for row in found.rows("identity")] == ["ben"]


async def test_a_cell_that_is_declared_anew_is_in_it_by_itself(stage: Stage, ben: Actor) -> None:
    """Nothing in the product names a column of an export: the map decides, here one that is withheld otherwise."""
    from dataclasses import replace

    entries = [
        replace(entry, meaning=replace(entry.meaning, on_export=OnExport.VALUE, withheld_because=""))
        if entry.cell == "identity.lookup"
        else entry
        for entry in datamap().entries
    ]
    object.__setattr__(stage.app, "datamap", type(datamap())(tuple(entries)))

    found = await exports(ben)

    assert [row["lookup"] for row in found.rows("identity")] == [stage.app.keys.lookup(ben.who)]


async def test_pictures_are_byte_for_byte_what_was_delivered(stage: Stage, ben: Actor) -> None:
    await everything(stage, ben)
    delivered = {picture.id: picture.data for told in ben.inbox for picture in told.pictures}

    found = await exports(ben)

    pictures = {name: data for name, data in found.files.items() if name.startswith("pictures/")}
    assert {name.removeprefix("pictures/").split(".")[0]: data for name, data in pictures.items()} == delivered
    assert {row["_file"] for row in found.rows("picture")} == set(pictures)


async def test_the_manifest_has_a_hash_of_every_file_and_a_reason_for_everything_that_is_not_there(
    stage: Stage, ben: Actor
) -> None:
    await everything(stage, ben)

    found = await exports(ben)

    listed = {one["name"]: (one["size"], one["sha256"]) for one in found.manifest["files"]}
    assert listed == {
        name: (len(data), hashlib.sha256(data).hexdigest())
        for name, data in found.files.items()
        if name != "manifest.json"
    }
    withheld = {(one["store"], one["cell"]) for one in found.manifest["withheld"]}
    assert withheld == {
        (entry.store, entry.cell) for entry, datum in datamap().personal() if datum.on_export is OnExport.WITHHELD
    }
    assert all(one["reason"] for one in found.manifest["withheld"])
    assert all(one["what"] and one["why"] for one in found.manifest["not_included"])


async def test_every_preference_is_in_it(stage: Stage, ben: Actor) -> None:
    await ben.says("/settings --shape landscape --format webp --private true --keep_days 90 --style velvet")

    (chosen,) = (await exports(ben)).rows("preference")

    assert {name: value for name, value in chosen.items() if not name.startswith("_")} == {
        "shape": "landscape", "private": True, "format": "webp", "keep_days": 90, "model": "", "style": "velvet",
    }  # fmt: skip


async def test_a_lost_picture_is_named_in_the_manifest(stage: Stage, ben: Actor) -> None:
    await everything(stage, ben)
    lost = (await stage.stored("pictures/"))[0]
    await stage.app.blobs.delete(lost)

    found = await exports(ben)

    (missing,) = [one for one in found.manifest["not_included"] if one["what"].startswith("pictures/")]
    assert missing["what"] not in found.files
    assert "lost" in missing["why"]


async def test_a_damaged_cell_is_named_in_the_manifest_and_keeps_nothing_else_out(stage: Stage, ben: Actor) -> None:
    await everything(stage, ben)
    with stage.database._engine.begin() as connection:
        connection.execute(text("UPDATE identity SET sealed_id = :junk"), {"junk": b"\x01" + bytes(40)})

    found = await exports(ben)

    assert [row["sealed_id"] for row in found.rows("identity")] == [None]
    assert "identity.sealed_id" in [one["what"] for one in found.manifest["not_included"]]


async def test_it_is_valid_by_its_published_schema(stage: Stage, ben: Actor) -> None:
    await everything(stage, ben)

    found = await exports(ben)

    assert complaints(found.data, json.loads(PUBLISHED.read_text())) == []


def test_the_published_schema_is_what_the_map_says() -> None:
    published = json.loads(PUBLISHED.read_text())
    assert published == schema(datamap()), "the map changed: `darkroom export-schema > docs/export.schema.json`"


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data["tables"]["job"]["rows"][0].pop("seed"),
        lambda data: data["tables"]["job"]["rows"][0].update(nickname="ben"),
        lambda data: data["tables"].pop("person"),
        lambda data: data.update(version=2),
    ],
)
async def test_what_is_otherwise_is_not_valid(stage: Stage, ben: Actor, change: Any) -> None:
    await everything(stage, ben)
    data = (await exports(ben)).data

    change(data)

    assert complaints(data, schema(datamap())) != []


async def test_the_ledger_adds_up_to_the_balance(stage: Stage, ben: Actor) -> None:
    await everything(stage, ben)

    lines = list(csv.DictReader(io.StringIO((await exports(ben)).files["ledger.csv"].decode())))

    balance = await ben.balance()
    of_kind = {
        kind: sum(int(line["millicredits"]) for line in lines if line["account"].startswith(f"{kind}:"))
        for kind in ("user", "held")
    }
    assert of_kind == {"user": balance.spendable, "held": balance.held}
    assert sum(int(line["millicredits"]) for line in lines) == 0


async def test_the_page_in_it_shows_words_and_pictures_and_runs_nothing(stage: Stage, ben: Actor) -> None:
    await ben.says("/imagine <script>alert(1)</script> & a heron")
    await stage.works()

    page = (await exports(ben)).files["index.html"].decode()

    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; a heron" in page
    assert "<script" not in page
    assert "http:" not in page
    assert "https:" not in page
    assert f'src="pictures/{ben.inbox[-1].pictures[0].id}.png"' in page


def _rows_of(stage: Stage, person: PersonId) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    with stage.database._engine.connect() as connection:
        for entry, datum in datamap().personal():
            table = SQLModel.metadata.tables.get(entry.cell.split(".")[0])
            if entry.store == "sql" and table is not None and datum.on_export is not OnExport.WITHHELD:
                found[table.name] = connection.execute(select(table).where(is_of(table, entry.subject, person))).all()  # type: ignore[assignment]
    return found


def test_every_sealed_cell_follows_the_convention() -> None:
    assert Place("ticket", "sealed_text", "A1").row == "A1"
