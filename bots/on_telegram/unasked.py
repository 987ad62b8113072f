"""Speaking first, in the private chat of somebody who did not ask. Knows no notice and nobody's state."""

from __future__ import annotations

import structlog

from bots.on_telegram.pacing import Urgency
from bots.on_telegram.places import Place
from bots.on_telegram.snags import Flooded, Snag, Unreached, Unsure
from bots.on_telegram.wire import Wire
from bots.on_telegram.words import pieces, written
from bots.replies import Reply
from core.errors import Gone, Unavailable
from core.values import DeliveryState

log = structlog.get_logger()


async def write_alone(wire: Wire, asker: int, told: Reply) -> DeliveryState:
    """DELIVERED, or UNCERTAIN when the answer was lost: Telegram has no means to send something once.

    Raises Gone for a chat that is closed or was never opened, Unavailable when nothing was sent.
    """
    place = Place(asker, asker=asker)
    begun = False
    for piece in pieces(written(told.lines)):
        try:
            await wire.say(place, piece, urgency=Urgency.RESULT)
        except Unsure:
            return DeliveryState.UNCERTAIN
        except (Flooded, Unreached) as snag:
            if begun:
                return DeliveryState.UNCERTAIN
            wait = snag.seconds if isinstance(snag, Flooded) else None
            raise Unavailable("telegram.unreachable", retry_after=wait) from None
        except Snag as snag:
            log.info("telegram.closed", door="telegram", error=type(snag).__name__)
            raise Gone("telegram.gone") from None
        begun = True
    return DeliveryState.DELIVERED
