"""A worker's name in Redis: taken, kept by a heartbeat, given back. Two processes with one name find out; one of them stops."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import structlog

from core.rules import SECOND
from core.values import JobId
from storage.over_redis import keyspace as keys
from storage.over_redis.clients import Away, Redis
from storage.over_redis.house import Worker
from storage.over_redis.joining import NameTaken, Unwelcome, find_house, mismatch
from storage.over_redis.wishes import whole

log = structlog.get_logger()

BEAT: Final = keys.BEAT
LIFE: Final = keys.WORKER_LIFE


class Presence:
    """`unwelcome` is called, from another thread, when this worker may not go on."""

    def __init__(self, redis: Redis, wire_key: bytes, worker: Worker, unwelcome: Callable[[Unwelcome], None]) -> None:
        self._redis, self._wire_key, self._worker, self._unwelcome = redis, wire_key, worker, unwelcome
        self._key = str(keys.Worker(worker.name))
        self._session = secrets.token_hex(8)
        self._left_to_live: dict[bytes, int] = {}  #: of other processes of this name, as last seen
        self._lock = threading.Lock()
        self._changed, self._left = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._keep, name="heartbeat", daemon=True)

    def claim(self) -> bool:
        """Whether the name is ours now; False: its last owner was there a moment ago, so ask again soon.

        Raises NameTaken for an owner that lives, and Away. One that died is outlived before anybody else misses it.
        """
        _, owner, left, _ = whole(
            self._redis.together(
                ("HSETNX", self._key, "session", self._session),
                ("HGET", self._key, "session"),
                ("PTTL", self._key),
                ("PEXPIRE", self._key, LIFE, "NX"),
            )
        )
        if owner != self._session.encode() and left > LIFE - 2 * BEAT - SECOND // 2:
            if left > self._left_to_live.get(owner, LIFE):
                raise NameTaken(self._worker.name)
            self._left_to_live[owner] = left
            return False
        self._write()
        self._thread.start()
        return True

    def ready(self) -> None:
        """Raises Away."""
        self._worker = replace(self._worker, ready=True)
        self._write()

    def draws(self, drawing: tuple[JobId, int] | None) -> None:
        """Said with the next heartbeat, which comes at once."""
        self._worker = replace(self._worker, drawing=drawing)
        self._changed.set()

    def leave(self) -> None:
        """Give the name back, if it is still ours. Raises Away."""
        self._left.set()
        self._changed.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._redis.ask("HGET", self._key, "session") == self._session.encode():
            self._redis.together(("DEL", self._key), ("SREM", str(keys.WORKERS), self._worker.name))

    def _keep(self) -> None:
        away = False
        while not self._left.is_set():
            self._changed.clear()
            try:
                if (trouble := self._beat()) is not None:
                    self._unwelcome(trouble)
                    if isinstance(trouble, NameTaken):
                        return
                if away:
                    log.warning("redis.back")
                away = False
            except Away as error:
                if not away:
                    log.error("redis.away", error=error.code or "no answer")
                away = True
            self._changed.wait(BEAT / SECOND)

    def _beat(self) -> Unwelcome | None:
        """Say that we live, unless somebody else does so in our name. Raises Away."""
        owner = self._redis.ask("HGET", self._key, "session")
        if owner not in (None, self._session.encode()):
            return NameTaken(self._worker.name)
        self._write()
        try:
            house = find_house(self._redis, self._wire_key)
        except Unwelcome as trouble:
            return trouble
        return mismatch(house, self._worker) if house is not None else None

    def _write(self) -> None:
        with self._lock:
            fields = {"session": self._session, **self._worker.fields()}
            whole(
                self._redis.together(
                    ("HSET", self._key, *(part for pair in fields.items() for part in pair)),
                    ("PEXPIRE", self._key, LIFE),
                    ("SADD", str(keys.WORKERS), self._worker.name),
                    ("PEXPIRE", str(keys.WORKERS), keys.WORKERS.life),
                )
            )
