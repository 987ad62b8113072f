"""The catalogue: what each model offers people, and how its engine is made. Imports torch only to load."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.credits import Milli
from core.ports import Model, Range, Style
from core.rules import CREDIT
from inference.flat import Flat
from inference.starter.vocabulary import unknown_words
from inference.worker import Engine

STARTER_WEIGHTS = Path(__file__).parent / "starter" / "weights"

_SMALL = {"square": (128, 128), "portrait": (96, 128), "landscape": (128, 96)}

MODELS = {
    "starter": Model("starter", _SMALL, steps=Range(4, 40, 12), guidance=Range(1.0, 8.0, 3.0), price=Milli(1 * CREDIT)),
    "flat": Model("flat", _SMALL, steps=Range(1, 40, 4), guidance=Range(1.0, 8.0, 3.0), price=Milli(1 * CREDIT)),
}


class UnknownModel(ValueError):
    """No model of that name in the catalogue."""


@dataclass(frozen=True)
class Catalogue:
    """`core.ports.Catalogue`: the models this deployment draws with."""

    models: tuple[Model, ...]
    styles: tuple[Style, ...] = ()

    @property
    def default(self) -> Model:
        return self.models[0]

    def model(self, name: str) -> Model | None:
        return next((model for model in self.models if model.name == name), None)

    def style(self, name: str) -> Style | None:
        return next((style for style in self.styles if style.name == name), None)

    def unread(self, model: Model, prompt: str) -> tuple[str, ...]:
        return unknown_words(prompt) if model.name == "starter" else ()

    def read_until(self, model: Model, prompt: str) -> str | None:  # noqa: ARG002 - every model here reads it all
        return None


def catalogue(name: str) -> Catalogue:
    """Raises UnknownModel."""
    if name not in MODELS:
        raise UnknownModel(name)
    return Catalogue((MODELS[name],))


def load(name: str, flat_delay: float) -> Engine:
    """The engine of a model, ready to draw. The first call for a real model imports torch and takes seconds."""
    if name == "flat":
        return Flat(flat_delay)
    from inference.drawing import Pipeline

    return Pipeline(STARTER_WEIGHTS)
