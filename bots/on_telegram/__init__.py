"""The Telegram door: from an update to an answer, and from an outcome to the message that waits for it.

Puts its parts together; what each of them knows, its own module says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Final

import structlog
from aiohttp import web
from telegram import Update
from telegram.error import BadRequest, InvalidToken, TelegramError

from bots.answering import hear, press_token
from bots.chatting import pause_after, tell_operator
from bots.declaring import Attachment
from bots.leading import role_of
from bots.on_telegram.access import Access
from bots.on_telegram.answering import Answers
from bots.on_telegram.clearing import Clearing
from bots.on_telegram.lanes import Lanes
from bots.on_telegram.listening import Listener
from bots.on_telegram.menus import offer
from bots.on_telegram.outcomes import Outcomes
from bots.on_telegram.pacing import Pace, Rates
from bots.on_telegram.places import START, Place
from bots.on_telegram.posts import Posts
from bots.on_telegram.progress import ProgressShown, Throttle
from bots.on_telegram.reading import WANTED, Enclosed, Heard, Pressed, read
from bots.on_telegram.snags import Snag
from bots.on_telegram.unasked import write_alone
from bots.on_telegram.wire import Wire
from bots.replies import Line, Reply, reply, say
from core import accounts
from core.errors import Refused, Unavailable
from core.ports import App
from core.queue.board import Drawing
from core.records import Copy
from core.requests import delivery
from core.rules import ATTACHMENT_BYTES
from core.values import DeliveryState, Origin, Owed, Who
from core.values.receipts import Taken

log = structlog.get_logger()

NAME: Final = "telegram"
BACKLOG: Final = 30  #: answers that wait in one chat before more is not acted on
FAREWELL: Final = 5.0  #: seconds for answers on their way when the door closes


class Telegram:
    """`bots.delivering.Door`. `start` it, `run` it until cancelled, `close` it.

    `stir` is called when there is something new to do; `warn` tells whoever runs this bot what they should know.
    """

    name = NAME

    def __init__(
        self,
        app: App,
        access: Access,
        *,
        rates: Rates | None = None,
        throttle: Throttle | None = None,
        warn: Callable[[Line], None] = tell_operator,
    ) -> None:
        self._app, self._access, self._warn = app, access, warn
        self.stir: Callable[[], None] = lambda: None
        self.role = role_of(app, NAME, access.token)
        self._bot = access.bot()
        self._signed_in = False
        self._pace = Pace(rates or Rates())
        self._wire = Wire(self._bot, self._pace)
        self._posts = Posts(app)
        self._lanes = Lanes("answer")
        self._answers = Answers(app, self._wire, self._posts, self._lanes, lambda: self._bot.username)
        self._outcomes = Outcomes(app, self._wire, self._posts)
        self._clearing = Clearing(app, self._wire, self._posts)
        self._progress = ProgressShown(app, self._wire, self._posts, throttle or Throttle())
        self._listener = Listener(self._bot, self._act, warn, access.secret)

    # Life

    async def start(self) -> None:
        """Sign in. Raises Refused when Telegram does not know the token; what can't be reached now is tried again by `run`."""
        try:
            await self._sign_in()
        except TelegramError:
            self._warn(say("telegram.unreachable"))

    async def run(self) -> None:
        """Hear and answer until cancelled. Raises Refused once Telegram does not know the token any more."""
        failures = 0
        while not self._signed_in:
            await asyncio.sleep(pause_after(failures))
            failures += 1
            try:
                await self._sign_in()
            except TelegramError as error:
                log.info("telegram.unreached", door=NAME, error=type(error).__name__)
        if self._access.webhook:
            await asyncio.Event().wait()
        else:
            await self._listener.poll()

    async def close(self) -> None:
        """Let answers out that are on their way, for a while; what is owed stays owed."""
        await self._progress.close()
        await self._listener.settle(FAREWELL)
        await self._lanes.settle(FAREWELL)
        if self._signed_in and not self._access.webhook:
            try:
                await self._listener.confirm()
            except TelegramError as error:  # it comes again, and a request is one request
                log.info("telegram.unreached", door=NAME, error=type(error).__name__)
        self._signed_in = False
        await self._bot.shutdown()

    async def hook(self, request: web.Request) -> web.Response:
        """The webhook's handler, mounted at `Access.path` for POST."""
        return await self._listener.hook(request) if self._signed_in else web.Response(status=503)

    @property
    def busy(self) -> bool:
        """Something is being acted on, or an answer is on its way."""
        return bool(self._listener.busy or self._lanes)

    # What the background calls

    async def owed(self) -> list[Owed]:
        return await delivery.owed(self._app, NAME)

    async def tell(self, told: Reply, owed: Sequence[Owed]) -> DeliveryState:
        if not self._signed_in:
            raise Unavailable("telegram.unreachable", retry_after=1.0)
        return await self._outcomes.tell(told, owed)

    def progress(self, drawing: Drawing) -> None:
        if self._signed_in:
            self._progress.show(drawing)

    async def write_to(self, raw_id: str, told: Reply, _sending: str) -> DeliveryState:
        """As `bots.heralding.Chat.write_to`."""
        if not self._signed_in:
            raise Unavailable("telegram.unreachable", retry_after=1.0)
        return await write_alone(self._wire, int(raw_id), told)

    async def take_back(self, copy: Copy) -> Taken:
        """As `bots.taking_back.Leaves.take_back`."""
        if not self._signed_in:
            raise Unavailable("telegram.unreachable", retry_after=1.0)
        return await self._clearing.take_back(copy.person, copy.job, copy.index)

    # What people do

    async def _act(self, update: Update) -> None:
        match read(update, self._bot.username):
            case Heard(nameless=True, place=place):
                self._answers.note(place, say("telegram.nameless"))
            case Heard(line="", place=place):
                self._answers.note(place, say("telegram.only_words"))
            case Heard() as heard if self._takes(heard.place):
                await self._hear(update, heard)
            case Pressed() as pressed if self._takes(pressed.place):
                await self._press(update, pressed)

    def _takes(self, place: Place) -> bool:
        """A chat that is asked for more than it can be told is not listened to for a while."""
        taken = self._lanes.waiting(place.chat) < BACKLOG and (place.in_private or self._pace.hears(place.chat))
        if not taken:
            log.info("telegram.crowded", door=NAME)
        return taken

    async def _hear(self, update: Update, heard: Heard) -> None:
        who = _who(heard.place, update)
        with ExitStack() as answering:
            answering.enter_context(self._posts.answering(heard.place.write()))
            line = heard.line
            if heard.linked and await accounts.find(self._app, who) is None:
                line = f"/{START}"
            if heard.enclosed is None:
                answer = await hear(self._app, who, line, Attachment("", b"") if heard.unwanted else None)
            else:
                if heard.only_looks:
                    self._listener.done(update.update_id)  # fetching takes its time, and others need not wait for it
                answer = await self._hear_with_file(who, line, heard.enclosed)
            self.stir()
            done = self._answers.to_words(who, heard, answer)
            done.add_done_callback(partial(_leave, answering.pop_all()))

    async def _press(self, update: Update, pressed: Pressed) -> None:
        who = _who(pressed.place, update)
        with ExitStack() as answering:
            answering.enter_context(self._posts.answering(pressed.place.write()))
            answer = await press_token(self._app, who, pressed.token)
            self.stir()
            done = self._answers.to_press(who, pressed, answer)
            done.add_done_callback(partial(_leave, answering.pop_all()))

    async def _hear_with_file(self, who: Who, line: str, enclosed: Enclosed) -> Reply:
        if enclosed.size > ATTACHMENT_BYTES:
            return reply(say("parse.file_too_large", most=ATTACHMENT_BYTES // 1_000_000), error="refused", private=True)
        try:
            data = await self._wire.fetch(enclosed.id)
        except Snag:
            return reply(say("telegram.not_fetched"), error="unavailable", private=True)
        return await hear(self._app, who, line, Attachment(enclosed.name, data))

    # Signing in

    async def _sign_in(self) -> None:
        """Raises Refused for a wrong token or webhook, TelegramError when it did not work."""
        try:
            await self._bot.initialize()
            if self._access.webhook:
                await self._bot.set_webhook(
                    self._access.webhook, allowed_updates=WANTED, secret_token=self._access.secret
                )
            elif (await self._bot.get_webhook_info()).url:
                await self._bot.delete_webhook()
        except InvalidToken:
            raise Refused("telegram.wrong_token") from None
        except BadRequest:
            raise Refused("telegram.bad_webhook", address=self._access.webhook) from None
        self._signed_in = True
        try:
            await offer(self._bot)
        except TelegramError as error:  # the menus of before still work
            log.warning("telegram.no_menus", door=NAME, error=type(error).__name__)


def _who(place: Place, update: Update) -> Who:
    group = "" if place.in_private else str(place.chat)
    name = update.effective_user.full_name if update.effective_user else ""
    return Who(NAME, str(place.asker), Origin(place.write(), f"{NAME}:{update.update_id}", group), name)


def _leave(stack: ExitStack, _done: asyncio.Future[None]) -> None:
    stack.close()
