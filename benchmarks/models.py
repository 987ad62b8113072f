"""The models that drawing is measured with: the starter, and one that is all overhead, tiny and random."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from core.values import JobId, Settings
from core.values.wishes import Wish
from inference.entries import Entry, read_models
from inference.stock import Stock

PROMPT = "a yellow star on a black background"

_TINY = """
[tiny]
title = "Tiny"
family = "sd1"
folder = "tiny"
licence = "Apache-2.0"
commercial_use = "yes"
sizes = { square = [64, 64], portrait = [64, 96], landscape = [96, 64] }
steps = { low = 1, high = 60, default = 4 }
guidance = { low = 1.0, high = 8.0, default = 3.0 }
memory = 0.1
batch = 4
price = 1
"""


@dataclass(frozen=True)
class Shelf:
    """A folder with the tiny model and a catalogue that names it."""

    catalogue: Path

    @property
    def stock(self) -> Stock:
        return Stock(own_models=self.catalogue)

    def entry(self, name: str) -> Entry:
        return read_models(self.catalogue)[name]

    def folder(self, name: str) -> Path:
        return self.stock.folder(self.entry(name))

    def wishes(self, name: str, count: int = 1, steps: int = 0) -> list[Wish]:
        """Pictures of one request, as people get them who choose nothing."""
        entry = self.entry(name)
        width, height = entry.sizes["square"]
        steps = steps or int(entry.steps.default)
        settings = Settings(name, "square", width, height, steps, entry.guidance.default)
        return [Wish(JobId("job"), index, 1, index, PROMPT, "", settings, expires_at=2**60) for index in range(count)]


@contextmanager
def a_shelf() -> Iterator[Shelf]:
    import inference.loading  # noqa: F401 - first, so that neither library prints
    from tests.models import tiny

    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        tiny.save("sd1", Path(folder) / "tiny")
        catalogue = Path(folder) / "models.toml"
        catalogue.write_text(_TINY)
        yield Shelf(catalogue)


def another_process(*initially: Any) -> ProcessPoolExecutor:
    """A fresh interpreter, which does one thing after the other, and first `initially`: a function and its arguments."""
    first, *arguments = initially or (None,)
    return ProcessPoolExecutor(1, get_context("spawn"), initializer=first, initargs=tuple(arguments))


def draw_bare(pipe: Any, wish: Wish) -> None:
    """As anybody would draw with the stock pipeline."""
    import torch

    settings = wish.settings
    pipe(
        wish.prompt,
        width=settings.width,
        height=settings.height,
        num_inference_steps=settings.steps,
        guidance_scale=settings.guidance,
        generator=torch.Generator("cpu").manual_seed(wish.seed),
        output_type="pt",
    )
