"""Fetching weights from a hub on the loopback by the real client: whole, verified, and going on where it was cut off."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import save

from inference.entries import Entry
from inference.fetched import LOCK, PARTS, examine, read_lock, verify
from inference.fetching import Hub, Unfetchable, fetch
from tests.models import hub as loopback
from tests.models.conftest import entry
from tests.typed import DARKROOM, typed

COMMIT, NEWER = "a" * 40, "b" * 40
UNET = "unet/diffusion_pytorch_model.safetensors"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[loopback.Hub]:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    with loopback.serving() as served:
        yield served


@pytest.fixture
def published(hub: loopback.Hub, weights: Callable[[str], Path], tmp_path: Path) -> loopback.Repository:
    """A repository as publishers leave them: several precisions, pickles, a readme and programs beside what is wanted."""
    folder = tmp_path / "published"
    shutil.copytree(weights("sd1"), folder)
    for name in (
        "README.md",
        "weights.ckpt",
        "unet/diffusion_pytorch_model.bin",
        "unet/diffusion_pytorch_model.fp16.safetensors",
        "unet/diffusion_pytorch_model.non_ema.safetensors",
        "text_encoder/pytorch_model.bin",
        "safety_checker/model.safetensors",
        "unet/convert.py",
        "vae/.hidden",
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"not wanted")
    return hub.holds("maker/tiny", folder, COMMIT)


def tiny(**more: object) -> Entry:
    return entry("sd1", "tiny", **{"repo": "maker/tiny", "revision": COMMIT, **more})


def refused(model: Entry, folder: Path, address: str, revision: str = "", token: str | None = None) -> str:
    with pytest.raises(Unfetchable) as trouble:
        fetch(model, folder, Hub(address, token), revision)
    sentence = str(trouble.value)
    assert sentence.startswith("tiny")
    assert "\n" not in sentence
    return sentence


def test_it_brings_what_is_loaded_and_nothing_else(
    hub: loopback.Hub, published: loopback.Repository, weights: Callable[[str], Path], tmp_path: Path
) -> None:
    lock = fetch(tiny(), tmp_path / "tiny", Hub(hub.address))
    wanted = {path.relative_to(weights("sd1")).as_posix() for path in weights("sd1").rglob("*") if path.is_file()}

    assert set(lock.files) == wanted
    assert {
        path.relative_to(tmp_path / "tiny").as_posix() for path in (tmp_path / "tiny").rglob("*") if path.is_file()
    } == {
        *wanted,
        LOCK,
    }
    assert read_lock(tmp_path / "tiny") == lock
    assert (lock.repo, lock.revision) == ("maker/tiny", COMMIT)
    examine(tiny(), tmp_path / "tiny")
    verify(tiny(), tmp_path / "tiny", thorough=True)


def test_without_a_pinned_revision_the_newest_is_recorded_and_kept(
    hub: loopback.Hub, published: loopback.Repository, tmp_path: Path
) -> None:
    model, folder = tiny(revision=""), tmp_path / "tiny"
    assert fetch(model, folder, Hub(hub.address)).revision == COMMIT

    published.commits |= {"main": NEWER, NEWER: NEWER}
    assert fetch(model, folder, Hub(hub.address)).revision == COMMIT
    assert fetch(model, folder, Hub(hub.address), NEWER).revision == NEWER


def test_another_commit_takes_the_place_of_the_old_one(
    hub: loopback.Hub, published: loopback.Repository, tmp_path: Path
) -> None:
    model, folder = tiny(revision=""), tmp_path / "tiny"
    fetch(model, folder, Hub(hub.address))
    published.commits |= {NEWER: NEWER}
    published.files["vae/config.json"] += b"\n"
    published.files["vae/extra.json"] = b"{}"
    del published.files["scheduler/scheduler_config.json"]
    published.files["scheduler/other.json"] = b"{}"
    lock = fetch(model, folder, Hub(hub.address), NEWER)

    assert (folder / "vae" / "config.json").read_bytes() == published.files["vae/config.json"]
    assert not (folder / "scheduler" / "scheduler_config.json").exists()
    assert {"vae/extra.json", "scheduler/other.json"} <= set(lock.files)
    examine(model, folder)


def test_a_revision_that_the_catalogue_does_not_pin_is_refused(hub: loopback.Hub, tmp_path: Path) -> None:
    said = refused(tiny(), tmp_path / "tiny", hub.address, NEWER)

    assert said == (
        f"tiny: the catalogue pins revision {COMMIT}, so {NEWER} is not fetched: "
        "write it into your DARKROOM_MODELS_FILE first."
    )
    assert hub.asked == []


def test_an_unknown_revision_is_said(hub: loopback.Hub, published: loopback.Repository, tmp_path: Path) -> None:
    said = refused(tiny(revision=""), tmp_path / "tiny", hub.address, "v9")

    assert said == f"tiny: {hub.address}/maker/tiny has no revision v9."


def test_an_unknown_repository_is_said(hub: loopback.Hub, tmp_path: Path) -> None:
    said = refused(tiny(), tmp_path / "tiny", hub.address)

    assert said == f"tiny: there is no {hub.address}/maker/tiny, or it wants a token that may read it."


def test_a_gated_one_wants_its_terms_accepted_and_a_token(
    hub: loopback.Hub, published: loopback.Repository, tmp_path: Path
) -> None:
    published.gated = True
    without = refused(tiny(), tmp_path / "tiny", hub.address)
    wrong = refused(tiny(), tmp_path / "tiny", hub.address, token="hub-other")

    assert without == (
        f"tiny is gated: accept its terms on {hub.address}/maker/tiny; "
        "set DARKROOM_HUB_TOKEN to a token of an account that may read it."
    )
    assert wrong == f"tiny is gated: accept its terms on {hub.address}/maker/tiny; your token may not read it yet."
    assert fetch(tiny(), tmp_path / "tiny", Hub(hub.address, hub.token)).revision == COMMIT


def test_a_token_goes_to_the_hub_alone(hub: loopback.Hub, published: loopback.Repository, tmp_path: Path) -> None:
    published.gated = hub.elsewhere = True
    fetch(tiny(), tmp_path / "tiny", Hub(hub.address, hub.token))
    tokens = {one.host: one.token for one in hub.asked}

    assert tokens == {"127.0.0.1": hub.token, "localhost": ""}
    verify(tiny(), tmp_path / "tiny", thorough=True)


def test_weights_that_are_only_pickles_are_not_fetched(
    hub: loopback.Hub, published: loopback.Repository, tmp_path: Path
) -> None:
    for name in [name for name in published.files if name.startswith("unet/") and name.endswith(".safetensors")]:
        del published.files[name]
    said = refused(tiny(), tmp_path / "tiny", hub.address)

    assert "maker/tiny has unet only as diffusion_pytorch_model.bin, and only safetensors are loaded" in said
    assert not [one for one in hub.asked if one.path.endswith(".bin")]
    assert read_lock(tmp_path / "tiny") is None


def test_a_pickle_that_calls_itself_safetensors_is_thrown_away(
    hub: loopback.Hub, published: loopback.Repository, tmp_path: Path
) -> None:
    published.files[UNET] = b"\x80\x04\x95" + b"x" * 50
    said = refused(tiny(), tmp_path / "tiny", hub.address)

    assert "diffusion_pytorch_model.safetensors is a pickle under another name" in said
    assert not (tmp_path / "tiny" / UNET).exists()


def test_a_pipeline_with_code_of_its_own_is_not_fetched(
    hub: loopback.Hub, published: loopback.Repository, tmp_path: Path
) -> None:
    told = json.loads(published.files["model_index.json"])
    published.files["model_index.json"] = json.dumps({**told, "unet": ["my_unet", "Net"]}).encode()

    assert "its part unet comes with code of its own (my_unet)" in refused(tiny(), tmp_path / "tiny", hub.address)


def test_what_is_no_pipeline_is_said(hub: loopback.Hub, published: loopback.Repository, tmp_path: Path) -> None:
    del published.files["model_index.json"]

    assert "maker/tiny has no model_index.json" in refused(tiny(), tmp_path / "tiny", hub.address)


@pytest.mark.parametrize("name", [UNET, "vae/config.json"])
def test_a_damaged_file_is_thrown_away_and_said(
    hub: loopback.Hub, published: loopback.Repository, tmp_path: Path, name: str
) -> None:
    hub.corrupt = {name}
    said = refused(tiny(), tmp_path / "tiny", hub.address)
    assert said == f"tiny: {name} came damaged and was thrown away: fetch it again."
    assert not (tmp_path / "tiny" / name).exists()
    assert not list((tmp_path / "tiny" / PARTS).iterdir())

    hub.corrupt = set()
    fetch(tiny(), tmp_path / "tiny", Hub(hub.address))
    verify(tiny(), tmp_path / "tiny", thorough=True)


def test_a_file_that_was_damaged_on_disk_is_mended_and_the_others_stay(
    hub: loopback.Hub, published: loopback.Repository, tmp_path: Path
) -> None:
    fetch(tiny(), tmp_path / "tiny", Hub(hub.address))
    (tmp_path / "tiny" / UNET).write_bytes(b"something else")
    hub.asked.clear()
    fetch(tiny(), tmp_path / "tiny", Hub(hub.address))

    assert [one.path.rpartition("/resolve/")[2] for one in hub.asked if "/resolve/" in one.path] == [f"{COMMIT}/{UNET}"]


def test_a_hub_that_is_down_or_away_is_said(hub: loopback.Hub, published: loopback.Repository, tmp_path: Path) -> None:
    hub.down = 500
    assert refused(tiny(), tmp_path / "tiny", hub.address) == (
        f"tiny: {hub.address} answers with status 500. What came is kept: fetch it again to go on."
    )
    assert "cannot be reached (ConnectError)" in refused(tiny(), tmp_path / "tiny", "http://127.0.0.1:1")


def test_a_full_disk_is_said_before_anything_comes(
    hub: loopback.Hub, published: loopback.Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inference.fetching.shutil.disk_usage", lambda _: type("Free", (), {"free": 1000}))

    assert "GB are to come and" in refused(tiny(), tmp_path / "tiny", hub.address)
    assert not [one for one in hub.asked if one.path.endswith(UNET)]


def test_a_model_in_a_folder_is_not_fetched(hub: loopback.Hub, tmp_path: Path) -> None:
    model = entry("sd1", "tiny", folder=tmp_path)

    assert refused(model, tmp_path, hub.address) == f"tiny lies in {tmp_path}: there is nothing to fetch."


def test_it_tells_how_much_of_each_file_came(hub: loopback.Hub, published: loopback.Repository, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    fetch(tiny(), tmp_path / "tiny", Hub(hub.address), tell=lambda *state: told.append(state))
    last = {name: (came, has) for name, came, has in told}

    assert last[UNET] == (len(published.files[UNET]),) * 2
    assert all(came == has for came, has in last.values())


# Through the command, as an operator does it


@pytest.fixture
def settings(hub: loopback.Hub, tmp_path: Path) -> dict[str, str]:
    mine = tmp_path / "mine.toml"
    mine.write_text(
        '[tiny]\ntitle = "Tiny"\nfamily = "sd1"\nrepo = "maker/tiny"\nlicence = "Tiny Community License"\n'
        'commercial_use = "no"\nmemory = 0.1\nprice = 1\n'
        "sizes = { square = [64, 64], portrait = [64, 96], landscape = [96, 64] }\n"
        "steps = { low = 1, high = 8, default = 2 }\nguidance = { low = 0, high = 8, default = 4 }\n"
    )
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "DARKROOM_DATA": str(tmp_path / "data"),
        "DARKROOM_MODELS_FILE": str(mine),
        "DARKROOM_HUB": hub.address,
    }


def command(*arguments: str) -> list[str]:
    return [*DARKROOM, "models", *arguments]


def run(settings: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return typed(settings, "models", *arguments)


def test_the_command_says_the_licence_first_and_records_what_came(
    hub: loopback.Hub, published: loopback.Repository, settings: dict[str, str], tmp_path: Path
) -> None:
    published.gated = True
    shut = run(settings, "fetch", "tiny")
    token = tmp_path / "token"
    token.write_text(f"{hub.token}\n")
    opened = run({**settings, "DARKROOM_HUB_TOKEN_FILE": str(token)}, "fetch", "tiny", "--json")

    assert (shut.returncode, shut.stdout) == (2, "")
    assert shut.stderr.splitlines() == [
        "Tiny: licence Tiny Community License. Commercial use: no.",
        "Its licence restricts commercial use: see to it that yours is allowed.",
        f"tiny is gated: accept its terms on {hub.address}/maker/tiny; "
        "set DARKROOM_HUB_TOKEN to a token of an account that may read it.",
    ]
    assert opened.returncode == 0, opened.stderr
    assert json.loads(opened.stdout)["revision"] == COMMIT
    assert hub.token not in opened.stdout + opened.stderr
    assert (
        run(settings, "check", "tiny").stdout
        == f"tiny: all {len(read_lock_of(settings))} files are what was fetched.\n"
    )


def read_lock_of(settings: dict[str, str]) -> dict[str, object]:
    lock = read_lock(Path(settings["DARKROOM_DATA"]) / "models" / "tiny")
    assert lock is not None
    return dict(lock.files)


def test_killed_in_the_middle_it_goes_on_from_there(
    hub: loopback.Hub, published: loopback.Repository, settings: dict[str, str]
) -> None:
    published.files[UNET] = save({"x": torch.zeros(6_000_000)})  # the client writes 10 MiB at a time
    hub.slow = sent = len(published.files[UNET]) // 2
    fetching = subprocess.Popen(
        command("fetch", "tiny"),
        env={**settings, "PYTHONPATH": os.getcwd()},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    parts = Path(settings["DARKROOM_DATA"]) / "models" / "tiny" / PARTS
    sha = hashlib.sha256(published.files[UNET]).hexdigest()
    until = time.monotonic() + 30
    while not any(part.stat().st_size for part in parts.glob(f"{sha}*")) and time.monotonic() < until:
        time.sleep(0.02)
    fetching.send_signal(signal.SIGKILL)
    fetching.communicate()
    [cut] = [part for part in parts.glob("*") if part.stat().st_size]
    came, before = cut.stat().st_size, [one.path for one in hub.asked if "/resolve/" in one.path]
    hub.slow = None
    hub.asked.clear()
    resumed = run(settings, "fetch", "tiny")

    assert resumed.returncode == 0, resumed.stderr
    assert 0 < came <= sent
    first = next(one for one in hub.asked if "/resolve/" in one.path)
    assert first.range == f"bytes={came}-"
    assert first.path == before[-1]
    assert not set(before[:-1]) & {one.path for one in hub.asked if "/resolve/" in one.path}
    assert run(settings, "check", "tiny").returncode == 0


def test_check_refuses_what_is_not_what_was_fetched(
    hub: loopback.Hub, published: loopback.Repository, settings: dict[str, str]
) -> None:
    assert run(settings, "fetch", "tiny").returncode == 0
    file = Path(settings["DARKROOM_DATA"]) / "models" / "tiny" / UNET
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    checked = run(settings, "check", "tiny")

    assert (checked.returncode, checked.stdout) == (2, "")
    assert checked.stderr == f"tiny: {UNET} is not the file that was fetched: `darkroom models fetch tiny` mends it.\n"


def test_the_list_tells_what_each_model_is_and_whether_it_is_here(
    hub: loopback.Hub, published: loopback.Repository, settings: dict[str, str]
) -> None:
    assert run(settings, "fetch", "tiny").returncode == 0
    listed = run(settings, "list", "--json")
    models = {model["name"]: model for model in json.loads(listed.stdout)}

    assert listed.returncode == 0
    assert models["tiny"] | {"steps": 0, "guidance": 0} == {
        "name": "tiny",
        "title": "Tiny",
        "family": "sd1",
        "licence": "Tiny Community License",
        "commercial_use": "no",
        "gated": False,
        "sizes": {"square": [64, 64], "portrait": [64, 96], "landscape": [96, 64]},
        "steps": 0,
        "guidance": 0,
        "memory": 100_000_000,
        "price": 1.0,
        "repo": "maker/tiny",
        "revision": COMMIT,
        "fetched": True,
        "state": "yes",
    }
    assert (models["sdxl"]["fetched"], models["starter"]["fetched"], "flat" in models) == (False, True, False)
    assert "tiny" in run(settings, "list").stdout


def test_a_name_of_no_model_and_a_broken_catalogue_are_one_sentence(settings: dict[str, str]) -> None:
    unknown = run(settings, "fetch", "nothing")
    mine = Path(settings["DARKROOM_MODELS_FILE"])
    mine.write_text("[tiny]\ncolour = 1\n")
    broken = run(settings, "list")

    assert (unknown.returncode, unknown.stderr) == (
        2,
        "nothing is no model of the catalogue: `darkroom models list` shows them.\n",
    )
    assert (broken.returncode, broken.stderr.count("\n")) == (2, 1)
    assert broken.stderr.startswith(f"{mine}: tiny: ")
