"""Takes in pictures that people send: what is in the file is found out in a child process, and only pixels come back."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from core.errors import Refused, Trouble, Unavailable
from core.rules import REFERENCE_BYTES, REFERENCE_PIXELS
from core.values.wishes import Pixels
from inference import decoding
from inference.pictures import format_of

PROGRAM: Final = (sys.executable, "-I", decoding.__file__)
PATIENCE: Final = 20.0  #: seconds by the clock, after which the child is killed
AT_ONCE: Final = 2  #: children: each may take a gigabyte
WAITING: Final = 30  #: pictures that wait for their turn, before more are put off


class Intake:
    """`core.ports.Intake`. The child inherits no variable, no file and no folder."""

    def __init__(self, program: Sequence[str] = PROGRAM, patience: float = PATIENCE) -> None:
        self._program, self._patience = tuple(program), patience
        self._room, self._waiting = asyncio.Semaphore(AT_ONCE), 0

    async def receive(self, data: bytes, width: int, height: int) -> Pixels:
        if len(data) > REFERENCE_BYTES:
            raise Refused("reference.too_large", most=REFERENCE_BYTES // 1_000_000)
        if format_of(data) is None:  # by its content; names are not looked at
            raise Refused("reference.unreadable")
        if self._waiting >= WAITING:
            raise Unavailable("reference.unavailable", retry_after=10)
        self._waiting += 1
        try:
            async with self._room:
                return Pixels(width, height, await self._decoded(data, width, height))
        finally:
            self._waiting -= 1

    async def _decoded(self, data: bytes, width: int, height: int) -> bytes:
        try:
            child = await asyncio.create_subprocess_exec(
                *self._program,
                *(str(width), str(height), str(REFERENCE_PIXELS)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,  # what a decoder says of a picture is nobody's business
                env={},
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            raise Unavailable("reference.unavailable", retry_after=5) from error
        assert child.stdin is not None
        assert child.stdout is not None
        feeding = asyncio.create_task(_feed(child.stdin, data))
        try:
            async with asyncio.timeout(self._patience):
                return await child.stdout.readexactly(width * height * 3)
        except TimeoutError:
            raise Refused("reference.too_hard") from None
        except asyncio.IncompleteReadError:
            raise _trouble(await child.wait()) from None
        finally:
            feeding.cancel()
            await asyncio.gather(feeding, return_exceptions=True)
            with suppress(ProcessLookupError):
                child.kill()
            await child.communicate()


async def _feed(pipe: asyncio.StreamWriter, data: bytes) -> None:
    with suppress(BrokenPipeError, ConnectionResetError):  # it has seen enough
        pipe.write(data)
        await pipe.drain()
    pipe.close()


def _trouble(status: int) -> Trouble:
    """What the end of a child means that did not do its work; one that was killed for taking too much has a negative status."""
    if status == decoding.TOO_MANY_PIXELS:
        return Refused("reference.too_many_pixels", most=REFERENCE_PIXELS // 1_000_000)
    if status == decoding.UNREADABLE:
        return Refused("reference.unreadable")
    if status == decoding.TOO_HARD or status < 0:
        return Refused("reference.too_hard")
    return Unavailable("reference.unavailable", retry_after=60)
