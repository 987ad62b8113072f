"""Hearing what people do, by asking Telegram or by being told: each update once, none confirmed before it was acted on.

Knows how updates come, not what they say.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

import structlog
from aiohttp import web
from telegram import Bot, Update
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from bots.chatting import pause_after
from bots.on_telegram.lanes import Lanes
from bots.on_telegram.reading import WANTED, chat_of
from bots.on_telegram.snags import Flooded, meaning
from bots.replies import Line, say
from core.errors import Refused

log = structlog.get_logger()

AT_ONCE: Final = 32  #: updates acted on side by side
BATCH: Final = 100  #: updates asked for at once, the most there is
REMEMBERED: Final = 10_000  #: updates that are known when they come again
POLL: Final = 30  #: seconds Telegram may take to answer when nothing happens
GLANCE: Final = 0.05  #: seconds until it is asked again while something is still being acted on
CONFLICT_PAUSE: Final = 15.0  #: seconds until it is asked again after somebody else did
BODY: Final = 1_000_000  #: bytes of an update that is pushed; real ones are a few thousand
BACKLOG: Final = 500  #: updates that wait before pushed ones are put off
HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"

Act = Callable[[Update], Awaitable[None]]


class Seen:
    """Which updates are being acted on, which were, and what Telegram may forget."""

    def __init__(self) -> None:
        self._known: OrderedDict[int, None] = OrderedDict()
        self._under_way: set[int] = set()
        self._finished: set[int] = set()  #: and not confirmed yet

    def __len__(self) -> int:
        return len(self._under_way)

    def begin(self, update: int) -> bool:
        """False for one that came before."""
        if update in self._known:
            if update not in self._under_way:
                self._finished.add(update)
            return False
        self._known[update] = None
        self._under_way.add(update)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return True

    def under_way(self, update: int) -> bool:
        return update in self._under_way

    def finish(self, update: int) -> None:
        self._under_way.discard(update)
        self._finished.add(update)

    @property
    def offset(self) -> int | None:
        """Everything below it was acted on. None where nothing is to be confirmed: numbers start anew after a quiet week."""
        if not self._finished:
            return None
        return min(self._under_way, default=max(self._finished) + 1)

    def confirmed(self, offset: int) -> None:
        self._finished = {update for update in self._finished if update >= offset}


class Listener:
    """`act` is called for each update; a chat's one after the other."""

    def __init__(self, bot: Bot, act: Act, warn: Callable[[Line], None], secret: str = "") -> None:
        self._bot, self._act, self._warn, self._secret = bot, act, warn, secret
        self._seen = Seen()
        self._lanes = Lanes("act", AT_ONCE)
        self._idle = asyncio.Event()
        self._failures = 0
        self._conflict = False

    @property
    def busy(self) -> bool:
        return bool(self._seen or self._lanes)

    async def poll(self) -> None:
        """Ask until cancelled. Raises Refused once Telegram knows the token no more."""
        while True:
            try:
                fresh = await self._ask()
            except InvalidToken:
                raise Refused("telegram.wrong_token") from None
            except TelegramError as error:
                await asyncio.sleep(self._pause_after(error))
                continue
            self._failures, self._conflict = 0, False
            if not fresh and self._seen:
                await self._until_idle()

    async def confirm(self) -> None:
        """At the end: what was acted on need not come again."""
        if (offset := self._seen.offset) is not None:
            await self._bot.get_updates(offset, limit=1, timeout=0, allowed_updates=WANTED)

    async def settle(self, within: float) -> None:
        await self._lanes.settle(within)

    def take(self, update: Update) -> asyncio.Future[None] | None:
        """Act on it behind what happened before in its chat; None when it came before."""
        if not self._seen.begin(update.update_id):
            return None
        return self._lanes.put(chat_of(update), partial(self._do, update))

    async def hook(self, request: web.Request) -> web.Response:
        """An update that Telegram pushes here; it comes again until it is answered with 200."""
        given = request.headers.get(HEADER, "")
        if not self._secret or not hmac.compare_digest(given.encode(), self._secret.encode()):
            return web.Response(status=403)
        body = await _body(request)
        if body is None:
            return web.Response(status=413)
        try:
            update = Update.de_json(json.loads(body), self._bot)
        except (ValueError, TypeError, KeyError, AttributeError):
            return web.Response(status=400)
        if len(self._seen) >= BACKLOG:
            return web.Response(status=503)
        if (done := self.take(update)) is not None:
            await done
        return web.Response(status=503 if self._seen.under_way(update.update_id) else 200)

    async def _ask(self) -> int:
        """How many updates came that are new."""
        offset = self._seen.offset
        updates = await self._bot.get_updates(
            offset, limit=BATCH, timeout=0 if self._seen else POLL, allowed_updates=WANTED
        )
        if offset is not None:
            self._seen.confirmed(offset)
        ordered = sorted(updates, key=lambda update: update.update_id)
        return sum(self.take(update) is not None for update in ordered)

    async def _do(self, update: Update) -> None:
        try:
            await self._act(update)
        finally:
            self.done(update.update_id)

    def done(self, update: int) -> None:
        """It was acted on, though its answer may still be on its way."""
        self._seen.finish(update)
        if not self._seen:
            self._idle.set()

    async def _until_idle(self) -> None:
        """Asking at once would only bring the same again; not asking for long would make others wait."""
        self._idle.clear()
        try:
            async with asyncio.timeout(GLANCE):
                await self._idle.wait()
        except TimeoutError:
            return

    def _pause_after(self, error: TelegramError) -> float:
        if isinstance(error, Conflict):
            if not self._conflict:
                log.warning("telegram.conflict", door="telegram")
                self._warn(say("telegram.conflict"))
            self._conflict = True
            return CONFLICT_PAUSE
        self._failures += 1
        if isinstance(error, RetryAfter) and isinstance(snag := meaning(error), Flooded):
            return snag.seconds
        log.info("telegram.unreached", door="telegram", error=type(error).__name__)
        return pause_after(self._failures)


async def _body(request: web.Request) -> bytes | None:
    """None for one that is too long, read no further than it takes to know."""
    if (request.content_length or 0) > BODY:
        return None
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > BODY:
            return None
    return bytes(body)
