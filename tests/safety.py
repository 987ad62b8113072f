"""Stands in for the classifier: refuses by colour, so that a test decides which picture nobody may see."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from core.values import Verdict
from core.values.wishes import Pixels


@dataclass
class Censor:
    """Refuses pictures whose mean colour is one of `refused` (three bytes, as `inference.flat.colour` gives)."""

    refused: Collection[bytes] = ()
    broken: bool = False  #: looks at nothing, as if its model could not be loaded
    looked: int = 0

    async def load(self) -> bool:
        return not self.broken

    async def look(self, pixels: Pixels) -> Verdict:
        self.looked += 1
        if self.broken:
            return Verdict.UNCHECKED
        return Verdict.REFUSED if mean_colour(pixels) in self.refused else Verdict.ALLOWED


def mean_colour(pixels: Pixels) -> bytes:
    return bytes(round(sum(pixels.data[channel::3]) / (pixels.width * pixels.height)) for channel in range(3))
