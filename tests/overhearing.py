"""Listening in at a door: every reply that its module gets from a command."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from bots.replies import Reply
from core.values import Who


@contextmanager
def overhearing(module: ModuleType, names: Sequence[str], note: Callable[[Who, Reply], None]) -> Iterator[None]:
    """`names` are functions `async (app, who, …) -> Reply` that the module calls by these names."""

    def listening(work: Callable[..., Awaitable[Reply]]) -> Callable[..., Awaitable[Reply]]:
        async def listened(app: Any, who: Who, *more: Any) -> Reply:
            told = await work(app, who, *more)
            note(who, told)
            return told

        return listened

    before = {name: getattr(module, name) for name in names}
    for name, work in before.items():
        setattr(module, name, listening(work))
    try:
        yield
    finally:
        for name, work in before.items():
            setattr(module, name, work)
