"""`darkroom` as operators start it: refused with exit 2 and the lines, or a trial that says what it lacks."""

from __future__ import annotations

import json
from pathlib import Path

from tests.policy.operator import WHOLE, without
from tests.typed import darkroom, settings_of, typed


def write(folder: Path, text: str) -> str:
    (folder / "policy.toml").write_text(text)
    return str(folder / "policy.toml")


def test_production_with_something_missing_serves_nobody_and_makes_no_key(tmp_path: Path) -> None:
    policy = write(tmp_path, without(WHOLE, 'law = "the law of Germany"'))
    refused = darkroom(tmp_path, "talk", DARKROOM_POLICY=policy)

    assert refused.returncode == 2
    assert "policy.toml, line 33 (terms law): which law the terms follow is not said" in refused.stderr
    assert "DARKROOM_MASTER_KEY_FILE: that key lies in the data folder" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not list(tmp_path.rglob("master_key"))


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    refused = darkroom(tmp_path, "talk", DARKROOM_POLICY=write(tmp_path, "controler = 1\n"))

    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "line 1 (controler)" in refused.stderr


def test_a_trial_serves_and_doctor_says_what_production_would_refuse(tmp_path: Path) -> None:
    policy = write(tmp_path, WHOLE.replace("production = true", "production = false"))
    talked = darkroom(tmp_path, "talk", "--json", said="/privacy\n", DARKROOM_POLICY=policy)
    examined = darkroom(tmp_path, "doctor", "--json", DARKROOM_POLICY=policy)

    assert talked.returncode == 0
    assert "This is a trial" in json.loads(talked.stdout.splitlines()[0])["text"]
    assert json.loads(examined.stdout)["production"].startswith("this is a trial, and production would refuse it: ")
    assert "DARKROOM_KEYS_URL" in json.loads(examined.stdout)["production"]


def test_a_report_needs_no_store(tmp_path: Path) -> None:
    told = typed(settings_of(tmp_path), "policy", "report", "--profile", "im-generator", "--json")

    assert told.returncode == 0
    assert len(json.loads(told.stdout)) == 62
    assert typed(settings_of(tmp_path), "policy", "report", "--profile", "nobody").returncode == 2
    assert not (tmp_path / "data").exists()
