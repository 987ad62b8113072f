"""Who was here today, as far as one process remembers, so that the day of a last word is written once. Knows no store."""

from __future__ import annotations

from typing import Final

from core.values import Moment

REMEMBERED: Final = 10_000  #: people; then the database is asked again


class Activity:
    """Under keyed hashes, in memory alone."""

    def __init__(self) -> None:
        self._day = Moment(0)
        self._here: set[str] = set()

    def is_first(self, lookup: str, day: Moment) -> bool:
        """Whether nobody of that hash was here on this day before."""
        if day != self._day or len(self._here) >= REMEMBERED:
            self._day, self._here = day, set()
        if lookup in self._here:
            return False
        self._here.add(lookup)
        return True

    def forget(self, lookup: str) -> None:
        """It could not be written."""
        self._here.discard(lookup)
