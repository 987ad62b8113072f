"""`DiscordServer`: one Discord on a loopback port, with everybody on it and everything a bot asked of it."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any, Self, TypeVar

from aiohttp import web

from tests.discord_ import messages, wire
from tests.discord_.commands import Commands
from tests.discord_.faults import Faults
from tests.discord_.gateway import Gateway
from tests.discord_.interactions import Use
from tests.discord_.limits import Limits
from tests.discord_.messages import Attachment, Message, Upload
from tests.discord_.people import USUAL, Channel, Guild, Role, User
from tests.discord_.rest import API, Rest
from tests.discord_.routes import INVALID, Call
from tests.discord_.wire import DISCORD_EPOCH

LOOPBACK = "127.0.0.1"
AT_LEAST_EVERY = 0.05  #: seconds after which a condition is looked at again, whatever it depends on
PATIENCE = 0.05  #: seconds that handlers have to end when the server goes down

T = TypeVar("T")


class DiscordServer:
    def __init__(self, *, seed: int = 0, limits: Limits | None = None, shards: int = 1) -> None:
        self.limits = limits or Limits()
        self.shards = shards  #: how many `/gateway/bot` recommends
        self.faults = Faults(seed)
        self.requests: list[Call] = []
        self.mistakes: list[BaseException] = []  #: of this server or of a test, raised at the end
        self.users: dict[int, User] = {}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.roles: dict[int, Role] = {}
        self.messages: dict[int, Message] = {}
        self.uses: dict[int, Use] = {}
        self.files: dict[int, Attachment] = {}
        self._tokens: dict[str, Use] = {}
        self._dms: dict[int, Channel] = {}
        self._rng = random.Random(seed)
        self._ahead, self._last_id, self._port = 0.0, 0, 0
        self._changed = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self.token = self.new_token()
        self.bot = self.user("darkroom", bot=True)
        self.owner = self.user("operator")
        self.application_id = self.bot.id
        self.commands = Commands(self)
        self.gateway = Gateway(self)
        self._rest = Rest(self)

    async def __aenter__(self) -> Self:
        await self.comes_up()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        await self.goes_down()
        if kind is None and self.mistakes:
            raise ExceptionGroup(
                "mistakes of the stand-in", [one for one in self.mistakes if isinstance(one, Exception)]
            )

    @property
    def api_url(self) -> str:
        """For `discord.http.Route.BASE`."""
        return f"http://{LOOPBACK}:{self._port}{API}"

    @property
    def gateway_url(self) -> str:
        """For `discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY`, as a `yarl.URL`."""
        return f"ws://{LOOPBACK}:{self._port}/gateway"

    @property
    def environment(self) -> dict[str, str]:
        """What a bot in another process is told."""
        return {
            "DARKROOM_DISCORD_TOKEN": self.token,
            "DARKROOM_DISCORD_API": self.api_url,
            "DARKROOM_DISCORD_GATEWAY": self.gateway_url,
        }

    # The stage.

    def user(self, name: str, *, bot: bool = False) -> User:
        person = User(self, self.new_id(), name, bot=bot)
        self.users[person.id] = person
        return person

    def guild(self, name: str, *members: User, owner: User | None = None, bot: bool = True) -> Guild:
        """A server with these people in it, and the bot unless told otherwise."""
        number = self.new_id()
        owner = owner or self.user(f"owner of {name}")
        guild = Guild(self, number, name, owner, [owner, *members, *([self.bot] if bot else [])])
        guild.roles.append(Role(number, "@everyone", USUAL))
        self.guilds[number] = guild
        self.roles[number] = guild.everyone
        if bot:
            self.gateway.tell_of(guild)
        return guild

    def dm_with(self, person: User) -> Channel:
        channel = self._dms.get(person.id)
        if channel is None:
            channel = self._dms[person.id] = Channel(self, self.new_id(), f"DM with {person.name}", recipient=person)
            self.channels[channel.id] = channel
        return channel

    def kills_token(self, use: Use) -> None:
        """As after fifteen minutes."""
        use.killed = True
        self.changes()

    def passes(self, seconds: float) -> None:
        """Put the clock forward; deadlines, tokens and nonces go by it."""
        self._ahead += seconds
        self.changes()

    async def until(self, condition: Callable[[], T], within: float = 5.0) -> T:
        """Wait for something to become true, looking at every change; gives what `condition` gave."""
        deadline = time.monotonic() + within
        while not (found := condition()):
            left = deadline - time.monotonic()
            if left <= 0:
                latest = [f"{call.route} -> {call.status}" for call in self.requests[-8:]]
                raise AssertionError(f"it did not come true within {within} s; the latest requests: {latest}")
            await self.next_change(left)
        return found

    async def next_change(self, within: float) -> None:
        changed = self._changed
        try:
            async with asyncio.timeout(max(0.0, min(within, AT_LEAST_EVERY))):
                await changed.wait()
        except TimeoutError:
            return

    # What a test asserts on.

    def called(self, route: str) -> list[Call]:
        return [call for call in self.requests if call.route == route]

    @property
    def invalid_requests(self) -> list[Call]:
        """Those that count towards a ban of the bot's address."""
        return [call for call in self.requests if call.status in INVALID and not _shared(call)]

    @property
    def pinged(self) -> set[Any]:
        """Everybody whom any message of the bot would have notified."""
        return {one for message in self.messages.values() if message.author is self.bot for one in message.pinged}

    # Up and down.

    async def comes_up(self) -> None:
        """Listen, on the port of before if there was one, with all that was known before."""
        app = web.Application(client_max_size=512 * 1024 * 1024)
        app.router.add_get("/gateway", self._connect)
        app.router.add_get("/attachments/{channel}/{attachment}/{name}", self._download)
        app.router.add_route("*", API + "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=PATIENCE)
        await self._runner.setup()
        site = web.TCPSite(self._runner, LOOPBACK, self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def goes_down(self, *, forgetting_sessions: bool = False) -> None:
        """Stop listening and drop every connection; what people and messages there are stays."""
        runner, self._runner = self._runner, None
        self.gateway.goes_down(forgetting=forgetting_sessions)
        if runner is not None:
            await runner.cleanup()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        return await self._watched(self._rest.serve(request))

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        return await self._watched(self.gateway.serve(request))

    async def _watched(self, serving: Awaitable[web.StreamResponse]) -> web.StreamResponse:
        try:
            return await serving
        except (ConnectionError, web.RequestPayloadError):
            raise
        except Exception as mistake:
            self.mistakes.append(mistake)
            raise

    async def _download(self, request: web.Request) -> web.Response:
        file = self.files.get(int(request.match_info["attachment"]))
        if file is None:
            return web.Response(status=404, text="This content is no longer available.")
        return web.Response(body=file.bytes, content_type=file.content_type or "application/octet-stream")

    # For the other modules of this folder.

    def now(self) -> float:
        return time.time() + self._ahead

    def new_id(self) -> int:
        self._last_id = max(self._last_id + 1, int(self.now() * 1000 - DISCORD_EPOCH) << 22)
        return self._last_id

    def new_token(self) -> str:
        return "".join(self._rng.choices("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", k=72))

    def changes(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def stored(self, channel: Channel, upload: Upload, name: str, description: str | None) -> Attachment:
        place = f"http://{LOOPBACK}:{self._port}/attachments/{channel.id}"
        file = messages.attachment(self.new_id(), place, upload, name, description)
        self.files[file.id] = file
        return file

    def began(self, use: Use) -> None:
        self.uses[use.id] = self._tokens[use.token] = use

    def use_with(self, token: str) -> Use | None:
        return self._tokens.get(token)

    def remembered(self, nonce: str) -> Message | None:
        """The bot's message of the past few minutes with that nonce."""
        since = self.now() - self.limits.nonce_remembered
        for message in reversed(self.messages.values()):
            if message.versions[0].at < since:
                break
            if message.nonce == nonce and message.author is self.bot:
                return message
        return None

    def shows(self, message: Message) -> None:
        self.messages[message.id] = message
        message.channel.last_message = message
        self._tell("MESSAGE_CREATE", message)

    def shows_edit(self, message: Message) -> None:
        self._tell("MESSAGE_UPDATE", message)

    def removes(self, message: Message) -> None:
        message.deleted = True
        guild = message.channel.guild
        data = {"id": str(message.id), "channel_id": str(message.channel.id)}
        self.gateway.tell("MESSAGE_DELETE", data | _in(guild), guild=guild)
        self.changes()

    def opens(self, channel: Channel) -> None:
        self.channels[channel.id] = channel
        assert channel.guild is not None
        if channel.guild.has_bot:
            self.gateway.tell("CHANNEL_CREATE", wire.channel(channel), guild=channel.guild)
        self.changes()

    def closes(self, channel: Channel) -> None:
        channel.deleted = True
        for message in self.messages.values():
            message.deleted |= message.channel is channel
        assert channel.guild is not None
        self.gateway.tell("CHANNEL_DELETE", wire.channel(channel), guild=channel.guild)
        self.changes()

    def _tell(self, event: str, message: Message) -> None:
        guild = message.channel.guild
        if not message.ephemeral and (guild is None or guild.has_bot):
            data = wire.message(message) | _in(guild)
            if guild is not None and not message.author.bot:
                data["member"] = {
                    key: value for key, value in wire.member(message.author, guild).items() if key != "user"
                }
            self.gateway.tell(event, data, guild=guild)
        self.changes()


def _in(guild: Guild | None) -> dict[str, str]:
    return {} if guild is None else {"guild_id": str(guild.id)}


def _shared(call: Call) -> bool:
    return call.scope == "shared"
