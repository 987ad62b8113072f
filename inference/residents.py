"""Models that stay loaded, within a budget: the one that was not used for longest makes room. Knows no torch."""

from __future__ import annotations

import gc
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

import structlog

log = structlog.get_logger()

T = TypeVar("T")


class Residents(Generic[T]):
    def __init__(
        self, room: int, size: Callable[[str], int], load: Callable[[str], T], free: Callable[[], None]
    ) -> None:
        """`size` is what a model takes, at most `room`; `free` gives back to the device what was let go."""
        self._room, self._size, self._load, self._free = room, size, load, free
        self._loaded: OrderedDict[str, T] = OrderedDict()

    @property
    def names(self) -> tuple[str, ...]:
        """Those that are loaded, the one that goes first at the front."""
        return tuple(self._loaded)

    def get(self, name: str) -> T:
        """Load a model unless it is. Others are gone before it comes, so that both never need memory at once."""
        if name not in self._loaded:
            self._make_room(self._size(name))
            self._loaded[name] = self._load(name)
            log.info("model.loaded", model=name)
        self._loaded.move_to_end(name)
        return self._loaded[name]

    def _make_room(self, size: int) -> None:
        while self._loaded and sum(self._size(name) for name in self._loaded) + size > self._room:
            name = next(iter(self._loaded))
            del self._loaded[name]
            log.info("model.let_go", model=name)
            gc.collect()  # the parts of a pipeline know each other
            self._free()
