"""What an operator sees of a model that cannot be drawn with: one sentence before anybody is served, and in `doctor`."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from tests.typed import DARKROOM

ABSENT = "sdxl is not on this machine: fetch it with `darkroom models fetch sdxl`."


def darkroom(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "DARKROOM_DATA": str(folder / "data"), **settings}
    return subprocess.run(
        [*DARKROOM, *arguments],
        env=environment,
        input="",
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_nobody_is_served_by_a_model_that_is_not_there(tmp_path: Path) -> None:
    refused = darkroom(tmp_path, "talk", DARKROOM_MODELS="sdxl")

    assert (refused.returncode, refused.stdout, refused.stderr) == (2, "", f"{ABSENT}\n")


def test_a_name_of_no_model_names_the_setting(tmp_path: Path) -> None:
    default, other = (
        darkroom(tmp_path, "talk", **{setting: "sdxxl"}) for setting in ("DARKROOM_MODEL", "DARKROOM_MODELS")
    )

    assert default.stderr == "DARKROOM_MODEL names no model of the catalogue: sdxxl.\n"
    assert other.stderr == "DARKROOM_MODELS names no model of the catalogue: sdxxl.\n"


def test_the_doctor_says_which_model_is_missing_and_which_lora_is_of_no_use(tmp_path: Path) -> None:
    loras = tmp_path / "loras"
    loras.mkdir()
    (loras / "old.ckpt").write_bytes(b"\x80\x04.")
    seen = darkroom(tmp_path, "doctor", "--json", DARKROOM_MODELS="sdxl", DARKROOM_LORAS_FOLDER=str(loras))
    findings = json.loads(seen.stdout)

    assert seen.returncode == 1
    assert findings["model starter"] == "ok"
    assert findings["model sdxl"] == ABSENT
    assert findings["LoRA old.ckpt"] == "is no .safetensors file"
    assert findings["worker"] == "not started, since it could not load what it is to draw with"


def test_the_doctor_repeats_what_the_worker_says(tmp_path: Path) -> None:
    seen = darkroom(tmp_path, "doctor", "--json", DARKROOM_MEMORY="0.1", DARKROOM_DEVICE="cpu")
    findings = json.loads(seen.stdout)

    assert seen.returncode == 1
    assert findings["model starter"] == "ok"
    assert findings["worker"].startswith("starter needs 0.2 GB of memory on cpu, and models may take 0.1: ")
