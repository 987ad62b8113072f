"""An engine for load and chaos: a plain square of the seed's colour after a set delay. No torch; never listed to people."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from core.values import Settings
from core.values.wishes import Pixels, Wish
from inference.worker import Stepped


@dataclass(frozen=True)
class Flat:
    delay: float = 0.05  #: seconds a picture takes, spread over its steps

    def batch(self, _settings: Settings) -> int:
        return 1

    def draw(self, wishes: Sequence[Wish], stepped: Stepped) -> list[Pixels]:
        steps = wishes[0].settings.steps
        for step in range(1, steps + 1):
            time.sleep(self.delay / steps)
            stepped(step, steps, [partial(square, wish.seed, 64, 64) for wish in wishes])
        return [square(wish.seed, wish.settings.width, wish.settings.height) for wish in wishes]


def square(seed: int, width: int, height: int) -> Pixels:
    return Pixels(width, height, colour(seed) * (width * height))


def colour(seed: int) -> bytes:
    """Three bytes of RGB that the seed decides."""
    return hashlib.sha256(str(seed).encode()).digest()[:3]
