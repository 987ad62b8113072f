"""The benchmark of the turns runs. What it measures is nobody's business here: no figure is looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import turns


def test_it_measures_choices_and_what_is_sent_out_for_each_number_of_people(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    turns.main(["--people", "10", "200", "--repeats", "3", "--folder", str(tmp_path)])
    said = capsys.readouterr().out

    for words in ("all in one server", "ten in each server", "choose and send out", "compare everything", "The goal"):
        assert words in said
