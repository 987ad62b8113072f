"""Taking everything along as people script it: the real commands, over folders of their own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.rights.unpacking import Unpacked, unpacked
from tests.typed import BEGIN, settings_of, talk, typed

RICH = {"DARKROOM_WELCOME_CREDITS": "500", "DARKROOM_OPEN_JOBS": "0", "DARKROOM_REQUESTS_PER_MINUTE": "0"}


def files_of(folder: Path, replies: list[dict[str, Any]]) -> list[Path]:
    return [folder / path for told in replies for path in told["files"]]


def opened(paths: list[Path]) -> Unpacked:
    return unpacked([path.read_bytes() for path in paths])


def test_a_small_export_is_in_the_answer(tmp_path: Path) -> None:
    replies = talk(tmp_path, *BEGIN, "/imagine a heron at dusk --count 2")
    delivered = [(tmp_path / path).read_bytes() for told in replies for path in told["pictures"]]

    found = opened(files_of(tmp_path, talk(tmp_path, "/export")))

    assert sorted(data for name, data in found.files.items() if name.startswith("pictures/")) == sorted(delivered)


def test_at_the_end_of_input_it_waits_for_a_large_one(tmp_path: Path) -> None:
    talk(tmp_path, *BEGIN, *["/imagine a heron --count 4"] * 7, **RICH)

    replies = talk(tmp_path, "/export", **RICH)

    assert "being put together" in replies[0]["text"]
    assert replies[0]["files"] == []
    found = opened(files_of(tmp_path, replies))
    assert len([name for name in found.files if name.startswith("pictures/")]) == 28


def test_it_can_be_taken_to_another_darkroom(tmp_path: Path) -> None:
    (here := tmp_path / "here").mkdir()
    (there := tmp_path / "there").mkdir()
    talk(here, *BEGIN, "/imagine a heron at dusk --count 2")
    (path,) = files_of(here, talk(here, "/export"))

    done = typed(settings_of(there), "import", path, "--json")

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "person": "terminal:ana",
        "requests": 1,
        "pictures": 2,
        "choices": 1,
        "credits": 0,
    }
    again = opened(files_of(there, talk(there, "/export")))
    before = opened([path])
    assert {n: d for n, d in again.files.items() if n.startswith("pictures/")} == {
        n: d for n, d in before.files.items() if n.startswith("pictures/")
    }
    assert again.rows("job")[0]["sealed_words"] == before.rows("job")[0]["sealed_words"]


def test_what_is_no_export_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"nothing of the kind")

    done = typed(settings_of(tmp_path), "import", tmp_path / "a.zip")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert done.stderr.endswith("a.zip is no archive of an export: it is not a zip file, or it is damaged.\n")


def test_somebody_who_is_here_already_is_not_mixed_up(tmp_path: Path) -> None:
    talk(tmp_path, *BEGIN, "/imagine a heron")
    (path,) = files_of(tmp_path, talk(tmp_path, "/export"))

    done = typed(settings_of(tmp_path), "import", path)

    assert done.returncode == 2
    assert "terminal:ana has something here already" in done.stderr
