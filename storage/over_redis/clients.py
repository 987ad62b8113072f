"""The one way to Redis: connections that refuse what storage/over_redis/keyspace.py does not declare, and one kind of trouble.

Redis' own answers come back as they are: bytes, numbers and lists. Knows commands, not what they are for.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

import redis
import redis.asyncio
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, AuthorizationError, NoPermissionError, RedisError, ResponseError
from redis.retry import Retry

from storage.over_redis.keyspace import Channel, Command, check, check_channel

PATIENCE: Final = 5.0  #: seconds for an answer; after that the connection is given up
QUIET: Final = 2.0  #: seconds without a message after which a listener asks whether anybody is there

#: There are no retries: what is sent twice is there twice.
_SETTINGS: Final[dict[str, Any]] = {"socket_connect_timeout": PATIENCE, "protocol": 2, "driver_info": None}


class Away(Exception):
    """Redis did not do it. `code` is the first word of its answer, empty when there was none."""

    def __init__(self, code: str = "") -> None:
        super().__init__(code or "no answer")
        self.code = code


class Forbidden(Away):
    """Redis refuses the user, the password, or what the user may do (NOPERM)."""


@contextmanager
def _translated() -> Iterator[None]:
    """Raises Away. A message of redis-py repeats the command it is about, and is left behind."""
    try:
        yield
    except (RedisError, OSError) as error:
        raise away(error) from None


def away(error: BaseException) -> Away:
    if isinstance(error.__cause__, RedisError):  # what went wrong as it connected
        return away(error.__cause__)
    if isinstance(error, NoPermissionError):
        return Forbidden("NOPERM")
    if isinstance(error, AuthenticationError | AuthorizationError):
        return Forbidden("WRONGPASS")
    if isinstance(error, ResponseError):
        code = str(error).split(" ", 1)[0]
        return Forbidden(code) if code == "NOAUTH" else Away(type(error).__name__ if not code.isupper() else code)
    return Away()


class AsyncRedis:
    """For serving processes. Raises ValueError for an address that is none.

    The time for an answer is measured here: redis-py waits with asyncio.wait_for, which may lose a cancellation.
    """

    def __init__(self, url: str) -> None:
        retry = redis.asyncio.retry.Retry(NoBackoff(), 0)
        self._client: Any = redis.asyncio.Redis.from_url(url, retry=retry, socket_timeout=None, **_SETTINGS)
        self._client.response_callbacks.clear()

    async def ask(self, *command: str | bytes | int) -> Any:
        """One command and its answer. Raises Away, and ValueError for what is not declared."""
        check([command])
        with _translated():
            async with asyncio.timeout(PATIENCE):
                return await self._client.execute_command(*command)

    async def together(self, *commands: Command) -> list[Any]:
        """All of them or none. An answer may be Away; raises Away when none came."""
        check(commands)
        with _translated():
            async with asyncio.timeout(PATIENCE), self._client.pipeline(transaction=True) as pipe:
                for command in commands:
                    pipe.execute_command(*command)
                answers = await pipe.execute(raise_on_error=False)
        return [away(answer) if isinstance(answer, RedisError) else answer for answer in answers]

    def subscription(self, *channels: Channel) -> AsyncSubscription:
        return AsyncSubscription(self._client, channels)

    async def close(self) -> None:
        with suppress(RedisError, OSError):
            await self._client.aclose()


class AsyncSubscription:
    """Messages of some channels. One that fell silent is asked for a sign of life, so that a stalled connection ends."""

    def __init__(self, client: Any, channels: tuple[Channel, ...]) -> None:
        for channel in channels:
            check_channel(str(channel))
        self._pubsub = client.pubsub()
        self._channels = channels

    async def open(self) -> None:
        """Returns when nothing will be missed any more. Raises Away."""
        with _translated():
            async with asyncio.timeout(PATIENCE):
                await self._pubsub.subscribe(*map(str, self._channels))
                for _ in self._channels:
                    await self._pubsub.get_message(timeout=None)

    async def hear(self) -> tuple[str, bytes]:
        """The next message and its channel. Raises Away."""
        asked: float | None = None
        with _translated():
            while True:
                message = await self._pubsub.get_message(timeout=QUIET if asked is None else 0.5)
                if message is not None and message["type"] == "message":
                    return message["channel"].decode(), message["data"]
                if message is not None:
                    asked = None
                elif asked is None:
                    asked = time.monotonic()
                    async with asyncio.timeout(PATIENCE):
                        await self._pubsub.ping()
                elif time.monotonic() - asked > PATIENCE:
                    raise TimeoutError

    async def close(self) -> None:
        with suppress(RedisError, OSError):
            await self._pubsub.aclose()


class Redis:
    """For workers, which wait in threads. Raises ValueError for an address that is none."""

    def __init__(self, url: str) -> None:
        self._client: Any = redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0), socket_timeout=PATIENCE, **_SETTINGS)
        self._client.response_callbacks.clear()

    def ask(self, *command: str | bytes | int) -> Any:
        """One command and its answer. Raises Away, and ValueError for what is not declared."""
        check([command])
        with _translated():
            return self._client.execute_command(*command)

    def together(self, *commands: Command) -> list[Any]:
        """All of them or none. An answer may be Away; raises Away when none came."""
        check(commands)
        with _translated(), self._client.pipeline(transaction=True) as pipe:
            for command in commands:
                pipe.execute_command(*command)
            answers = pipe.execute(raise_on_error=False)
        return [away(answer) if isinstance(answer, RedisError) else answer for answer in answers]

    def subscription(self, *channels: Channel) -> Subscription:
        return Subscription(self._client, channels)

    def close(self) -> None:
        with suppress(RedisError, OSError):
            self._client.close()


class Subscription:
    """As AsyncSubscription; `hear` comes back now and then with nothing, so that its thread can end."""

    def __init__(self, client: Any, channels: tuple[Channel, ...]) -> None:
        for channel in channels:
            check_channel(str(channel))
        self._pubsub = client.pubsub(ignore_subscribe_messages=True)
        self._channels = channels
        self._heard, self._asked = time.monotonic(), False

    def open(self) -> None:
        """Raises Away."""
        with _translated():
            self._pubsub.subscribe(*map(str, self._channels))

    def hear(self, seconds: float) -> bytes | None:
        """The next message, if one comes within this time. Raises Away."""
        with _translated():
            message = self._pubsub.get_message(timeout=seconds)
            if message is not None:
                self._heard, self._asked = time.monotonic(), False
                return bytes(message["data"]) if message["type"] == "message" else None
            silent = time.monotonic() - self._heard
            if silent > QUIET and not self._asked:
                self._asked = True
                self._pubsub.ping()
            if silent > QUIET + PATIENCE:
                raise TimeoutError
        return None

    def close(self) -> None:
        with suppress(RedisError, OSError):
            self._pubsub.close()
