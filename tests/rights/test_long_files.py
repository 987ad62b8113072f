"""A file that is too long to be held comes bit by bit, whole, and only to its person."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from bots.commands import exports as commands
from bots.exporting.exporter import Exporter
from bots.on_terminal import Terminal
from bots.replies import LongFile
from storage.database import SqlDatabase
from tests.cast import AGREE, Actor, Stage
from tests.databases import Store
from tests.page.actor import open_front
from tests.rights.unpacking import fetched, unpacked


@pytest.fixture
def database(sqlite_store: Store) -> SqlDatabase:
    return sqlite_store.open()


@pytest.fixture(autouse=True)
def nothing_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "WHOLE", 1_000)


async def test_it_is_never_held_in_one(ben: Actor) -> None:
    told = await ben.says("/export")

    assert isinstance(told.files[0], LongFile)
    assert told.files[0].data == b""
    assert (await fetched(ben, told)).rows("identity")


async def test_the_terminal_writes_it_down(stage: Stage, tmp_path: Path) -> None:
    terminal = Terminal(stage.app, "ana", tmp_path, io.StringIO(), as_json=True)
    for line in ("/start", f"press {AGREE}", "/export"):
        await terminal.hear(line)

    (path,) = tmp_path.glob("darkroom-export-*.zip")
    assert unpacked([path.read_bytes()]).rows("identity")[0]["sealed_id"] == "ana"


async def test_the_terminal_hands_over_what_was_made_meanwhile(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "AT_ONCE", -1)
    terminal = Terminal(stage.app, "ana", tmp_path, io.StringIO(), as_json=True)
    for line in ("/start", f"press {AGREE}", "/export"):
        await terminal.hear(line)
    await terminal.hand_over()
    assert list(tmp_path.glob("*.zip")) == []
    assert await terminal.outstanding() == 1

    await Exporter(stage.app).round()
    await terminal.hand_over()

    assert await terminal.outstanding() == 0
    assert len(list(tmp_path.glob("*.zip"))) == 1
    await terminal.hand_over()
    assert len(list(tmp_path.glob("*.zip"))) == 1, "it is handed over once"


async def test_a_browser_gets_it_from_the_page_and_no_other_visitor_does(stage: Stage) -> None:
    async with open_front(stage) as front:
        ben, ana = await front.enter("ben"), await front.enter("ana")
        await ben.agrees()
        await ben.says("/export")
        _, message = ben.messages[-1]
        address = message["files"][0]["address"]

        status, data = await ben.gets(address)

        assert status == 200
        assert unpacked([data]).rows("identity")
        assert (await ana.gets(address))[0] == 404
