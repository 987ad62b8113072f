"""What may be loaded: each reason against it is one sentence that says what to do."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from inference.drawing import Pipelines
from inference.entries import Entry
from inference.fetched import (
    LOCK,
    Altered,
    File,
    Forbidden,
    Lock,
    NotFetched,
    TooLittleMemory,
    Unusable,
    WrongRevision,
    examine,
    sha256,
    verify,
)
from inference.loading import load
from inference.memory import Machine, Place, place
from inference.models import Catalogue
from inference.stock import Stock
from tests.models.conftest import Watched, entry, wish

COMMIT, OTHER = "a" * 40, "b" * 40
ENOUGH = Machine("cpu", 10**12, 10**12)


@pytest.fixture
def fetched(weights: Callable[[str], Path], tmp_path: Path) -> tuple[Entry, Path]:
    """A model as `darkroom models fetch` leaves it, and its folder."""
    model, folder = entry("sd1", "tiny", repo="maker/tiny", revision=COMMIT), tmp_path / "models" / "tiny"
    shutil.copytree(weights("sd1"), folder)
    lock(folder)
    return model, folder


def lock(folder: Path, repo: str = "maker/tiny", revision: str = COMMIT) -> None:
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and path.name != LOCK]
    Lock(repo, revision, {name: File((folder / name).stat().st_size, sha256(folder / name)) for name in names}).write(
        folder
    )


def refused(model: Entry, folder: Path, kind: type[Unusable]) -> str:
    with pytest.raises(kind) as trouble:
        load(model, folder, ENOUGH, Place(whole=True, size=0))
    sentence = str(trouble.value)
    assert model.name in sentence
    assert "\n" not in sentence
    assert sentence.endswith(".")
    return sentence


def test_what_was_fetched_loads_and_draws(fetched: tuple[Entry, Path], tmp_path: Path) -> None:
    model, _ = fetched
    engine = Pipelines({model.name: model}, Stock(models=tmp_path / "models"))

    assert len(engine.draw([wish("tiny")], Watched())) == 1
    assert {part.dtype for part in engine.residents.get("tiny").pipe.unet.parameters()} == {torch.float32}


def test_a_model_that_was_never_fetched_says_how_to_fetch_it(tmp_path: Path) -> None:
    said = refused(entry("sd1", "tiny", repo="maker/tiny", revision=COMMIT), tmp_path / "tiny", NotFetched)

    assert said == "tiny is not on this machine: fetch it with `darkroom models fetch tiny`."


def test_a_gated_one_says_that_its_terms_want_accepting(tmp_path: Path) -> None:
    model = entry("sd1", "tiny", repo="maker/tiny", revision=COMMIT, gated=True)

    assert "Its hub wants its terms accepted first, on the page of maker/tiny, and a token." in refused(
        model, tmp_path / "tiny", NotFetched
    )


def test_one_without_a_pinned_revision_says_how_to_pin_it(tmp_path: Path) -> None:
    said = refused(entry("sd1", "tiny", repo="maker/tiny"), tmp_path / "tiny", NotFetched)

    assert said.endswith("No revision of it is pinned: `darkroom models fetch tiny --revision COMMIT` records one.")


def test_a_fetch_that_was_cut_off_is_said(fetched: tuple[Entry, Path]) -> None:
    model, folder = fetched
    (folder / LOCK).unlink()

    assert "was not fetched to its end: `darkroom models fetch tiny` goes on" in refused(model, folder, NotFetched)


def test_another_revision_is_refused(fetched: tuple[Entry, Path]) -> None:
    model, folder = fetched

    said = refused(model.model_copy(update={"revision": OTHER}), folder, WrongRevision)
    assert f"holds revision {COMMIT}, and the catalogue pins {OTHER}" in said


def test_another_repository_is_refused(fetched: tuple[Entry, Path]) -> None:
    model, folder = fetched

    assert "holds maker/tiny, and the catalogue names other/tiny" in refused(
        model.model_copy(update={"repo": "other/tiny"}), folder, WrongRevision
    )


def test_a_file_with_one_bit_changed_is_refused(fetched: tuple[Entry, Path]) -> None:
    model, folder = fetched
    file = folder / "unet" / "diffusion_pytorch_model.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)

    examine(model, folder)
    assert "unet/diffusion_pytorch_model.safetensors is not the file that was fetched" in refused(
        model, folder, Altered
    )


def test_a_missing_or_shortened_file_is_refused_at_a_glance(fetched: tuple[Entry, Path]) -> None:
    model, folder = fetched
    file = folder / "vae" / "config.json"
    file.write_bytes(file.read_bytes()[:-1])
    assert "vae/config.json has " in refused(model, folder, Altered)

    file.unlink()
    assert "vae/config.json is missing: `darkroom models fetch tiny` mends it" in refused(model, folder, Altered)


def test_a_file_that_was_not_fetched_is_refused(fetched: tuple[Entry, Path]) -> None:
    model, folder = fetched
    (folder / "unet" / "extra.json").write_text("{}")

    assert "unet/extra.json was not fetched with it" in refused(model, folder, Altered)


def test_a_broken_lock_is_said(fetched: tuple[Entry, Path]) -> None:
    model, folder = fetched
    (folder / LOCK).write_text('{"files": 3}')

    with pytest.raises(Altered, match="cannot be read: fetch the model again"):
        examine(model, folder)


class Bomb:
    """Runs when it is unpickled."""

    def __reduce__(self) -> tuple[Callable[..., None], tuple[str]]:
        return (exec, ("raise SystemExit('unpickled')",))


@pytest.mark.parametrize("name", ["diffusion_pytorch_model.bin", "model.ckpt", "weights.pt", "old.PTH", "x.pkl"])
def test_a_pickle_is_refused_by_its_name(weights: Callable[[str], Path], tmp_path: Path, name: str) -> None:
    folder = tmp_path / "tiny"
    shutil.copytree(weights("sd1"), folder)
    (folder / "unet" / name).write_bytes(pickle.dumps(Bomb()))

    assert f"it holds unet/{name}, a format that may run code" in refused(
        entry("sd1", "tiny", folder=folder), folder, Forbidden
    )


def test_a_pickle_under_another_name_is_refused_by_what_it_holds(
    weights: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = tmp_path / "tiny"
    shutil.copytree(weights("sd1"), folder)
    model, file = entry("sd1", "tiny", folder=folder), folder / "unet" / "diffusion_pytorch_model.safetensors"

    file.write_bytes(pickle.dumps(Bomb()))
    assert "diffusion_pytorch_model.safetensors is a pickle under another name" in refused(model, folder, Forbidden)

    with zipfile.ZipFile(file, "w") as archive:  # as torch.save writes it
        archive.writestr("archive/data.pkl", pickle.dumps(Bomb()))
    assert "is a pickle under another name" in refused(model, folder, Forbidden)


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 7, b"\xff" * 64, b"\x10" + b"\0" * 7 + b"not a header at", b"\2" + b"\0" * 7 + b"[]"]
)
def test_what_is_no_safetensors_file_is_refused(weights: Callable[[str], Path], tmp_path: Path, content: bytes) -> None:
    folder = tmp_path / "tiny"
    shutil.copytree(weights("sd1"), folder)
    (folder / "vae" / "diffusion_pytorch_model.safetensors").write_bytes(content)

    assert "is no safetensors file" in refused(entry("sd1", "tiny", folder=folder), folder, Forbidden)


def test_shards_are_safetensors_files_beside_their_index(weights: Callable[[str], Path], tmp_path: Path) -> None:
    folder = tmp_path / "tiny"
    shutil.copytree(weights("sd1"), folder)
    part = folder / "unet"
    tensors = load_file(part / "diffusion_pytorch_model.safetensors")
    (part / "diffusion_pytorch_model.safetensors").unlink()
    names = {
        name: f"diffusion_pytorch_model-0000{1 + place % 2}-of-00002.safetensors" for place, name in enumerate(tensors)
    }
    for shard in set(names.values()):
        save_file({name: tensors[name] for name in tensors if names[name] == shard}, part / shard)
    index, model = part / "diffusion_pytorch_model.safetensors.index.json", entry("sd1", "tiny", folder=folder)

    index.write_text(json.dumps({"metadata": {"total_size": 1}, "weight_map": names}))
    assert load(model, folder, ENOUGH, Place(whole=True, size=0)).unet is not None

    index.write_text(json.dumps({"weight_map": {**names, "x": "../../evil.bin"}}))
    assert "names ../../evil.bin, which is no safetensors file beside it" in refused(model, folder, Forbidden)


def test_code_of_its_own_is_refused(weights: Callable[[str], Path], tmp_path: Path) -> None:
    folder = tmp_path / "tiny"
    shutil.copytree(weights("sd1"), folder)
    model, index = entry("sd1", "tiny", folder=folder), folder / "model_index.json"
    told = json.loads(index.read_text())

    (folder / "pipeline.py").write_text("raise SystemExit('ran')")
    assert "it holds pipeline.py, a program" in refused(model, folder, Forbidden)
    (folder / "pipeline.py").unlink()

    index.write_text(json.dumps({**told, "unet": ["my_unet", "MyUNet"]}))
    assert "its part unet comes with code of its own (my_unet)" in refused(model, folder, Forbidden)

    index.write_text(json.dumps({**told, "_class_name": "FluxPipeline"}))
    assert "it is made for FluxPipeline, and sd1 models are drawn by StableDiffusionPipeline" in refused(
        model, folder, Forbidden
    )

    index.write_text("[]")
    assert "its model_index.json cannot be read" in refused(model, folder, Forbidden)


def test_a_folder_of_ones_own_needs_no_lock_and_must_be_whole(weights: Callable[[str], Path], tmp_path: Path) -> None:
    folder = tmp_path / "tiny"
    model = entry("sd1", "tiny", folder=folder)
    assert f"its folder {folder} does not exist" in refused(model, folder, NotFetched)

    shutil.copytree(weights("sd1"), folder)
    examine(model, folder)
    (folder / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    assert "cannot be loaded" in refused(model, folder, Altered)

    shutil.rmtree(folder / "unet")
    assert "unet is missing: put it back" in refused(model, folder, Altered)


def test_a_file_is_hashed_again_only_when_it_was_written(
    fetched: tuple[Entry, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    model, folder = fetched
    verify(model, folder)
    monkeypatch.setattr("inference.fetched.sha256", lambda *_: "read again")

    verify(model, folder)
    (folder / "vae" / "config.json").touch()
    with pytest.raises(Altered, match=r"vae/config\.json is not the file"):
        verify(model, folder)


def test_checking_reads_every_file_again(fetched: tuple[Entry, Path]) -> None:
    model, folder = fetched
    verify(model, folder)
    config, state = folder / "vae" / "config.json", (folder / "vae" / "config.json").stat()
    config.write_text(config.read_text().replace("3", "4", 1))
    os.utime(config, ns=(state.st_atime_ns, state.st_mtime_ns))

    verify(model, folder)  # its size and its time are what they were
    with pytest.raises(Altered, match=r"vae/config\.json is not the file"):
        verify(model, folder, thorough=True)


def test_memory_is_looked_at_before_anything_is_loaded(
    weights: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inference.drawing.load", lambda *_: pytest.fail("it was loaded"))
    small, big = entry("sd1", "small", folder=weights("sd1")), entry("sd1", "big", folder=weights("sd1"), memory=500)

    with pytest.raises(TooLittleMemory) as trouble:
        Pipelines({"small": small, "big": big}, Stock(memory=2))

    assert str(trouble.value) == (
        "big needs 1000.0 GB of memory on cpu, and models may take 2.0: choose a smaller model, "
        "or give more with DARKROOM_MEMORY or another DARKROOM_DEVICE."
    )


@pytest.mark.parametrize(
    ("machine", "expected"),
    [
        pytest.param(Machine("cuda", 10**9, 10**12), Place(whole=True, size=100_000_000), id="fits the device"),
        pytest.param(Machine("cuda", 99_990_000, 10**12), None, id="part by part"),
        pytest.param(Machine("cuda", 1_000_000, 10**12), TooLittleMemory, id="even the largest part does not"),
        pytest.param(Machine("cuda", 99_990_000, 1_000), TooLittleMemory, id="no RAM to wait in"),
        pytest.param(
            Machine("cpu", 199_990_000, 10**12), TooLittleMemory, id="numbers take twice the room on a processor"
        ),
        pytest.param(Machine("cpu", 200_000_000, 10**12), Place(whole=True, size=200_000_000), id="fits the processor"),
    ],
)
def test_a_model_goes_where_it_fits(
    weights: Callable[[str], Path], machine: Machine, expected: Place | type[TooLittleMemory] | None
) -> None:
    model = entry("sd1", folder=weights("sd1"))
    if isinstance(expected, type):
        with pytest.raises(expected):
            place(model, weights("sd1"), machine)
        return
    found = place(model, weights("sd1"), machine)

    assert found == expected if expected else (not found.whole and found.size < 100_000_000)


def test_graphics_cards_draw_in_two_bytes_a_number_and_processors_in_four() -> None:
    assert (Machine("cuda", 0, 0).dtype, Machine("cpu", 0, 0).dtype) == ("bfloat16", "float32")


def test_an_absent_device_is_said(weights: Callable[[str], Path]) -> None:
    model = entry("sd1", folder=weights("sd1"))

    with pytest.raises(Unusable, match="DARKROOM_DEVICE is mps, and torch finds no such device here"):
        Pipelines({model.name: model}, Stock(device="mps"))


def test_the_catalogue_tells_the_troubles_of_what_it_serves(fetched: tuple[Entry, Path], tmp_path: Path) -> None:
    model, _ = fetched
    absent = entry("flux1", "absent", repo="maker/absent", revision=COMMIT)
    served = Catalogue(
        (model.listed(), absent.listed()), (), {"tiny": model, "absent": absent}, Stock(tmp_path / "models")
    )

    assert served.troubles() == {
        "tiny": "",
        "absent": "absent is not on this machine: fetch it with `darkroom models fetch absent`.",
    }
