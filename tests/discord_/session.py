"""A gateway session, which outlives its connection, and a line: one websocket and what leaves on it, in order."""

from __future__ import annotations

import asyncio
import enum
import json
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from tests.discord_.people import Guild

GUILDS, GUILD_MEMBERS, PRESENCES = 1 << 0, 1 << 1, 1 << 8
GUILD_MESSAGES, DIRECT_MESSAGES, MESSAGE_CONTENT = 1 << 9, 1 << 12, 1 << 15


class Op(enum.IntEnum):
    DISPATCH = 0
    HEARTBEAT = 1
    IDENTIFY = 2
    PRESENCE = 3
    VOICE = 4
    RESUME = 6
    RECONNECT = 7
    MEMBERS = 8
    INVALID = 9
    HELLO = 10
    ACK = 11


class Code(enum.IntEnum):
    """Why a connection ends."""

    DONE = 1000
    GOING_AWAY = 1001
    MAY_RESUME = 4000
    UNKNOWN_OPCODE = 4001
    MALFORMED = 4002
    NOT_IDENTIFIED = 4003
    WRONG_TOKEN = 4004
    TWICE_IDENTIFIED = 4005
    DISALLOWED_INTENTS = 4014


@dataclass(eq=False)
class Session:
    """What one identify began; it outlives its connection until it is forgotten."""

    id: str
    intents: int
    shard: tuple[int, int]
    line: Line | None = field(default=None, repr=False)
    sent: list[str] = field(default_factory=list, repr=False)  #: every event, numbered from 1
    held: list[str] = field(default_factory=list, repr=False)  #: those that are to come later

    def number(self, name: str, data: Any) -> str:
        text = json.dumps({"op": Op.DISPATCH, "t": name, "s": len(self.sent) + 1, "d": data})
        self.sent.append(text)
        return text

    def wants(self, name: str, guild: Guild | None) -> bool:
        if guild is not None and (guild.id >> 22) % self.shard[1] != self.shard[0]:
            return False
        if guild is None and self.shard[0] != 0:
            return False
        if name.startswith("MESSAGE_"):
            return bool(self.intents & (DIRECT_MESSAGES if guild is None else GUILD_MESSAGES))
        if name.startswith(("GUILD_", "CHANNEL_")):
            return bool(self.intents & GUILDS)
        return True

    def may_read(self, data: dict[str, Any], guild: Guild | None) -> bool:
        """Without the privileged intent, other people's words in servers are blank."""
        return (
            guild is None
            or "author" not in data
            or data["author"].get("bot", False)
            or bool(self.intents & MESSAGE_CONTENT)
        )


class Line:
    """One websocket; what is put on it leaves in that order."""

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.Transport | None, *, compressed: bool) -> None:
        self.socket = socket
        self._transport = transport
        self._deflate = zlib.compressobj() if compressed else None
        self._waiting: asyncio.Queue[str | int] = asyncio.Queue()
        self._sending = asyncio.create_task(self._send())

    def put(self, text: str) -> None:
        self._waiting.put_nowait(text)

    def say(self, op: int, data: Any = None) -> None:
        self.put(json.dumps({"op": op, "d": data}))

    def hang_up(self, code: int) -> None:
        """After everything said so far."""
        self._waiting.put_nowait(code)

    def end(self) -> None:
        self._sending.cancel()

    def drop(self) -> None:
        """At once, without a word."""
        self.end()
        if self._transport is not None:
            self._transport.abort()

    async def _send(self) -> None:
        while True:
            said = await self._waiting.get()
            try:
                if isinstance(said, int):
                    await self.socket.close(code=said)
                    return
                if self._deflate is None:
                    await self.socket.send_str(said)
                else:
                    raw = self._deflate.compress(said.encode()) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
                    await self.socket.send_bytes(raw)
            except (ConnectionError, RuntimeError):
                return
