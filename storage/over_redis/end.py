"""The worker's end of Redis: dispatches in, news out. What it has to tell is kept while Redis is away, and the drawing goes on.

It holds one dispatch at a time; the entry of that goes from the stream in the same moment as its end is told.
"""

from __future__ import annotations

import queue
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import structlog

from core.rules import ATTEMPTS
from core.values import JobId
from core.values.wishes import Cancel, Finished, Progress, Ready, Wish
from storage.keys import Unsealable
from storage.over_redis import keyspace as keys
from storage.over_redis.clients import Away, Forbidden, Redis
from storage.over_redis.house import Worker
from storage.over_redis.joining import NameTaken, Unwelcome, find_house, forbidden, mismatch, unreachable
from storage.over_redis.presence import Presence
from storage.over_redis.wishes import pairs, whole
from storage.wire import FROM_WORKER, TO_WORKER, Envelope, Told, unwrap, wrap

log = structlog.get_logger()

BLOCK: Final = 500  #: ms one question for the next dispatch waits; so long a worker that is to end may wait too
FIRST_PAUSE: Final = 0.1  #: seconds before Redis is tried again; doubles while it is away
LONGEST_PAUSE: Final = 2.0
ASKED_AGAIN: Final = 0.5  #: seconds between two questions while joining
UNTOLD: Final = 8  #: pieces of news that may wait before progress is no longer worth telling
REMEMBERED: Final = 1_000  #: cancelled dispatches

_WISHES, _RESULTS = str(keys.WISHES), str(keys.RESULTS)


@dataclass(frozen=True)
class _Held:
    entry: bytes
    ticket: str


class RedisEnd:
    """`inference.worker.Source`. `join` first, `leave` last. `say` is given sentences for whoever watches the worker.

    Raises ValueError for an address that is none and a name nobody can have.
    """

    def __init__(
        self, url: str, wire_key: bytes, name: str, models: Sequence[str], version: str, say: Callable[[str], None]
    ) -> None:
        self._redis, self._wire_key, self._name, self._say = Redis(url), wire_key, name, say
        self._worker = Worker(name, version, tuple(models), ready=False, drawing=None)
        self._presence = Presence(self._redis, wire_key, self._worker, self._stop)
        self._held = _Held(b"", "")
        self._outbox: queue.Queue[Told | None] = queue.Queue()
        self._cancelled: OrderedDict[tuple[JobId, int], None] = OrderedDict()
        self._ending, self._left = threading.Event(), threading.Event()
        self._trouble: Unwelcome | None = None
        self._threads = [
            threading.Thread(target=target, name=target.__name__.strip("_"), daemon=True)
            for target in (self._listen, self._tell_all)
        ]

    def join(self) -> bool:
        """Wait for Redis and for a bot, and take the name. False: asked to end before that. Raises Unwelcome."""
        said = ""
        while not self._ending.is_set():
            try:
                waiting_for = self._admission()
            except Forbidden as refused:
                raise forbidden(refused) from None
            except Away as away:
                waiting_for = unreachable(away)
            if not waiting_for:
                for thread in self._threads:
                    thread.start()
                return True
            if waiting_for != said:
                self._say(said := waiting_for)
            self._ending.wait(ASKED_AGAIN)
        return False

    def take(self) -> tuple[Wish, ...]:
        """The next dispatch; nothing when asked to end. First what an earlier life of this worker left. Raises Unwelcome."""
        self._outbox.join()
        self._presence.draws(None)
        pause = FIRST_PAUSE
        while not self._ending.is_set():
            try:
                if wishes := self._next():
                    return wishes
                pause = FIRST_PAUSE
            except Away:
                self._ending.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
        if self._trouble is not None:
            raise self._trouble
        return ()

    def is_cancelled(self, job: JobId, fence: int) -> bool:
        return (job, fence) in self._cancelled or isinstance(self._trouble, NameTaken)

    def tell(self, news: Told) -> None:
        if not isinstance(news, Progress) or self._outbox.qsize() < UNTOLD:
            self._outbox.put(news)

    def drain(self) -> None:
        """Take nothing more; what is being drawn is finished."""
        self._ending.set()

    def leave(self) -> None:
        """Whoever left is missed at once."""
        self._left.set()
        self._outbox.put(None)
        with suppress(Away):  # then it is missed in a few seconds
            self._presence.leave()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()
        self._redis.close()

    def _stop(self, trouble: Unwelcome) -> None:
        self._trouble = self._trouble or trouble
        self._ending.set()

    def _admission(self) -> str:
        """What is still missing, in words; empty when this worker is in. Raises Unwelcome, Away."""
        house = find_house(self._redis, self._wire_key)
        if house is None:
            return "No bot is at work at this Redis; this worker waits for one."
        if (trouble := mismatch(house, self._worker)) is not None:
            raise trouble
        if not self._presence.claim():
            return f"A worker called {self._name} was here a moment ago; waiting whether it comes back."
        return ""

    # Taking

    def _next(self) -> tuple[Wish, ...]:
        """Nothing when there is none within BLOCK. Raises Away."""
        left_over = self._read("0")
        entry, fields = left_over or self._read(">", "BLOCK", BLOCK) or (b"", None)
        if not entry:
            return ()
        envelope = self._opened(fields or {})
        if envelope is None:
            self._redis.together(("XACK", _WISHES, keys.GROUP, entry), ("XDEL", _WISHES, entry))
            return ()
        wishes = envelope.message
        assert isinstance(wishes, tuple)
        self._held = _Held(entry, envelope.ticket)
        if self._ending.is_set() or (left_over and self._tries(entry) > ATTEMPTS):
            self.tell(Finished(wishes[0].job, wishes[0].fence))  # given back: somebody else may draw it
            self._outbox.join()
            return ()
        self._presence.draws((wishes[0].job, wishes[0].fence))
        return wishes

    def _read(self, after: str, *waiting: str | int) -> tuple[bytes, dict[bytes, bytes] | None] | None:
        """An entry given to this worker: after "0" one it was given before. It has no fields when it is not there any more."""
        asked = ("XREADGROUP", "GROUP", keys.GROUP, self._name, "COUNT", 1, *waiting, "STREAMS", _WISHES, after)
        found = self._redis.ask(*asked)
        if not found or not found[0][1]:
            return None
        entry, flat = found[0][1][0]
        return entry, dict(pairs(flat)) if flat else None

    def _opened(self, fields: dict[bytes, bytes]) -> Envelope | None:
        try:
            envelope = unwrap(self._wire_key, TO_WORKER, fields.get(b"b", b""))
        except (Unsealable, ValueError):
            log.error("wish.garbled")
            return None
        wishes = envelope.message
        if not isinstance(wishes, tuple) or wishes[0].job.encode() != fields.get(b"j"):
            log.error("wish.garbled")
            return None
        return envelope

    def _tries(self, entry: bytes) -> int:
        """How often this worker was given it: a job that ends its worker every time must not do so for ever."""
        given = self._redis.ask("XPENDING", _WISHES, keys.GROUP, entry, entry, 1, self._name)
        return int(given[0][3]) if given else 0

    # Telling

    def _tell_all(self) -> None:
        while not self._left.is_set():
            news = self._outbox.get()
            try:
                if news is not None:
                    self._tell_until_heard(news)
            finally:
                self._outbox.task_done()

    def _tell_until_heard(self, news: Told) -> None:
        pause = FIRST_PAUSE
        while not isinstance(self._trouble, NameTaken):
            try:
                self._tell_once(news)
            except Away:
                if isinstance(news, Progress) or self._left.wait(pause):
                    return
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                return

    def _tell_once(self, news: Told) -> None:
        """Raises Away."""
        body = wrap(self._wire_key, FROM_WORKER, Envelope(news, self._held.ticket, self._name))
        if isinstance(news, Progress):
            self._redis.ask("PUBLISH", str(keys.PASSING), body)
            return
        if isinstance(news, Ready):
            self._presence.ready()
        over: list[keys.Command] = []
        if isinstance(news, Finished):
            entry = self._held.entry
            over = [("XACK", _WISHES, keys.GROUP, entry), ("XDEL", _WISHES, entry)]
        result: list[keys.Command] = [("XADD", _RESULTS, "*", "b", body), ("PEXPIRE", _RESULTS, keys.RESULT_LIFE)]
        whole(self._redis.together(*over, *result))

    # Listening

    def _listen(self) -> None:
        pause = FIRST_PAUSE
        while not self._left.is_set():
            channel = self._redis.subscription(keys.CANCELLED)
            try:
                channel.open()
                while not self._left.is_set():
                    if (body := channel.hear(BLOCK / 1000)) is not None:
                        self._hear(body)
                    pause = FIRST_PAUSE
            except Away:
                self._left.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            finally:
                channel.close()

    def _hear(self, body: bytes) -> None:
        with suppress(Unsealable, ValueError):
            cancel = unwrap(self._wire_key, TO_WORKER, body).message
            if isinstance(cancel, Cancel):
                self._cancelled[cancel.job, cancel.fence] = None
                while len(self._cancelled) > REMEMBERED:
                    self._cancelled.popitem(last=False)
