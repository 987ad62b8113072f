"""Telling people what they did not ask for, in their private chat at a platform: each notice once. Knows no chat.

A notice is marked as on its way before it is sent: whoever finds it so after a crash knows that it may have arrived.
"""

from __future__ import annotations

from typing import Final, Protocol

import structlog

from bots.replies import Reply, reply, say
from core.errors import Gone, Unavailable
from core.ports import App
from core.rights import notices
from core.values import DeliveryState
from core.values.letters import Addressed, Notice, NoticeState

log = structlog.get_logger()

LOOK: Final = 2.0  #: seconds between two looks at what is owed

_SENT: Final = {
    DeliveryState.DELIVERED: NoticeState.TOLD,
    DeliveryState.UNCERTAIN: NoticeState.UNCERTAIN,
}


class Chat(Protocol):
    """A door to a platform where the bot can speak first."""

    name: str

    async def write_to(self, raw_id: str, told: Reply, sending: str, /) -> DeliveryState:
        """To the private chat of this id there: DELIVERED, or UNCERTAIN when the answer was lost.

        `sending` is the same for the same thing. Raises Gone when that chat is closed, Unavailable when nothing was sent.
        """
        ...


class Herald:
    """Tells notices for one door, one after the other."""

    def __init__(self, app: App, chat: Chat) -> None:
        self._app, self._chat = app, chat
        self._begun = False

    async def round(self) -> None:
        """Tell everything that is owed; while the platform can't be reached or wants a pause, the rest waits."""
        if not self._begun:
            lost = await notices.leave_uncertain(self._app, self._chat.name)
            if lost:
                log.info("notice.uncertain", door=self._chat.name, count=lost)
            self._begun = True
        for addressed in await notices.owed(self._app, self._chat.name):
            try:
                await self._tell(addressed)
            except Unavailable:
                log.info("notice.later", door=self._chat.name)
                return

    async def _tell(self, addressed: Addressed) -> None:
        """Raises Unavailable, and then it is owed again."""
        notice, door = addressed.notice, self._chat.name
        if not await notices.begin(self._app, notice, door):
            return
        try:
            raw_id = await notices.raw_id(self._app, addressed)
            state = _SENT[await self._chat.write_to(raw_id, _told(notice), _name(notice))]
        except Gone:
            log.info("notice.gone", door=door)
            state = NoticeState.UNDELIVERABLE
        except Unavailable:
            await notices.end(self._app, notice, NoticeState.OWED)
            raise
        except Exception:  # one that can't be told holds up nobody else
            log.exception("notice.failed", door=door)
            state = NoticeState.UNDELIVERABLE
        await notices.end(self._app, notice, state)


def _told(notice: Notice) -> Reply:
    return reply(say(f"notice.{notice.key}", figure=notice.figure), private=True)


def _name(notice: Notice) -> str:
    return f"{notice.person}/{notice.key}/{notice.figure}/{notice.at}"
