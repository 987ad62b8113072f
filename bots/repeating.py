"""Doing something again and again, beside everything else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

log = structlog.get_logger()

TICK: Final = 1.0  #: seconds after which everything is looked at again, whether somebody called or not


async def again_and_again(
    task: str, work: Callable[[], Awaitable[object]], *, seconds: float = TICK, stirred: asyncio.Event | None = None
) -> None:
    """Do the work now, and whenever stirred or the time is up. One failure is noted and never ends the task."""
    stirred = stirred or asyncio.Event()
    while True:
        stirred.clear()
        try:
            await work()
        except Exception:
            log.exception("task.failed", task=task)
            await asyncio.sleep(seconds)
        try:
            async with asyncio.timeout(seconds):
                await stirred.wait()
        except TimeoutError:
            continue
