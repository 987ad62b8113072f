"""The benchmarks run. What they measure is nobody's business here: no figure is looked at."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderKL

from benchmarks import drawing, gpu
from benchmarks.random_models import MODELS

#: Millions of weights in the denoiser and in the decoder, as published.
PUBLISHED = {
    "sdxl-turbo": (2567.5, 83.7),
    "sd15": (859.5, 83.7),
    "flux-schnell": (11891.2, 83.8),
    "sdxl": (2567.5, 83.7),
    "z-image-turbo": (6154.9, 83.8),
}


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


@pytest.mark.products
def test_every_model_of_the_card_gets_its_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = tmp_path / "figures.json"
    ended = gpu.main(["--tiny", "--no-compile", "--batches", "1", "2", "--seconds", "0", "--json", str(written)])
    table = [cells(line) for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    rows = json.loads(written.read_text())["rows"]

    assert ended == 0
    assert table[0] == list(gpu.HEADINGS)
    assert {len(row) for row in table} == {len(gpu.HEADINGS)}
    assert [(row[0], row[3], row[4]) for row in table[2:]] == [
        (model, "eager", batch) for model in MODELS for batch in "12"
    ]
    assert [(row["model"], row["batch"]) for row in rows] == [(row[0], int(row[4])) for row in table[2:]]
    assert all(row["seconds"] > 0 and row["step"] > 0 and row["tflop"] > 0 and not row["trouble"] for row in rows)


def test_the_rows_that_matter_most_come_first() -> None:
    planned = list(gpu.plan(["one", "other"], [1, 2, 4, 8], compiled=True))

    assert [cell.batch for cell in planned if cell.model == "one"] == [1, 2, 4, 8, 1, 8, 2, 4]
    assert [cell.compiled for cell in planned] == [False] * 8 + [True] * 8
    assert [cell.model for cell in planned[8:12]] == ["one", "one", "other", "other"]


def test_a_row_that_fails_says_why_and_the_others_are_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_memory(*_: object) -> None:
        raise torch.OutOfMemoryError("no | memory\nat all")

    monkeypatch.setattr(gpu, "compile_", no_memory)
    gpu.main(["--tiny", "--models", "flux-schnell", "--batches", "1", "--seconds", "0"])
    eager, compiled = [cells(line) for line in capsys.readouterr().out.splitlines() if line.startswith("|")][2:]

    assert (eager[3], compiled[3:6]) == ("eager", ["compiled", "1", "OutOfMemoryError: no / memory"])


def test_without_a_card_there_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)

    assert gpu.main([]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err) == (
        "",
        "torch finds no graphics card here; --tiny shows on any machine that this runs.\n",
    )


@pytest.mark.parametrize("name", MODELS)
def test_the_models_of_the_card_are_of_their_published_size(name: str) -> None:
    model = MODELS[name]
    with torch.device("meta"):
        parts = model.denoiser(**model.full.denoiser), AutoencoderKL(**model.full.decoder)

    assert [round(sum(weights.numel() for weights in part.parameters()) / 1e6, 1) for part in parts] == list(
        PUBLISHED[name]
    )


@pytest.mark.products
def test_what_drawing_costs_is_measured_in_all_its_parts(capsys: pytest.CaptureFixture[str]) -> None:
    drawing.main(["--quick"])
    said = capsys.readouterr().out

    for title in (
        "ms a picture",
        "ms from drawn to kept",
        "seconds to load",
        "at once",
        "around the denoiser",
        "taken back",
    ):
        assert title in said
