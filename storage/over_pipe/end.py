"""The worker's end of the pipe: dispatches in, news out. Ends the process when the pipe ends, even in mid-drawing."""

from __future__ import annotations

import os
import queue
import threading
from typing import BinaryIO

from core.values import JobId
from core.values.wishes import Cancel, Wish
from storage.wire import FROM_WORKER, HEADER_BYTES, KEY_BYTES, TO_WORKER, Told, body_length, frame, read


class PipeEnd:
    """`inference.worker.Source` over two binary streams. The first bytes that come in are the wire key."""

    def __init__(self, coming: BinaryIO, going: BinaryIO) -> None:
        self._coming, self._going = coming, going
        self._key = _exactly(coming, KEY_BYTES)
        self._dispatches: queue.SimpleQueue[tuple[Wish, ...]] = queue.SimpleQueue()
        self._cancelled: set[tuple[JobId, int]] = set()
        threading.Thread(target=self._listen, name="pipe", daemon=True).start()

    def take(self) -> tuple[Wish, ...]:
        """The next dispatch; waits for it."""
        return self._dispatches.get()

    def is_cancelled(self, job: JobId, fence: int) -> bool:
        return (job, fence) in self._cancelled

    def tell(self, news: Told) -> None:
        self._going.write(frame(self._key, FROM_WORKER, news))
        self._going.flush()

    def _listen(self) -> None:
        """Runs beside the drawing. Whatever ends this ends the worker: without its pipe it has nobody to draw for."""
        try:
            while True:
                length = body_length(_exactly(self._coming, HEADER_BYTES))
                order = read(self._key, TO_WORKER, _exactly(self._coming, length))
                if isinstance(order, Cancel):
                    self._cancelled.add((order.job, order.fence))
                elif isinstance(order, tuple):
                    self._dispatches.put(order)
        finally:
            os._exit(0)


def _exactly(stream: BinaryIO, length: int) -> bytes:
    """Raises EOFError when the stream ends before that."""
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return data
