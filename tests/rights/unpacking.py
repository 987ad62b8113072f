"""An export as its person unpacks it: every archive into one folder, and data.json read."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from typing import Any

from bots.replies import LongFile, Reply
from tests.cast import Actor


@dataclass(frozen=True)
class Unpacked:
    """The archives as they came, and what is in them together."""

    archives: tuple[bytes, ...]
    files: dict[str, bytes]

    @property
    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.files["data.json"])
        return found

    @property
    def manifest(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.files["manifest.json"])
        return found

    def rows(self, table: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.data["tables"][table]["rows"]
        return found


async def exports(actor: Actor, line: str = "/export") -> Unpacked:
    """Ask for it and take every file of it."""
    return await fetched(actor, await actor.says(line))


async def fetched(actor: Actor, told: Reply) -> Unpacked:
    """Every file that an answer holds, or offers by its buttons."""
    assert told.error is None, told.lines
    answers = (
        [told] if told.files else [await actor.says(f"/export --part {nth}") for nth in range(1, len(told.buttons) + 1)]
    )
    return unpacked([await content(file) for answer in answers for file in answer.files])


async def content(file: Any) -> bytes:
    return b"".join([some async for some in file.chunks()]) if isinstance(file, LongFile) else file.data


def unpacked(archives: list[bytes]) -> Unpacked:
    files: dict[str, bytes] = {}
    for archive in archives:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            assert opened.testzip() is None
            for name in opened.namelist():
                assert name not in files, f"{name} is there twice"
                files[name] = opened.read(name)
    return Unpacked(tuple(archives), files)
