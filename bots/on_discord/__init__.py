"""The Discord door: signing in, registering commands, staying connected.

Puts its parts together; what each of them knows, its own module says.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import discord
import structlog

from bots.chatting import LONGEST_PAUSE, pause_after, tell_operator
from bots.leading import role_of
from bots.on_discord.access import Access
from bots.on_discord.clearing import Clearing
from bots.on_discord.commands import registrations, same
from bots.on_discord.hearing import Hearing
from bots.on_discord.outcomes import Outcomes
from bots.on_discord.pacing import Pace, Throttle
from bots.on_discord.places import NAME
from bots.on_discord.progress import ProgressShown
from bots.on_discord.requests import Requests
from bots.on_discord.snags import Snag
from bots.on_discord.unasked import write_alone
from bots.on_discord.wire import Wire
from bots.replies import Line, Reply, say
from core.errors import Refused, Unavailable
from core.ports import App
from core.queue.board import Drawing
from core.records import Copy
from core.requests import delivery
from core.values import DeliveryState, Owed
from core.values.receipts import Taken

log = structlog.get_logger()

WRONG_TOKEN: Final = 4004  #: how the gateway hangs up then
FAREWELL: Final = 5.0  #: seconds for answers on their way when the door closes


class Discord:
    """`bots.delivering.Door`. `start` it, `run` it until cancelled, `close` it.

    `stir` is called when there is something new to do; `warn` tells whoever runs this bot what they should know.
    """

    name = NAME

    def __init__(
        self,
        app: App,
        access: Access,
        *,
        throttle: Throttle | None = None,
        warn: Callable[[Line], None] = tell_operator,
    ) -> None:
        self._app, self._access, self._warn = app, access, warn
        self.stir: Callable[[], None] = lambda: None
        self.role = role_of(app, NAME, access.token)
        self._closed = asyncio.Event()
        self._wire = Wire()
        requests, pace = Requests(app), Pace(throttle or Throttle())
        self._outcomes = Outcomes(app, self._wire, requests, pace)
        self._progress = ProgressShown(app, self._wire, requests, pace)
        self._clearing = Clearing(app, self._wire, requests)
        self._hearing = Hearing(app, self._wire, requests, lambda: self.stir())

    # Life

    async def start(self) -> None:
        """Sign in. Raises Refused when Discord does not know the token; what can't be reached now is tried again by `run`."""
        try:
            await self._sign_in()
        except Unavailable as trouble:
            self._warn(say(trouble.key))

    async def run(self) -> None:
        """Hear and answer until closed or cancelled. Raises Refused once Discord does not know the token any more."""
        failures = 0
        while not self._closed.is_set():
            try:
                client = await self._sign_in()
                began = time.monotonic()
                await self._listen(client)
                failures = 0 if time.monotonic() - began > LONGEST_PAUSE else failures + 1
            except Unavailable:
                failures += 1
            if not self._closed.is_set():
                await asyncio.sleep(pause_after(failures))

    async def close(self) -> None:
        """Let answers out that are on their way, for a while, and hang up; what is owed stays owed."""
        self._closed.set()
        await self._progress.close()
        await self._hearing.settle(FAREWELL)
        await self._hang_up()

    @property
    def busy(self) -> bool:
        """Something is being answered."""
        return self._hearing.busy

    # What the background calls

    async def owed(self) -> list[Owed]:
        return await delivery.owed(self._app, NAME)

    async def tell(self, told: Reply, owed: Sequence[Owed]) -> DeliveryState:
        return await self._outcomes.tell(told, owed)

    def progress(self, drawing: Drawing) -> None:
        if self._wire.client is not None:
            self._progress.show(drawing)

    async def write_to(self, raw_id: str, told: Reply, sending: str) -> DeliveryState:
        """As `bots.heralding.Chat.write_to`."""
        return await write_alone(self._wire, int(raw_id), told, sending)

    async def take_back(self, copy: Copy) -> Taken:
        """As `bots.taking_back.Leaves.take_back`."""
        if self._wire.client is None:
            raise Unavailable("discord.unreachable", retry_after=1.0)
        return await self._clearing.take_back(copy.person, copy.job, copy.index)

    # Signing in and staying connected

    async def _sign_in(self) -> discord.Client:
        """Raises Refused for a wrong token, Unavailable when it did not work."""
        if self._wire.client is None:
            client = self._access.client()
            client.listener = self._hearing
            await client.sign_in(self._access.token)
            self._wire.client = client
            await self._register(client)
        return self._wire.client

    async def _register(self, client: discord.Client) -> None:
        """Commands as they are now, where Discord knows others. A bot whose commands are of yesterday is better than none."""
        wanted: list[Any] = registrations(self._app.catalogue)
        application = client.application_id
        assert application is not None, "whoever is signed in knows their application"
        try:
            known: Any = await self._wire.call(lambda: client.http.get_global_commands(application))
            if not same(known, wanted):
                await self._wire.call(lambda: client.http.bulk_upsert_global_commands(application, wanted))
        except Snag as snag:
            log.warning("discord.not_registered", door=NAME, error=type(snag).__name__)

    async def _listen(self, client: discord.Client) -> None:
        """Until the connection is lost for good, or somebody else is to listen: then answers on their way may still go out.

        Raises Refused for a token that Discord knows no more.
        """
        wrong = False
        try:
            await client.connect()
        except Exception as error:  # noqa: BLE001 - of several libraries; whatever it was, it is tried again
            wrong = isinstance(error, discord.ConnectionClosed) and error.code == WRONG_TOKEN
            log.warning("discord.disconnected", door=NAME, error=type(error).__name__)
        finally:
            await self._hearing.settle(FAREWELL)
            await self._hang_up()
        if wrong:
            raise Refused("discord.wrong_token")

    async def _hang_up(self) -> None:
        client, self._wire.client = self._wire.client, None
        if client is not None:
            await client.close()
