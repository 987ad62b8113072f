"""How long a model takes to load, beside reading its files and touching every page: fresh processes, the files in memory.

The model is a random UNet. Its twin has the same modules and hardly any weights: what that takes to load is Python, and the
same for every size. The twin is loaded first, so that no import is counted. Hashing stands apart: a worker does it to every
file that was fetched before it loads any.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from rich.table import Table

from benchmarks.models import Shelf, another_process
from bots import logs
from inference.fetched import sha256
from inference.memory import Machine, Place

GOAL = 0.8
PAGE = 4096
LARGE, TWIN = (224, 448, 896, 896), (32, 32, 32, 32)  #: channels; the large one has 0.8 GB in bfloat16


@dataclass(frozen=True)
class Card(Machine):
    """A processor that keeps numbers as a graphics card would."""

    @property
    def dtype(self) -> str:
        return "bfloat16"


MACHINES = {
    "bfloat16, as for a card": Card("cpu", 10**12, 10**12),
    "float32, as for a processor": Machine("cpu", 10**12, 10**12),
}


@dataclass(frozen=True)
class Loads:
    """Seconds of each round, by the numbers that are kept in memory."""

    gigabytes: float
    ours: dict[str, list[float]]
    twin: dict[str, list[float]]
    bare: dict[str, list[float]]
    hashing: list[float]


def measure(shelf: Shelf, rounds: int, *, quick: bool = False) -> Loads:
    folder, twin = a_model(shelf, "large", TWIN if quick else LARGE), a_model(shelf, "twin", TWIN)
    size = sum(file.stat().st_size for file in folder.rglob("*.safetensors")) / 1e9
    loads = Loads(size, *({name: [] for name in MACHINES} for _ in range(3)), [])
    run = here if quick else fresh
    for _ in range(rounds):
        for name, machine in MACHINES.items():
            for_modules, for_all = run(load_ours, shelf, twin, folder, machine)
            loads.twin[name].append(for_modules)
            loads.ours[name].append(for_all)
            loads.bare[name].append(run(load_bare, twin, folder, machine))
        loads.hashing.append(hash_all(folder))
    return loads


def a_model(shelf: Shelf, name: str, channels: tuple[int, ...]) -> Path:
    """The tiny model, but with a UNet of the usual number of blocks."""
    import torch
    from diffusers import StableDiffusionPipeline, UNet2DConditionModel

    from benchmarks.random_models import fill

    pipe = StableDiffusionPipeline.from_pretrained(shelf.folder("tiny"), local_files_only=True)
    with torch.device("meta"):
        unet = UNet2DConditionModel(block_out_channels=channels, cross_attention_dim=32)
    fill(unet, "cpu", torch.bfloat16)
    pipe.register_modules(unet=unet)
    folder = shelf.catalogue.parent / name
    pipe.save_pretrained(folder, safe_serialization=True)
    return folder


def fresh(way: Callable[..., Any], *arguments: Any) -> Any:
    with another_process(logs.set_up, "error") as process:
        return process.submit(way, *arguments).result()


def here(way: Callable[..., Any], *arguments: Any) -> Any:
    return way(*arguments)


# In a fresh process


def load_ours(shelf: Shelf, twin: Path, large: Path, machine: Machine) -> tuple[float, float]:
    from inference.loading import load

    tiny = shelf.entry("tiny")

    def weights(folder: Path) -> Iterator[Any]:
        pipe = load(tiny.model_copy(update={"folder": folder}), folder, machine, Place(whole=True, size=0))
        for part in (pipe.unet, pipe.vae, pipe.text_encoder):
            yield from part.parameters()

    touch(weights(twin))
    return touch(weights(twin)), touch(weights(large))


def load_bare(twin: Path, large: Path, machine: Machine) -> float:
    import torch
    from safetensors.torch import load_file

    def weights(folder: Path) -> Iterator[Any]:
        for file in folder.rglob("*.safetensors"):
            for numbers in load_file(file).values():
                yield numbers.to(getattr(torch, machine.dtype)) if numbers.is_floating_point() else numbers

    touch(weights(twin))
    return touch(weights(large))


def hash_all(folder: Path) -> float:
    began = time.perf_counter()
    for file in folder.rglob("*.safetensors"):
        sha256(file)
    return time.perf_counter() - began


def touch(weights: Iterable[Any]) -> float:
    """Seconds until all are there and a number of each page was read; all are kept until then."""
    import torch

    gc.collect()  # what is left of the imports is not this model's
    began = time.perf_counter()
    kept = list(weights)
    for numbers in kept:
        numbers.detach().contiguous().view(-1).view(torch.uint8)[::PAGE].sum()
    return time.perf_counter() - began


# What is shown


def table(loads: Loads) -> Table:
    hashed = median(loads.hashing)
    made = Table(title=f"seconds to load {loads.gigabytes:.2f} GB, {len(loads.hashing)} times", title_justify="left")
    for heading in ("kept in memory as", "bare", "ours", "of it modules", "bare ÷ ours", "hashing"):
        made.add_column(heading, justify="left" if heading.startswith("kept") else "right")
    for name in loads.ours:
        bare, ours, twin = (median(took[name]) for took in (loads.bare, loads.ours, loads.twin))
        figures = (f"{bare:.2f}", f"{ours:.2f}", f"{twin:.2f}", f"{bare / ours:.2f}")
        made.add_row(name, *figures, f"{hashed:.2f} ({loads.gigabytes / hashed:.1f} GB/s)")
    return made
