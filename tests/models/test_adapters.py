"""LoRAs: told apart by their headers, at work when they are asked for and gone afterwards."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from inference.adapters import find
from inference.drawing import BadAdapter
from inference.models import catalogue
from inference.stock import Stock
from tests.models.conftest import Easel, difference

NAMED = {
    "sd1": "stable-diffusion-v1/lora",
    "sdxl": "stable-diffusion-xl-v1-base/lora",
    "flux1": "flux-1-dev/lora",
    "zimage": "z-image-turbo/lora",
    "qwen": "qwen-image/lora",
    "sd35-medium": "stable-diffusion-3.5-medium/lora",
}


@pytest.fixture
def loras(easel: Callable[[str], Easel]) -> Iterator[Path]:
    """The folder all tiny models look into, empty again afterwards."""
    folder = easel("sd1").engine._stock.loras
    assert folder is not None
    yield folder
    model = easel("sd1")
    model.engine.residents.get(model.name)._adapt("", 1.0)
    shutil.rmtree(folder)
    folder.mkdir()


def make(pipe: Any, file: Path, **metadata: str) -> None:
    """A LoRA of random numbers for the model that draws in a pipeline."""
    part = "unet" if hasattr(pipe, "unet") else "transformer"
    chance = torch.Generator().manual_seed(1)
    tensors = {}
    for name, module in getattr(pipe, part).named_modules():
        if isinstance(module, torch.nn.Linear) and name.endswith(("to_k", "to_q", "to_v")):
            tensors[f"{part}.{name}.lora_A.weight"] = torch.randn(4, module.in_features, generator=chance)
            tensors[f"{part}.{name}.lora_B.weight"] = torch.randn(module.out_features, 4, generator=chance)
    save_file(tensors, file, metadata=metadata or None)


@pytest.mark.parametrize("family", sorted(NAMED))
def test_it_changes_the_picture_by_its_strength_and_is_gone_afterwards(
    easel: Callable[[str], Easel], loras: Path, family: str
) -> None:
    model = easel(family)
    make(model.pipe, loras / "mine.v1.safetensors", **{"modelspec.architecture": NAMED[family]})
    [before] = model.draw(model.wish())
    [full] = model.draw(model.wish(lora="mine.v1"))
    [none] = model.draw(model.wish(lora="mine.v1", lora_strength=0.0))
    [half] = model.draw(model.wish(lora="mine.v1", lora_strength=0.5))

    assert difference(before, full) > 0
    assert difference(full, half) > 0
    assert difference(before, none) <= 1
    assert model.draw(model.wish()) == [before]


def test_one_follows_the_other(easel: Callable[[str], Easel], loras: Path) -> None:
    model, name = easel("sd1"), {"ss_base_model_version": "sd_v1"}
    make(model.pipe, loras / "one.safetensors", **name)
    save_file({"unet.x.lora_A.weight": torch.zeros(4, 8)}, loras / "two.safetensors", metadata=name)
    [one] = model.draw(model.wish(lora="one"))
    with pytest.raises(BadAdapter):
        model.draw(model.wish(lora="two"))

    assert model.draw(model.wish(lora="one")) == [one]


def test_it_works_on_pictures_too(easel: Callable[[str], Easel], loras: Path) -> None:
    model = easel("sd1")
    make(model.pipe, loras / "mine.safetensors", ss_base_model_version="sd_v1")
    [start] = model.draw(model.wish())
    [plain], [changed] = (model.draw(model.wish(reference=start, strength=0.9, lora=lora)) for lora in ("", "mine"))

    assert difference(plain, changed) > 0


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("other", "The LoRA other is not made for sd1 models, of which tiny-sd1 is one."),
        ("nothing", "The LoRA nothing is not made for sd1 models, of which tiny-sd1 is one."),
        ("lying", "The LoRA lying does not fit tiny-sd1: its parts are not those of the model."),
        ("empty", "The LoRA empty does not fit tiny-sd1: its parts are not those of the model."),
    ],
)
def test_one_that_does_not_fit_is_refused_in_a_sentence(
    easel: Callable[[str], Easel], loras: Path, name: str, said: str
) -> None:
    model = easel("sd1")
    [before] = model.draw(model.wish())
    make(easel("sdxl").pipe, loras / "other.safetensors", ss_base_model_version="sdxl_base_v1-0")
    make(easel("sdxl").pipe, loras / "lying.safetensors", ss_base_model_version="sd_v1")
    save_file(
        {"nothing.known": torch.zeros(1)}, loras / "empty.safetensors", metadata={"ss_base_model_version": "sd_v1"}
    )

    with pytest.raises(BadAdapter) as refused:
        model.draw(model.wish(lora=name))

    assert str(refused.value) == said
    assert model.draw(model.wish()) == [before]


KOHYA = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight"


@pytest.mark.parametrize(
    ("tensors", "family"),
    [
        ({KOHYA: 768}, "sd1"),
        ({KOHYA: 1024}, "sd2"),
        ({KOHYA.replace("down_blocks_1_attentions_0", "input_blocks_4_1"): 2048}, "sdxl"),
        ({"unet.mid_block.attentions.0.transformer_blocks.0.attn2.to_k.lora_A.weight": 2048}, "sdxl"),
        ({"transformer.transformer_blocks.0.attn.add_q_proj.lora_A.weight": 1536}, "sd35-medium"),
        ({"lora_unet_joint_blocks_0_context_block_attn_qkv.lora_down.weight": 2432}, "sd35-large"),
        ({"lora_unet_single_blocks_0_linear1.lora_down.weight": 3072}, "flux1"),
        ({"transformer.single_transformer_blocks.0.attn.to_q.lora_A.weight": 3072}, "flux1"),
        ({"transformer.single_transformer_blocks.0.attn.to_qkv_mlp_proj.lora_A.weight": 3072}, "flux2-klein"),
        ({"transformer.transformer_blocks.0.img_mlp.net.0.proj.lora_A.weight": 3072}, "qwen"),
        ({"diffusion_model.layers.0.attention.to_q.lora_A.weight": 3840}, "zimage"),
        ({"transformer.layers.0.attn.to_q.lora_A.weight": 2304}, "lumina2"),
        ({"unet.attn2.to_k.lora_A.weight": 512}, ""),
        ({"something.else": 768}, ""),
    ],
)
def test_without_metadata_its_parts_tell_what_it_is_made_for(
    tmp_path: Path, tensors: dict[str, int], family: str
) -> None:
    save_file({name: torch.zeros(2, inputs) for name, inputs in tensors.items()}, tmp_path / "mine.safetensors")

    assert [(one.name, one.family) for one in find(tmp_path)] == [("mine", family)]


@pytest.mark.parametrize(
    ("key", "named", "family"),
    [
        ("modelspec.architecture", "stable-diffusion-v1/lora", "sd1"),
        ("modelspec.architecture", "stable-diffusion-v2-768-v/lora", "sd2"),
        ("modelspec.architecture", "stable-diffusion-xl-v1-base/lora", "sdxl"),
        ("modelspec.architecture", "Flux.1-dev/lora", "flux1"),
        ("ss_base_model_version", "sd_1.5", "sd1"),
        ("ss_base_model_version", "sdxl_1.0", "sdxl"),
        ("ss_base_model_version", "flux1", "flux1"),
        ("ss_base_model_version", "flux2_klein_4b", "flux2-klein"),
        ("ss_base_model_version", "sd3.5_large", "sd35-large"),
        ("ss_base_model_version", "qwen_image", "qwen"),
        ("ss_base_model_version", "zimage", "zimage"),
        ("ss_base_model_version", "lumina2", "lumina2"),
        ("ss_base_model_version", "wan2.1", ""),
    ],
)
def test_metadata_tells_what_it_is_made_for(tmp_path: Path, key: str, named: str, family: str) -> None:
    save_file({"x": torch.zeros(1)}, tmp_path / "mine.safetensors", metadata={key: named})

    assert [one.family for one in find(tmp_path)] == [family]


def test_what_cannot_be_used_says_why(tmp_path: Path) -> None:
    (tmp_path / "old.pt").write_bytes(pickle.dumps({}))
    (tmp_path / "lying.safetensors").write_bytes(pickle.dumps({}))
    save_file({"x": torch.zeros(1)}, tmp_path / "who knows.safetensors")
    save_file({"x": torch.zeros(1)}, tmp_path / "who.safetensors")

    assert {one.name: one.trouble for one in find(tmp_path)} == {
        "lying": "lying.safetensors is a pickle under another name, and would run code when it is loaded",
        "old.pt": "is no .safetensors file",
        "who knows.safetensors": "has a name that nobody can type: use letters, digits, dots, - and _",
        "who": "does not tell which family of models it is made for",
    }
    assert all(one.family == "" for one in find(tmp_path))


def test_people_are_offered_those_that_fit(tmp_path: Path) -> None:
    for name, version in (("ink", "sdxl_base_v1-0"), ("clay", "sdxl_base_v1-0"), ("old", "sd_v1")):
        save_file({"x": torch.zeros(1)}, tmp_path / f"{name}.safetensors", metadata={"ss_base_model_version": version})
    served = catalogue("sdxl", "sd15", "starter", stock=Stock(loras=tmp_path))

    assert [model.adapters for model in served.models] == [("clay", "ink"), ("old",), ()]


def test_a_header_of_any_length_is_read(tmp_path: Path) -> None:
    """One of 128 bytes begins like a pickle."""
    for length in range(300):
        named = {"ss_base_model_version": "sd_v1", "filler": "x" * length}
        save_file({"x": torch.zeros(1)}, tmp_path / "mine.safetensors", metadata=named)

        assert [one.trouble for one in find(tmp_path)] == [""]


def test_without_a_folder_there_are_none(tmp_path: Path) -> None:
    assert find(None) == find(tmp_path / "nowhere") == ()
