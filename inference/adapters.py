"""LoRAs: small files that change how a model of one family draws. Told apart by their headers; knows no torch."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from inference.safetensors_files import Header, NotSafetensors, read_header

#: How trainers name what they trained on, in `modelspec.architecture` or `ss_base_model_version`; the first that fits.
_NAMED: Final = (
    (r"stable-diffusion-v1|sd_?v1|sd_?1", "sd1"),
    (r"stable-diffusion-v2|sd_?v2|sd_?2", "sd2"),
    (r"stable-diffusion-xl|sdxl", "sdxl"),
    (r"stable-diffusion-3\.5-medium|sd3\.5_?-?m", "sd35-medium"),
    (r"stable-diffusion-3\.5-large|sd3\.5_?-?l", "sd35-large"),
    (r"flux-?_?\.?1|flux$", "flux1"),
    (r"flux-?_?\.?2.*klein", "flux2-klein"),
    (r"chroma", "chroma"),
    (r"z-?_?image", "zimage"),
    (r"qwen-?_?image", "qwen"),
    (r"lumina-?_?(image)?-?_?2", "lumina2"),
)

#: A tensor that only one family has, and how many numbers go into it.
_SHAPED: Final = (
    (r"attn2[._]to_k[._]", 768, "sd1"),
    (r"attn2[._]to_k[._]", 1024, "sd2"),
    (r"attn2[._]to_k[._]", 2048, "sdxl"),
    (r"to_qkv_mlp_proj", 3072, "flux2-klein"),
    (r"single_(transformer_)?blocks[._]", 3072, "flux1"),
    (r"(joint_blocks|attn[._]add_q_proj|context_block)", 1536, "sd35-medium"),
    (r"(joint_blocks|attn[._]add_q_proj|context_block)", 2432, "sd35-large"),
    (r"(img|txt)_(mlp|mod)[._]", 3072, "qwen"),
    (r"layers[._]\d+[._]attention[._]", 3840, "zimage"),
    (r"layers[._]\d+[._]attn[._]", 2304, "lumina2"),
)
_DOWN: Final = re.compile(r"[._](lora_A|lora_down|lora\.down)[._]")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class Adapter:
    """A LoRA on disk. `family` is "" for one that may not be used, and `trouble` says why."""

    name: str
    file: Path
    family: str = ""
    trouble: str = ""


def find(folder: Path | None) -> tuple[Adapter, ...]:
    """Every LoRA of a folder, by name; none when there is no such folder."""
    if folder is None or not folder.is_dir():
        return ()
    return tuple(_look(file) for file in sorted(folder.iterdir()) if file.is_file() and not file.name.startswith("."))


def _look(file: Path) -> Adapter:
    if file.suffix != ".safetensors":
        return Adapter(file.name, file, trouble="is no .safetensors file")
    if not _NAME.fullmatch(file.stem):
        return Adapter(file.name, file, trouble="has a name that nobody can type: use letters, digits, dots, - and _")
    try:
        header = read_header(file)
    except NotSafetensors as error:
        return Adapter(file.stem, file, trouble=str(error))
    except OSError as error:
        return Adapter(file.stem, file, trouble=f"cannot be read ({type(error).__name__})")
    family = made_for(header)
    return Adapter(file.stem, file, family, "" if family else "does not tell which family of models it is made for")


def made_for(header: Header) -> str:
    """The family of models that a LoRA changes: what its metadata says, else what only one family has; "" for neither."""
    for key in ("modelspec.architecture", "ss_base_model_version"):
        named = header.metadata.get(key, "").lower()
        if family := next((family for pattern, family in _NAMED if re.match(pattern, named)), ""):
            return family
    for pattern, inputs, family in _SHAPED:
        for name, shape in header.shapes.items():
            if len(shape) >= 2 and shape[1] == inputs and _DOWN.search(name) and re.search(pattern, name):
                return family
    return ""
