"""A small catalogue: three models over the flat engine, each unlike the others in what it can do, and a few styles."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.credits import Milli
from core.ports import Model, Range, Style
from core.rules import CREDIT
from inference.models import Catalogue

READS = 60  #: words
_SMALL = {"square": (128, 128), "portrait": (96, 128), "landscape": (128, 96)}

FLAT = Model(
    "flat",
    _SMALL,
    steps=Range(1, 40, 4),
    guidance=Range(1.0, 8.0, 3.0),
    price=Milli(CREDIT),
    title="Flat",
    family="flat",
    licence="Apache-2.0",
    weighting=True,
    references=True,
    adapters=("ink", "chalk"),
)
SWIFT = Model(
    "swift",
    _SMALL,
    steps=Range(1, 4, 2),
    guidance=Range(0.0, 0.0, 0.0),
    price=Milli(CREDIT // 2),
    title="Swift Turbo",
    family="swift",
    licence="Swift Community License",
    commercial_use="yes, below 1 million of yearly revenue",
    negative=False,
)
GRAND = Model(
    "grand",
    {shape: (2 * width, 2 * height) for shape, (width, height) in _SMALL.items()},
    steps=Range(10, 60, 20),
    guidance=Range(1.0, 15.0, 7.0),
    price=Milli(3 * CREDIT),
    title="Grand XL",
    family="grand",
    licence="Grand Research License",
    commercial_use="no",
    references=True,
    adapters=("ink", "velvet"),
)
STYLES = (
    Style("noir", "Black and white, hard shadows", "film noir scene of {prompt}, hard shadows", "colour, bright"),
    Style("watercolour", "Wet paint on rough paper", "watercolour painting of {prompt}", "photograph"),
    Style("velvet", "Only what is grand reads it", "{prompt} on velvet", families=("grand",)),
)


@dataclass(frozen=True)
class SmallCatalogue(Catalogue):
    """`core.ports.Catalogue`. Never learnt `xyzzy`, and reads READS words."""

    models: tuple[Model, ...] = (FLAT, SWIFT, GRAND)
    styles: tuple[Style, ...] = STYLES

    def unread(self, model: Model, prompt: str) -> tuple[str, ...]:
        return ("xyzzy",) if "xyzzy" in prompt.split() else ()

    def read_until(self, model: Model, prompt: str) -> str | None:
        words = prompt.split()
        return None if len(words) <= READS else " ".join(words[READS - 3 : READS])

    def without(self, *names: str) -> SmallCatalogue:
        """As after an operator has removed some."""
        return replace(
            self,
            models=tuple(model for model in self.models if model.name not in names),
            styles=tuple(style for style in self.styles if style.name not in names),
        )
