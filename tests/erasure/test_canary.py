"""A canary in every input of real processes: found everywhere it should be, and after /deleteme nowhere as raw bytes.

A search that finds nothing proves something only where it could have found something: so first every sealed cell and every
blob is opened and the canary is in them, and the search is shown to find each form it looks for.
"""

from __future__ import annotations

import base64
import io
import json
import time
import urllib.request
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL.PngImagePlugin import PngInfo
from sqlalchemy import LargeBinary, select
from sqlmodel import SQLModel

from bots.settings import Settings
from bots.wiring import House, open_house
from core.ports import Place
from core.values import Moment, PersonId
from storage.keys import Unsealable, keys
from tests.cast import AGREE
from tests.erasure.searching import files_with
from tests.page.browser import demo
from tests.pictures import picture_file
from tests.typed import BEGIN, talk

CANARY = "zweiundvierzig-kormorane-über-dem-haff"
AT_ONCE = {"DARKROOM_UNDO_WINDOW": "0s", "DARKROOM_LOG_LEVEL": "info", "DARKROOM_REQUESTS_PER_MINUTE": "0"}
FOREVER = Moment(4_000_000_000_000)
LINES = (
    f"/imagine {CANARY} in the mist --negative {CANARY}-boats",
    "/imagine a heron --reference heron.png",
    f"/support {CANARY} does not work",
    f"/feedback {CANARY} is fine",
    f"/profile set display_name {CANARY}",
    "/export",
)


async def opened(house: House) -> dict[str, list[bytes]]:
    """Everything that is sealed, by its cell or prefix, as it opens under somebody's key."""
    app = house.app
    found: dict[str, list[bytes]] = {}
    with house.database._engine.connect() as connection:
        with app.keys._engine.connect() as key_store:  # type: ignore[attr-defined]
            people = [PersonId(one) for one in key_store.execute(select(keys.c.person_id)).scalars()]
        for table in SQLModel.metadata.sorted_tables:
            sealed = [column.name for column in table.columns if isinstance(column.type, LargeBinary)]
            for row in connection.execute(select(table)).mappings() if sealed else ():
                key = "/".join(str(row[column.name]) for column in table.primary_key)
                for name in sealed:
                    if row[name] is not None:
                        place = Place(table.name, name, key)
                        found.setdefault(f"{table.name}.{name}", []).append(await _open(app, people, place, row[name]))
    for name in await app.blobs.older_than(FOREVER):
        data = await app.blobs.get(name)
        assert data is not None
        for table, column in (("picture", "blob"), ("job", "reference"), ("export_part", "blob")):
            if text := await _open(app, people, Place(table, column, name), data):
                found.setdefault(name.split("/")[0], []).append(text)
    return found


async def _open(app: Any, people: list[PersonId], place: Place, sealed: bytes) -> bytes:
    for person in people:
        try:
            return bytes(await app.keys.open(person, place, sealed))
        except Unsealable:
            continue
    return b""


def sealed_bytes(house: House) -> list[bytes]:
    """Ciphertexts, wrapped keys and ids: whatever could still be opened, or joined, if it stayed anywhere."""
    with house.database._engine.connect() as connection, house.app.keys._engine.connect() as key_store:  # type: ignore[attr-defined]
        cells = [
            bytes(value)
            for table in SQLModel.metadata.sorted_tables
            for column in table.columns
            if isinstance(column.type, LargeBinary)
            for value in connection.execute(select(column).where(column.is_not(None))).scalars()
        ]
        rows = key_store.execute(select(keys)).mappings().all()
    return [*cells, *(bytes(row["wrapped"]) for row in rows), *(row["person_id"].encode() for row in rows)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Whose own temporary folder is searched, too. What Ana took away lies beside the data, and is hers."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    note = PngInfo()
    note.add_text("Comment", CANARY)
    (tmp_path / "heron.png").write_bytes(picture_file(pnginfo=note))
    return tmp_path


def searched(folder: Path) -> list[Path]:
    return [folder / "data", folder / "tmp"]


@pytest.mark.parametrize(
    "written",
    [
        CANARY.encode(),
        CANARY.encode("utf-16-le"),
        CANARY.encode().hex().encode(),
        b"x" + base64.b64encode(b"y" + CANARY.encode()),
        json.dumps(CANARY).encode(),
        b"before" + zlib.compress(CANARY.encode()) + b"after",
    ],
)
def test_the_search_finds_every_form_it_looks_for(tmp_path: Path, written: bytes) -> None:
    (tmp_path / "leak").write_bytes(b"some" + written + b"thing")

    assert files_with([tmp_path], [CANARY]) == [str(tmp_path / "leak")]


def test_the_search_looks_into_archives(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("words.json", json.dumps({"prompt": CANARY}))
    (tmp_path / "leak").write_bytes(packed.getvalue())

    assert files_with([tmp_path], [CANARY]) == [str(tmp_path / "leak")]


async def test_at_the_terminal_it_is_everywhere_before_and_nowhere_after(folder: Path) -> None:
    person = f"{CANARY}-ana"
    drawn = talk(folder, *BEGIN, *LINES, person=person, **AT_ONCE)
    picture = next(path for told in drawn for path in told["pictures"])
    talk(folder, f"/report {Path(picture).stem} --reason {CANARY}", person=person, **AT_ONCE)

    with open_house(Settings(_env_file=None, data=folder / "data", model="flat")) as house:
        found = await opened(house)
        sealed = sealed_bytes(house)
    holding = {cell for cell, texts in found.items() if any(_holds(text) for text in texts)}
    expected = {"job.sealed_words", "identity.sealed_id", "ticket.sealed_text", "profile.sealed_value"}
    assert expected <= holding, "it was never where it should be"
    assert {"pictures", "exports"} <= found.keys()
    assert files_with(searched(folder), [CANARY]) == [], "what people write lies sealed at all times"
    assert files_with(searched(folder), sealed), "the search could have found what lies sealed"

    (told,) = talk(folder, "/deleteme DELETE", person=person, **AT_ONCE)

    assert told["error"] is None
    assert "It is complete" in told["text"]
    assert files_with(searched(folder), [CANARY, *sealed]) == []
    assert [path for path in (folder / "data" / "blobs").rglob("*") if path.is_file()] == []
    assert "/start first" in talk(folder, "/gallery", person=person, **AT_ONCE)[0]["text"]


def test_on_the_page_it_is_nowhere_afterwards_and_the_other_visitor_keeps_everything(folder: Path) -> None:
    with demo(folder, DARKROOM_MODEL="flat", **AT_ONCE) as address:
        ana, ben = Visitor(address), Visitor(address)
        for visitor in (ana, ben):
            visitor.presses(visitor.says("/start"), AGREE)
        ana.says(f"/imagine {CANARY}")
        ana.says(f"/support {CANARY}")
        ben.says("/support a heron")
        assert "1 request" in words(ana.says("/deleteme"))

        receipt = words(ana.says("/deleteme DELETE"))
        code = receipt.partition("number: ")[2][:8]
        for _ in range(200):  # a picture may just be on its way
            if "It is complete" in receipt:
                break
            time.sleep(0.2)
            receipt = words(ana.says(f"/requests {code}"))

        assert "It is complete" in receipt
        assert "/start first" in words(ana.says("/gallery"))
        assert "/start first" not in words(ben.says("/requests"))
    assert files_with(searched(folder), [CANARY, ana.cookie]) == []


def words(told: dict[str, Any]) -> str:
    return "\n".join(told["text"])


def _holds(text: bytes) -> bool:
    return CANARY.encode() in text or json.dumps(CANARY)[1:-1].encode() in text


class Visitor:
    """A browser without a window: one cookie, and what the page answers."""

    def __init__(self, address: str) -> None:
        self._address, self._numbers = address, iter(range(1_000))
        with urllib.request.urlopen(address) as front:
            self.cookie = front.headers["Set-Cookie"].split("=")[1].split(";")[0]

    def says(self, line: str) -> dict[str, Any]:
        return self._sends("/say", line=line)

    def presses(self, told: dict[str, Any], label: str) -> dict[str, Any]:
        token = next(button["token"] for button in told["buttons"] if button["label"] == label)
        return self._sends("/press", token=token, label=label)

    def _sends(self, path: str, **asked: str) -> dict[str, Any]:
        body = json.dumps({"update": f"{next(self._numbers):032x}", **asked}).encode()
        headers = {"Content-Type": "application/json", "Origin": self._address, "Cookie": f"darkroom={self.cookie}"}
        with urllib.request.urlopen(urllib.request.Request(self._address + path, body, headers)) as answer:
            told: dict[str, Any] = json.load(answer)
        return told
