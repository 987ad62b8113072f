"""Tiny models, made once a run and loaded once a run."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

os.environ["HF_HUB_OFFLINE"] = "1"  # as in the worker: what is not here is nowhere

from core.values import JobId, Settings
from core.values.wishes import Pixels, Wish
from inference.drawing import Pipelines
from inference.entries import Entry
from inference.stock import Stock
from inference.worker import Look
from tests.models import tiny

SIDE = 64
SIZES = {"square": (SIDE, SIDE), "portrait": (SIDE, 2 * SIDE), "landscape": (2 * SIDE, SIDE)}


def entry(family: str, name: str = "", **more: Any) -> Entry:
    """A model of the catalogue that draws small pictures."""
    told = {
        "name": name or f"tiny-{family}",
        "title": name or family,
        "family": family,
        "licence": "Apache-2.0",
        "commercial_use": "yes",
        "sizes": SIZES,
        "steps": {"low": 1, "high": 20, "default": 2},
        "guidance": {"low": 0, "high": 10, "default": 4},
        "memory": 0.1,
        "tokens": 77 if family in ("starter", "sd1", "sd2", "sdxl") else 300,
        "price": 1,
        "batch": 4,
    }
    return Entry.model_validate({**told, **more})


def wish(model: str, seed: int = 5, *, index: int = 0, **more: Any) -> Wish:
    words = {name: more.pop(name) for name in ("prompt", "negative", "reference") if name in more}
    width, height = SIZES[more.get("shape", "square")]
    settings = Settings(
        **{"shape": "square", "steps": 2, "guidance": 4.0, **more}, model=model, width=width, height=height
    )
    return Wish(
        JobId("job"),
        index,
        1,
        seed,
        settings=settings,
        expires_at=2**60,
        **{"prompt": "a fox", "negative": "", **words},
    )


@dataclass
class Watched:
    """What a drawing tells after each step; raises what it is given after the first."""

    steps: list[tuple[int, int]] = field(default_factory=list)
    looks: list[list[Look]] = field(default_factory=list)
    stop: Exception | None = None

    def __call__(self, step: int, steps: int, looks: Any = ()) -> None:
        self.steps.append((step, steps))
        self.looks.append(list(looks))
        if self.stop is not None:
            raise self.stop


@dataclass(frozen=True)
class Easel:
    """One loaded tiny model."""

    engine: Pipelines
    name: str

    def draw(self, *wishes: Wish, watched: Watched | None = None) -> list[Pixels]:
        return self.engine.draw(wishes, watched or Watched())

    def wish(self, seed: int = 5, **more: Any) -> Wish:
        return wish(self.name, seed, **more)

    @property
    def pipe(self) -> Any:
        return self.engine.residents.get(self.name).pipe


def difference(one: Pixels, other: Pixels) -> int:
    """How far the two are apart where they differ most, of 255."""
    a, b = (np.frombuffer(pixels.data, np.uint8).astype(int) for pixels in (one, other))
    return int(np.abs(a - b).max())


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a family's tiny model."""
    home = tmp_path_factory.mktemp("weights")

    @cache
    def made(family: str) -> Path:
        return tiny.save(family, home / family)

    return made


@pytest.fixture(scope="session")
def easel(weights: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Easel]:
    """A family's tiny model, loaded; LoRAs come from the folder `loras` beside it."""
    stock = Stock(models=tmp_path_factory.mktemp("models"), loras=tmp_path_factory.mktemp("loras"))

    @cache
    def loaded(family: str) -> Easel:
        model = entry(family, folder=weights(family))
        return Easel(Pipelines({model.name: model}, stock), model.name)

    return loaded
