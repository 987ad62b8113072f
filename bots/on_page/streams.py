"""What one visitor's pages are told, in order, each page at its own pace. Knows no bot and no HTTP.

Numbered events are kept for a while, so that a page which comes back misses none. Of the others (how far a request is, the
balance) only the newest counts. Both are bounded: a page that reads too slowly is sent to where things stand instead.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

KEPT: Final = 256  #: events
KEPT_BYTES: Final = 1_000_000
SUBJECTS: Final = 64  #: things of which only the newest is kept


@dataclass(frozen=True)
class Event:
    """`number` is None for what only counts while it is new. `data` is one line of JSON."""

    name: str
    data: str
    number: int | None = None


class Stream:
    """Everything the pages of one visitor are told."""

    def __init__(self) -> None:
        self.last = 0  #: the number of the newest event
        self.readers: list[Reader] = []
        self._kept: deque[Event] = deque()
        self._bytes = 0
        self._newest: dict[str, tuple[int, Event]] = {}
        self._version = 0
        self._awaited: dict[int, asyncio.Future[bool]] = {}

    @property
    def oldest(self) -> int:
        """The number of the oldest event that is kept."""
        return self.last - len(self._kept) + 1

    def follow(self, since: int | None) -> Reader:
        """A new page, or one that comes back and has everything up to `since`."""
        known = since if since is not None and 0 <= since <= self.last else None
        reader = Reader(self, known)
        self.readers.append(reader)
        return reader

    def publish(self, name: str, data: Mapping[str, Any]) -> int:
        """Tell every page, now or when it comes back. Returns the event's number."""
        self.last += 1
        event = Event(name, json.dumps(data), self.last)
        self._kept.append(event)
        self._bytes += len(event.data)
        while len(self._kept) > KEPT or self._bytes > KEPT_BYTES:
            self._bytes -= len(self._kept.popleft().data)
        self._wake()
        return self.last

    def show(self, subject: str, name: str, data: Mapping[str, Any]) -> None:
        """How something is now; what was shown of it before is forgotten. Wakes nobody when it is the same."""
        event = Event(name, json.dumps(data))
        if subject in self._newest and self._newest[subject][1] == event:
            return
        if subject not in self._newest and len(self._newest) >= SUBJECTS:
            return
        self._version += 1
        self._newest[subject] = (self._version, event)
        self._wake()

    def forget(self, subject: str) -> None:
        self._newest.pop(subject, None)

    def forget_everything(self) -> None:
        """A page that comes back is told where things stand; one that is here misses nothing."""
        self._kept.clear()
        self._newest.clear()
        self._bytes = 0

    def newer(self, number: int, version: int) -> tuple[list[Event], int]:
        """Events after `number`, then what is shown since `version`; and the version that is now."""
        events = [event for event in self._kept if event.number is not None and event.number > number]
        shown = [event for changed, event in sorted(self._newest.values(), key=_version_of) if changed > version]
        return events + shown, self._version

    def has_read(self, number: int) -> None:
        """A page says that it shows this event."""
        if (waiting := self._awaited.get(number)) is not None and not waiting.done():
            waiting.set_result(True)

    async def is_read(self, number: int, seconds: float) -> bool:
        """Wait until a page shows this event; False when none did in time, or none is left."""
        if not self.readers:
            return False
        waiting: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._awaited[number] = waiting
        try:
            async with asyncio.timeout(seconds):
                return await waiting
        except TimeoutError:
            return False
        finally:
            del self._awaited[number]

    def hang_up(self) -> None:
        """Let every page come back, if it is still there."""
        for reader in self.readers:
            reader.end("again")

    def leave(self, reader: Reader) -> None:
        self.readers.remove(reader)
        if not self.readers:
            for waiting in self._awaited.values():
                if not waiting.done():
                    waiting.set_result(False)

    def _wake(self) -> None:
        for reader in self.readers:
            reader.woken.set()


class Reader:
    """One page that follows. `ended` says why it should not any more."""

    def __init__(self, stream: Stream, known: int | None) -> None:
        self._stream, self._known, self._version = stream, known, 0
        self._start: int | None = stream.last
        self.ended = ""
        self.woken = asyncio.Event()

    @property
    def lost(self) -> bool:
        """It must first be told where things stand: it is new, was away for too long, or reads too slowly."""
        return self._known is None or self._known < self._stream.oldest - 1

    def stand(self) -> int:
        """The event after which it goes on once it was told where things stand; ask before finding out how they do."""
        start, self._start = self._start, None
        return self._stream.last if start is None else max(start, self._stream.oldest - 1)

    def knows(self, number: int) -> None:
        """It was told where things stand, everything up to `number` included."""
        self._known, self._version = number, 0

    async def take(self, seconds: float) -> list[Event]:
        """What is new, waiting so long for something; nothing when there is nothing, or it is lost."""
        if not (events := self._take()) and not self.lost and not self.ended:
            self.woken.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self.woken.wait()
            events = self._take()
        return events

    def end(self, why: str) -> None:
        self.ended = self.ended or why
        self.woken.set()

    def _take(self) -> list[Event]:
        if self._known is None or self.lost:
            return []
        events, self._version = self._stream.newer(self._known, self._version)
        self._known = self._stream.last
        return events


def _version_of(shown: tuple[int, Event]) -> int:
    return shown[0]
