"""Which bot this is and where Discord is reached: from the settings, and whether it works. Never shows a secret."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import aiohttp
import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route
from discord.utils import oauth_url

from bots.on_discord.commands import registrations, same
from bots.replies import say
from bots.secrets import load_text
from bots.settings import Settings
from bots.texts import render
from core.errors import Refused, Unavailable
from core.ports import Catalogue

LONGEST_LIMIT: Final = 30.0  #: seconds of a rate limit that a call waits out; a longer one is for whoever called
SCOPES: Final = ("bot", "applications.commands")
NEEDED: Final = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    attach_files=True,
    read_message_history=True,  # to see whether a picture arrived whose sending was not confirmed
)


@dataclass(frozen=True)
class Access:
    """`gateway` empty: the one Discord names."""

    token: str = field(repr=False)
    api: str = "https://discord.com/api/v10"
    gateway: str = ""

    def client(self) -> Client:
        """The library keeps both addresses for the whole process, so that there can be only one of each."""
        Route.BASE = self.api.rstrip("/")
        if self.gateway:
            DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(self.gateway)
        return Client()


def load_access(settings: Settings) -> Access | None:
    """None where no token is set. Raises BadSettings."""
    token = load_text(settings, "discord_token")
    return Access(token, settings.discord_api, settings.discord_gateway) if token else None


class Listener(Protocol):
    """Who is told what people do."""

    async def interaction(self, interaction: discord.Interaction[Any], /) -> None: ...
    async def message(self, message: discord.Message, /) -> None: ...


class Client(discord.Client):
    """The library, keeping nothing it is not asked to keep, and asking for no intent that Discord has to grant."""

    def __init__(self) -> None:
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # nobody speaks here
        super().__init__(
            intents=discord.Intents(guilds=True, dm_messages=True),
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            max_ratelimit_timeout=LONGEST_LIMIT,
        )

        self.listener: Listener | None = None

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        if self.listener is not None:
            await self.listener.interaction(interaction)

    async def on_message(self, message: discord.Message) -> None:
        if self.listener is not None:
            await self.listener.message(message)

    async def sign_in(self, token: str) -> None:
        """Raises Refused for a token that Discord does not know, Unavailable when it cannot be reached; closed then."""
        try:
            await self.login(token)
        except discord.LoginFailure:
            await self.close()
            raise Refused("discord.wrong_token") from None
        except (discord.DiscordException, aiohttp.ClientError, OSError):
            await self.close()
            raise Unavailable("discord.unreachable") from None


@dataclass(frozen=True)
class Checkup:
    """What an operator may know of the door; `trouble` is empty when it opens."""

    name: str = ""
    application: int = 0
    servers: int = 0
    registered: bool = False  #: Discord knows every command as it is now
    trouble: str = ""

    @property
    def invitation(self) -> str:
        """Opens Discord's own dialogue for adding the bot to a server."""
        return invite_link(self.application) if self.application else ""

    @property
    def sentence(self) -> str:
        if self.trouble:
            return self.trouble
        commands = say("discord.registered" if self.registered else "discord.unregistered")
        return render(say("discord.reached", name=self.name, servers=self.servers, commands=commands))


async def check(access: Access, catalogue: Catalogue) -> Checkup:
    """Ask Discord who this is. Changes nothing, and may run beside the bot."""
    client = access.client()
    try:
        await client.sign_in(access.token)
        about = await client.application_info()
        known: Any = await client.http.get_global_commands(about.id)
        registered = same(known, registrations(catalogue))
        return Checkup(about.name, about.id, about.approximate_guild_count, registered)
    except (Refused, Unavailable) as trouble:
        return Checkup(trouble=render(say(trouble.key)))
    except (discord.DiscordException, aiohttp.ClientError, OSError):
        return Checkup(trouble=render(say("discord.unreachable")))
    finally:
        await client.close()


def invite_link(application: int) -> str:
    """Brings the bot into a server, with what it needs there and no more."""
    return oauth_url(application, permissions=NEEDED, scopes=SCOPES)
