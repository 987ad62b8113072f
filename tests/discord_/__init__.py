"""A stand-in for Discord on a loopback port: its REST API v10 and gateway on the wire, checked against its published schemas.

It is no Discord: shapes come from the schemas, behaviour (errors, limits, order, timing) from Discord's documentation as
written down in these modules. Nobody's claim may say "tested against Discord" because of it.

    async with DiscordServer() as discord_:
        ben = discord_.user("ben")
        room = discord_.guild("Friends", ben).channel("art")
        ...                                        # a bot signs in at discord_.api_url and discord_.gateway_url
        use = await ben.uses("/imagine", prompt="a fox", in_=room)
        await discord_.until(lambda: use.message.attachments)
"""

from __future__ import annotations

from tests.discord_.people import Channel, Guild, Impossible, Message, Use, User
from tests.discord_.server import DiscordServer

__all__ = ["Channel", "DiscordServer", "Guild", "Impossible", "Message", "Use", "User"]
