"""The gateway: websockets, sessions with their events, and what a bot must say to get them.

Opcodes, close codes and the order of events are those of the pages "Gateway" and "Opcodes and Status Codes".
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from tests.discord_ import wire
from tests.discord_.faults import Kind
from tests.discord_.schema import spec
from tests.discord_.session import GUILD_MEMBERS, MESSAGE_CONTENT, PRESENCES, Code, Line, Op, Session

if TYPE_CHECKING:
    from tests.discord_.people import Guild
    from tests.discord_.server import DiscordServer

PRIVILEGED = GUILD_MEMBERS | PRESENCES | MESSAGE_CONTENT
UNREADABLE: dict[str, Any] = {"content": "", "embeds": [], "attachments": [], "components": []}
AT_ONCE = 0.05  #: seconds after which an event that was to come later comes anyway


class Gateway:
    def __init__(self, server: DiscordServer) -> None:
        self._server = server
        self.sessions: dict[str, Session] = {}
        self.identified: list[dict[str, Any]] = []  #: every identify that was accepted
        self.resumed: list[str] = []  #: session ids
        self.presence: dict[str, Any] | None = None
        self.allowed_intents = (1 << 32) - 1 & ~PRIVILEGED  #: privileged ones are granted by a test
        self._lines: set[Line] = set()

    @property
    def connected(self) -> list[Session]:
        return [session for session in self.sessions.values() if session.line is not None]

    def grants(self, intents: int) -> None:
        """Allow privileged intents."""
        self.allowed_intents |= intents

    def tell(self, name: str, data: Any, *, guild: Guild | None = None) -> int:
        """An event for every session that wants it; how many do."""
        spec().check_event(name, data)
        wanted = [session for session in self.sessions.values() if session.wants(name, guild)]
        for session in wanted:
            self._deliver(session, name, data if session.may_read(data, guild) else data | UNREADABLE)
        return len(wanted)

    def tell_of(self, guild: Guild) -> None:
        self.tell("GUILD_CREATE", wire.guild_for_gateway(guild), guild=guild)

    def drops(self, *, resumable: bool = True, politely: bool = False) -> None:
        """End every connection, after op 7 where "politely"; for good where the session is forgotten too."""
        for session in list(self.sessions.values()):
            if not resumable:
                del self.sessions[session.id]
            line, session.line = session.line, None
            if line is not None:
                if politely:
                    line.say(Op.RECONNECT)
                line.hang_up(Code.MAY_RESUME if resumable else Code.GOING_AWAY)

    def goes_down(self, *, forgetting: bool) -> None:
        for session in self.sessions.values():
            session.line = None
        for line in list(self._lines):
            line.drop()
        if forgetting:
            self.sessions.clear()

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(max_msg_size=4096 * 4, compress=False)
        await socket.prepare(request)
        line = Line(socket, request.transport, compressed=request.query.get("compress") == "zlib-stream")
        self._lines.add(line)
        line.say(Op.HELLO, {"heartbeat_interval": int(self._server.limits.heartbeat * 1000)})
        session: Session | None = None
        try:
            async for message in socket:
                if message.type is not WSMsgType.TEXT:
                    line.hang_up(Code.MALFORMED)
                    break
                session = self._heard(line, session, message.data)
        finally:
            line.end()
            self._lines.discard(line)
            self._hung_up(line, session, socket.close_code)
        return socket

    def _heard(self, line: Line, session: Session | None, text: str) -> Session | None:
        payload = json.loads(text)
        op, data = payload.get("op"), payload.get("d")
        if op == Op.HEARTBEAT:
            line.say(Op.ACK)
        elif op not in (Op.IDENTIFY, Op.RESUME, Op.PRESENCE, Op.VOICE, Op.MEMBERS):
            line.hang_up(Code.UNKNOWN_OPCODE)
        elif op != Op.VOICE and not spec().command_is_well_formed(payload):
            line.hang_up(Code.MALFORMED)
        elif op == Op.IDENTIFY:
            return self._identify(line, session, data)
        elif op == Op.RESUME:
            return self._resume(line, data)
        elif session is None:
            line.hang_up(Code.NOT_IDENTIFIED)
        elif op == Op.MEMBERS:
            self._send_members(session, data)
        elif op == Op.PRESENCE:
            self.presence = data
        return session

    def _identify(self, line: Line, session: Session | None, data: dict[str, Any]) -> Session | None:
        if session is not None:
            line.hang_up(Code.TWICE_IDENTIFIED)
        elif data["token"] != self._server.token:
            line.hang_up(Code.WRONG_TOKEN)
        elif data["intents"] & ~self.allowed_intents:
            line.hang_up(Code.DISALLOWED_INTENTS)
        else:
            shard = tuple(data.get("shard") or (0, 1))
            session = Session(self._server.new_token()[:32], data["intents"], (shard[0], shard[1]), line)
            abandoned = [old for old in self.sessions.values() if old.line is None and old.shard == session.shard]
            for old in abandoned:
                del self.sessions[old.id]
            self.sessions[session.id] = session
            self.identified.append(data)
            self._welcome(session)
            self._server.changes()
        return session

    def _welcome(self, session: Session) -> None:
        server = self._server
        guilds = [guild for guild in server.bot.guilds if session.wants("GUILD_CREATE", guild)]
        ready = {
            "v": 10,
            "user": wire.myself(server.bot),
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
            "session_id": session.id,
            "session_type": "normal",
            "resume_gateway_url": server.gateway_url,
            "shard": list(session.shard),
            "application": {"id": str(server.application_id), "flags": 0, "flags_new": "0"},
            "private_channels": [],
        }
        spec().check_event("READY", ready)
        self._put(session, session.number("READY", ready))
        for guild in guilds:
            data = wire.guild_for_gateway(guild)
            spec().check_event("GUILD_CREATE", data)
            self._put(session, session.number("GUILD_CREATE", data))

    def _resume(self, line: Line, data: dict[str, Any]) -> Session | None:
        session = self.sessions.get(data["session_id"])
        if data["token"] != self._server.token:
            line.hang_up(Code.WRONG_TOKEN)
            return None
        if session is None or data["seq"] > len(session.sent):
            line.say(Op.INVALID, False)
            return None
        if session.line is not None:
            session.line.hang_up(Code.MAY_RESUME)
        session.line = line
        for text in session.sent[data["seq"] :]:
            line.put(text)
        self._put(session, session.number("RESUMED", {}))
        self.resumed.append(session.id)
        self._server.changes()
        return session

    def _send_members(self, session: Session, data: dict[str, Any]) -> None:
        guild = self._server.guilds[int(data["guild_id"])]
        asked = {str(number) for number in data.get("user_ids") or ()}
        chosen = [person for person in guild.members if not asked or str(person.id) in asked]
        members = [wire.member(person, guild) for person in chosen]
        chunk = {"guild_id": str(guild.id), "members": members, "chunk_index": 0, "chunk_count": 1}
        if data.get("nonce"):
            chunk["nonce"] = data["nonce"]
        spec().check_event("GUILD_MEMBERS_CHUNK", chunk)
        self._deliver(session, "GUILD_MEMBERS_CHUNK", chunk)

    def _deliver(self, session: Session, name: str, data: Any) -> None:
        faults, text = self._server.faults.of_event(name), session.number(name, data)
        if Kind.LATER in faults:
            session.held.append(text)
            asyncio.get_running_loop().call_later(AT_ONCE, self._release, session)
            return
        for _ in range(2 if Kind.TWICE in faults else 1):
            self._put(session, text)
        self._release(session)

    def _release(self, session: Session) -> None:
        held, session.held = session.held, []
        for text in held:
            self._put(session, text)

    def _put(self, session: Session, text: str) -> None:
        if session.line is not None:
            session.line.put(text)

    def _hung_up(self, line: Line, session: Session | None, code: int | None) -> None:
        if session is None or session.line is not line:
            return
        session.line = None
        if code in (Code.DONE, Code.GOING_AWAY):
            self.sessions.pop(session.id, None)
        self._server.changes()
