"""What is asked of Discord, call by call, each failing with a snag. Every message mentions nobody and shows no embed.

Knows how the library is used, and which channels shut us out; not what the messages are about.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

import discord
import structlog
from discord import AllowedMentions, File

from bots.on_discord.buttons import view
from bots.on_discord.cards import Letter
from bots.on_discord.places import NAME, Spot
from bots.on_discord.snags import Limited, Missing, Shut, Snag, Unsure, meaning

log = structlog.get_logger()

PATIENCE: Final = 20.0  #: seconds for one call, with the waiting the library does for Discord
SHUT_FOR: Final = 600.0  #: seconds in which nothing is sent to a channel that shut us out
LOOKED_AT: Final = 300  #: messages of a channel, when one of ours is looked for
KEPT: Final = 2_000  #: channels remembered
TRIES: Final = 4
NONCE: Final = 25  #: characters Discord takes
NOBODY: Final = AllowedMentions.none()
T = TypeVar("T")


class _First:
    """How Discord calls the first answer to an interaction; as a string the library would quote it."""

    def __str__(self) -> str:
        return "@original"


FIRST: Final[Any] = _First()


class Wire:
    """`client` is the one that is signed in, None while none is."""

    def __init__(self) -> None:
        self.client: discord.Client | None = None
        self._closed: dict[int, tuple[float, Snag]] = {}

    async def change(self, spot: Spot, letter: Letter) -> discord.Message:
        """Into a message that stands, whatever it showed before: twice is once."""
        attached = [*letter.kept, *_files(letter)]
        how: dict[str, Any] = {"content": letter.content, "attachments": attached, "allowed_mentions": NOBODY}
        if letter.rows is not None:
            how["view"] = view(letter.rows)
        if spot.token:
            return await self._call(lambda: self._webhook(spot).edit_message(spot.message or FIRST, **how))
        return await self._in(spot.channel, lambda: self._message(spot).edit(**how))

    async def fetch(self, spot: Spot) -> discord.Message:
        """As it stands now."""
        if spot.token:
            return await self._call(lambda: self._webhook(spot).fetch_message(spot.message or FIRST))
        return await self._in(spot.channel, lambda: self._message(spot).fetch())

    async def remove(self, spot: Spot) -> None:
        if spot.token:
            await self._call(lambda: self._webhook(spot).delete_message(spot.message or FIRST))
        else:
            await self._in(spot.channel, lambda: self._message(spot).delete())

    async def follow(self, spot: Spot, letter: Letter, *, quiet: bool) -> discord.Message:
        """One more answer to an interaction. Twice may be twice: Discord has no means against it."""
        how = _new(letter)
        return await self._call(lambda: self._webhook(spot).send(letter.content, ephemeral=quiet, wait=True, **how))

    async def send(self, channel: int, letter: Letter, nonce: str) -> discord.Message:
        """A message of ours. For some minutes the same nonce gives the same message."""
        how = _new(letter)
        return await self._in(channel, lambda: self._channel(channel).send(letter.content, nonce=nonce, **how))

    async def open_alone(self, person: int) -> int:
        """The private channel with somebody; it stays the same one."""
        opened = await self._call(lambda: self._signed_in().http.start_private_message(person))
        return int(opened["id"])

    async def look(self, channel: int, after: int, wanted: Callable[[discord.Message], bool]) -> discord.Message | None:
        """A message of ours since then."""

        async def looking() -> discord.Message | None:
            since = discord.Object(after)
            me = self._signed_in().user
            async for message in self._channel(channel).history(after=since, limit=LOOKED_AT):
                if message.author == me and wanted(message):
                    return message
            return None

        return await self._in(channel, looking)

    async def call(self, work: Callable[[], Awaitable[T]]) -> T:
        """Anything else of the library."""
        return await self._call(work)

    def _signed_in(self) -> discord.Client:
        if self.client is None or self.client.is_closed():
            raise Unsure
        return self.client

    def _webhook(self, spot: Spot) -> discord.Webhook:
        """How the library calls the way to answer an interaction, whichever process was asked."""
        webhook = discord.Webhook.partial(spot.application, spot.token, client=self._signed_in())
        webhook.type = discord.WebhookType.application
        return webhook

    def _channel(self, channel: int) -> discord.PartialMessageable:
        return self._signed_in().get_partial_messageable(channel)

    def _message(self, spot: Spot) -> discord.PartialMessage:
        return self._channel(spot.channel).get_partial_message(spot.message)

    async def _in(self, channel: int, work: Callable[[], Awaitable[T]]) -> T:
        """A channel that shut us out is left alone for a while: too many refusals and Discord bans the address."""
        until, said = self._closed.get(channel, (0.0, Shut()))
        now = time.monotonic()
        if until > now:
            raise Limited(until - now) if isinstance(said, Limited) else Shut
        try:
            return await self._call(work)
        except Shut as shut:
            self._close(channel, SHUT_FOR, shut)
            raise
        except Limited as limited:
            self._close(channel, limited.seconds, limited)
            raise

    def _close(self, channel: int, seconds: float, said: Snag) -> None:
        now = time.monotonic()
        if len(self._closed) >= KEPT:
            self._closed = {one: held for one, held in self._closed.items() if held[0] > now}
        self._closed[channel] = (now + seconds, said)

    async def _call(self, work: Callable[[], Awaitable[T]]) -> T:
        """What a library's exception means, without its words: those may quote a token."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await work()
        except Snag:
            raise
        except Exception as error:
            snag = meaning(error)
            if snag is None and self.client is not None and not self.client.is_closed():
                raise
        raise (snag or Unsure()) from None


def nonce(name: str) -> str:
    """What Discord knows a message by that may be sent twice: the same for the same name, also after a restart."""
    return hashlib.sha256(name.encode()).hexdigest()[:NONCE]


async def insist(work: Callable[[], Awaitable[T]]) -> T:
    """Until it is done, or there is no hope: for what may be done twice."""
    unsure = 0
    while True:
        try:
            return await work()
        except Limited as limited:
            if limited.seconds > PATIENCE:
                raise
            await asyncio.sleep(limited.seconds)
        except Unsure:
            unsure += 1
            if unsure >= TRIES:
                raise
            await asyncio.sleep(0.25 * 2.0**unsure)


async def removed(work: Callable[[], Awaitable[None]]) -> bool:
    """Whether a message is certainly gone."""
    try:
        await insist(work)
    except Missing:
        return True
    except Snag:
        return False
    return True


async def shrug(work: Awaitable[object]) -> None:
    """For what is only nice to have: when it does not work, that is noted and nothing is wrong."""
    try:
        await work
    except Snag as snag:
        log.info("discord.left", door=NAME, error=type(snag).__name__)


def _new(letter: Letter) -> dict[str, Any]:
    how: dict[str, Any] = {"files": _files(letter), "suppress_embeds": True, "allowed_mentions": NOBODY}
    return how | ({"view": view(letter.rows)} if letter.rows else {})


def _files(letter: Letter) -> list[File]:
    return [File(io.BytesIO(one.data), one.name) for one in letter.files]
