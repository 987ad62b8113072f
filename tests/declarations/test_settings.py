"""Settings are declared once; the README's table and .env.example say the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bots.settings import PREFIX, BadSettings, Settings, load_settings

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(PREFIX + name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


def test_the_readme_has_a_row_for_every_setting() -> None:
    rows = dict(re.findall(r"^\| `(DARKROOM_\w+)` \| .*? \| (.*?) \|$", (ROOT / "README.md").read_text(), re.M))

    assert rows == {PREFIX + name.upper(): field.description for name, field in Settings.model_fields.items()}


def test_the_example_file_shows_every_setting_with_its_default() -> None:
    shown = dict(re.findall(r"^# (DARKROOM_\w+)=(.*)$", (ROOT / ".env.example").read_text(), re.M))
    defaults = {PREFIX + name.upper(): field.default for name, field in Settings.model_fields.items()}

    assert shown == {name: "" if default is None else str(default) for name, default in defaults.items()}


def test_an_unknown_setting_is_refused_with_its_nearest_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DARKROOM_MODLE", "flat")

    with pytest.raises(
        BadSettings, match=r"DARKROOM_MODLE is not a setting of Darkroom: did you mean DARKROOM_MODEL\?"
    ):
        load_settings()


def test_an_unknown_setting_in_the_env_file_is_refused_too(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("# a comment\nDARKROOM_COLOUR=blue\n")

    with pytest.raises(
        BadSettings, match=r"DARKROOM_COLOUR is not a setting of Darkroom: README\.md lists every setting\."
    ):
        load_settings()


def test_a_malformed_setting_is_named_with_its_help_and_without_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DARKROOM_OPEN_JOBS", "secret-plenty")

    with pytest.raises(BadSettings) as refused:
        load_settings()

    assert str(refused.value).startswith("DARKROOM_OPEN_JOBS cannot be used")
    assert "How many requests" in str(refused.value)
    assert "secret-plenty" not in str(refused.value)


def test_the_env_file_counts_and_variables_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("DARKROOM_MODEL=flat\nDARKROOM_OPEN_JOBS=7\n")
    monkeypatch.setenv("DARKROOM_OPEN_JOBS", "8")

    assert (load_settings().model, load_settings().open_jobs) == ("flat", 8)
