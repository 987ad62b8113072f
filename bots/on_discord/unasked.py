"""Speaking first, in the private chat of somebody who did not ask. Knows no notice and nobody's state."""

from __future__ import annotations

from functools import partial

import structlog

from bots.on_discord.cards import Letter
from bots.on_discord.places import NAME
from bots.on_discord.snags import Limited, Snag, Unsure
from bots.on_discord.wire import Wire, insist, nonce
from bots.on_discord.words import pieces, written
from bots.replies import Reply
from core.errors import Gone, Unavailable
from core.values import DeliveryState

log = structlog.get_logger()


async def write_alone(wire: Wire, asker: int, told: Reply, sending: str) -> DeliveryState:
    """DELIVERED, or UNCERTAIN when every answer was lost; `sending` makes what is tried again the same message.

    Raises Gone for who takes no private messages, Unavailable when nothing was sent.
    """
    begun = False
    try:
        channel = await insist(partial(wire.open_alone, asker))
        for nth, piece in enumerate(pieces(written(told.lines))):
            begun = True
            await insist(partial(wire.send, channel, Letter(piece), nonce(f"{sending}/{nth}")))
    except (Limited, Unsure) as snag:
        if begun and isinstance(snag, Unsure):
            return DeliveryState.UNCERTAIN
        wait = snag.seconds if isinstance(snag, Limited) else None
        raise Unavailable("discord.unreachable", retry_after=wait) from None
    except Snag as snag:
        log.info("discord.undeliverable", door=NAME, error=type(snag).__name__)
        raise Gone("discord.gone") from None
    return DeliveryState.DELIVERED
