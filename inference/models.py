"""The models this deployment draws with: what people may ask of them, and the engine that draws. Imports torch only to draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.credits import Milli
from core.ports import Model, Range, Style
from core.rules import CREDIT
from inference.adapters import Adapter, find
from inference.entries import Entry, read_models, read_styles
from inference.fetched import Unusable, examine
from inference.flat import Flat
from inference.memory import place, survey
from inference.prompting import weigh
from inference.reading import last_words
from inference.starter.vocabulary import unknown_words
from inference.stock import Stock
from inference.worker import Engine

STARTER_WEIGHTS = Path(__file__).parent / "starter" / "weights"

_SMALL = {"square": (128, 128), "portrait": (96, 128), "landscape": (128, 96)}

#: Of the engine for load tests, which no catalogue lists.
FLAT = Model("flat", _SMALL, steps=Range(1, 40, 4), guidance=Range(1.0, 8.0, 3.0), price=Milli(1 * CREDIT))


class UnknownModel(ValueError):
    """No model of that name in the catalogue."""


@dataclass(frozen=True)
class Catalogue:
    """`core.ports.Catalogue`: the models this deployment draws with, the default first."""

    models: tuple[Model, ...]
    styles: tuple[Style, ...] = ()
    entries: Mapping[str, Entry] = field(default_factory=dict)  #: of those that are served; `flat` has none
    stock: Stock = field(default_factory=Stock)

    @property
    def default(self) -> Model:
        return self.models[0]

    def model(self, name: str) -> Model | None:
        return next((model for model in self.models if model.name == name), None)

    def style(self, name: str) -> Style | None:
        return next((style for style in self.styles if style.name == name), None)

    def unread(self, model: Model, prompt: str) -> tuple[str, ...]:
        entry = self.entries.get(model.name)
        return unknown_words(weigh(prompt).text) if entry is not None and entry.kind.taught_words else ()

    def read_until(self, model: Model, prompt: str) -> str | None:
        entry = self.entries.get(model.name)
        if entry is None:
            return None
        return last_words(entry.kind, self.stock.folder(entry), entry.tokens, prompt)

    def troubles(self) -> dict[str, str]:
        """Why each served model cannot be loaded from this machine's disk, "" for one that can."""
        return {entry.name: _trouble(entry, self.stock) for entry in self.entries.values()}


def catalogue(*names: str, stock: Stock | None = None) -> Catalogue:
    """Raises UnknownModel, and BadCatalogue for what is written wrong."""
    stock = stock or Stock()
    served = tuple(dict.fromkeys(names))
    entries, adapters = _entries(served, stock), find(stock.loras)
    models = tuple(_listed(entries[name], adapters) if name in entries else FLAT for name in served)
    styles = tuple(style for style in read_styles(stock.own_styles) if any(style.suits(model) for model in models))
    return Catalogue(models, styles, entries, stock)


def engine(names: Sequence[str], stock: Stock, flat_delay: float) -> Engine:
    """What draws with these models, ready for the first of them. The first call for a real one imports torch and takes
    seconds. Raises Unusable.
    """
    if names[0] == FLAT.name:
        return Flat(flat_delay)
    entries = _entries(names, stock)
    machine = survey(stock)
    for entry in entries.values():
        examine(entry, stock.folder(entry))
        place(entry, stock.folder(entry), machine)
    from inference.drawing import Pipelines  # takes seconds, which whoever cannot use it need not wait for

    return Pipelines(entries, stock)


def _entries(names: Sequence[str], stock: Stock) -> dict[str, Entry]:
    written = read_models(stock.own_models)
    for position, name in enumerate(names):
        if name not in written and not (name == FLAT.name and position == 0 and len(names) == 1):
            raise UnknownModel(name)
    return {name: written[name] for name in names if name in written}


def _listed(entry: Entry, adapters: Sequence[Adapter]) -> Model:
    return entry.listed(tuple(adapter.name for adapter in adapters if adapter.family == entry.family))


def _trouble(entry: Entry, stock: Stock) -> str:
    try:
        examine(entry, stock.folder(entry))
    except Unusable as trouble:
        return str(trouble)
    return ""
