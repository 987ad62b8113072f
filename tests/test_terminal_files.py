"""At the terminal a file is a path: after the command, or after the option that takes it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from bots.on_terminal import Terminal
from storage.database import SqlDatabase
from tests.cast import Actor, Stage
from tests.databases import Store
from tests.pictures import picture_file


@pytest.fixture
def database(sqlite_store: Store) -> SqlDatabase:
    """One product is enough here: what a door knows of storage is tested elsewhere."""
    return sqlite_store.open()


@pytest.fixture
def fox(tmp_path: Path) -> Path:
    path = tmp_path / "my fox.png"
    path.write_bytes(picture_file())
    return path


class Typing:
    """Ben at a real terminal door."""

    def __init__(self, stage: Stage, folder: Path) -> None:
        self._screen = io.StringIO()
        self._terminal = Terminal(stage.app, "ben", folder, self._screen, as_json=True)

    async def types(self, line: str) -> dict[str, Any]:
        await self._terminal.hear(line)
        return json.loads(self._screen.getvalue().splitlines()[-1])


@pytest.fixture
def typing(stage: Stage, ben: Actor, tmp_path: Path) -> Typing:
    return Typing(stage, tmp_path / "out")


@pytest.mark.parametrize(
    "line",
    [
        '/imagine a fox --reference "{fox}" --strength 0.4',
        '/imagine --strength 0.4 --reference="{fox}" a fox',
        '/IMAGINE reference="{fox}" strength=0.4 a fox',
    ],
)
async def test_a_request_starts_from_the_picture_it_names(stage: Stage, typing: Typing, fox: Path, line: str) -> None:
    answer = await typing.types(line.format(fox=fox))
    assert answer["error"] is None, answer
    await stage.dispatches()

    ((wish,),) = stage.painter.waiting
    assert wish.reference is not None
    assert (wish.prompt, wish.settings.strength) == ("a fox", 0.4)


async def test_a_path_that_leads_nowhere_is_named(typing: Typing, tmp_path: Path) -> None:
    for path in ("no-such-file.png", str(tmp_path), "a\0b"):
        answer = await typing.types(f"/imagine a fox --reference {path}")
        assert answer["error"] == "refused"
        assert "There is no file" in answer["text"]


async def test_an_option_without_its_path_is_not_passed_over(typing: Typing) -> None:
    assert "--reference needs a value" in (await typing.types("/imagine a fox --reference"))["text"]


async def test_edit_prints_the_line_without_the_path(stage: Stage, typing: Typing, fox: Path) -> None:
    await typing.types(f'/imagine a fox --reference "{fox}" --strength 0.4')
    await stage.works()
    answer = await typing.types("/edit")

    assert "add that again, or leave --strength out" in answer["text"]
    line = answer["text"].splitlines()[-1]
    assert line.startswith("/imagine a fox --shape square --strength 0.4")
    again = await typing.types(f'{line} --reference "{fox}"')
    assert again["error"] is None


async def test_verify_still_takes_the_rest_of_the_line(typing: Typing, fox: Path) -> None:
    assert "It carries no signed note" in (await typing.types(f"/verify {fox}"))["text"]
