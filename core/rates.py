"""How often somebody may ask: leaky buckets in memory, so that nothing is stored about who asked when. Pure."""

from __future__ import annotations

from typing import Final

from core.rules import MINUTE

MOST_KEPT: Final = 10_000


class Rates:
    """Buckets by name. One that is full again is forgotten; a limit of 0 is none."""

    def __init__(self) -> None:
        self._levels: dict[tuple[str, str], tuple[float, int]] = {}

    def take(self, kind: str, name: str, per_minute: int, burst: int, now: int) -> float:
        """Take one; 0, or the seconds until one would be there, and then nothing was taken."""
        if not per_minute:
            return 0.0
        level = self._level(kind, name, per_minute, burst, now)
        if level < 1:
            return (1 - level) * 60 / per_minute
        self._levels[kind, name] = (level - 1, now)
        if len(self._levels) > MOST_KEPT:
            self._forget_oldest()
        return 0.0

    def give_back(self, kind: str, name: str) -> None:
        if (kept := self._levels.get((kind, name))) is not None:
            self._levels[kind, name] = (kept[0] + 1, kept[1])

    def _level(self, kind: str, name: str, per_minute: int, burst: int, now: int) -> float:
        level, at = self._levels.get((kind, name), (float(burst), now))
        return min(float(burst), level + max(0, now - at) * per_minute / MINUTE)

    def _forget_oldest(self) -> None:
        for key in sorted(self._levels, key=lambda key: self._levels[key][1])[: MOST_KEPT // 2]:
            del self._levels[key]
