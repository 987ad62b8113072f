"""The page's door: many visitors, each one cookie, each with any number of open pages. Knows no HTTP and no HTML.

An outcome counts as told once a page says that it shows it; until then it stays owed, and a page that opens is told it.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final

import structlog

from bots.answering import answer, hear, press_token, sorry
from bots.commands import commands
from bots.declaring import Attachment, Nothing
from bots.handles import issue, issue_to
from bots.on_page import forms, looking, wire
from bots.on_page.shelf import Shelf
from bots.on_page.streams import Reader
from bots.on_page.visitors import NAME, Visitor, Visitors
from bots.on_page.wire import Message
from bots.replies import Reply, say
from bots.texts import render
from core import accounts
from core.erasing import erasure
from core.errors import Refused, Trouble, Unavailable
from core.ports import App
from core.queue.board import Drawing
from core.requests import delivery, generation
from core.values import DeliveryState, Owed, Who

log = structlog.get_logger()

PATIENCE: Final = 10.0  #: seconds a page has to say that it shows an outcome
LOOK: Final = 1.0  #: seconds between two looks at the places in line
PAGES: Final = 4  #: open pages of one visitor: a browser keeps no more connections to one place than six
ANSWERS: Final = 16  #: updates of one visitor that may come again and are answered as before


class Page:
    """`bots.delivering.Door`, and what pages send.

    `stir` is called when there is something new to do; `broken` says whether the part that draws does not come up.
    """

    name = NAME

    def __init__(self, app: App, *, patience: float = PATIENCE) -> None:
        self.app, self._patience = app, patience
        self.visitors, self.shelf = Visitors(), Shelf()
        self.epoch = secrets.token_hex(4)  #: numbers of events mean nothing to another process
        self.stir: Callable[[], None] = lambda: None
        self.broken: Callable[[], bool] = lambda: False
        self._closed = False
        self._leaving: dict[str, str] = {}  #: cookies of people who are being erased, by the erasure's code

    # What the background calls

    async def owed(self) -> list[Owed]:
        """Only what is owed to people who have a page open."""
        present = {visitor.person for visitor in self.visitors.present()}
        return [owed for owed in await delivery.owed(self.app, NAME) if owed.person in present] if present else []

    async def tell(self, told: Reply, owed: Sequence[Owed]) -> DeliveryState:
        """Raises Unavailable when no page of theirs says that it shows it; one that is there comes back and is told again."""
        person = owed[0].person
        tokens = await issue_to(self.app, person, told.buttons)
        message = wire.outcome(wire.message(told, tokens=tokens), [one.index for one in owed])
        shown = [self._show_outcome(visitor, message) for visitor in self.visitors.of(person)]
        if not any(await asyncio.gather(*shown)):
            raise Unavailable("page.away", retry_after=1.0)
        return DeliveryState.DELIVERED

    def progress(self, drawing: Drawing) -> None:
        said = wire.drawn_so_far(self.app.board, drawing)
        for visitor in self.visitors.of(drawing.job.person):
            if drawing.job.id in visitor.waiting:
                visitor.stream.show(drawing.job.id, "progress", said)

    async def watch(self) -> None:
        """Keep the places in line up to date, and say when nothing is drawn at all, until cancelled."""
        while True:
            await asyncio.sleep(LOOK)
            with suppress(Trouble):  # another look follows
                await self.forget_the_erased()
            notice = render(say("waiting.still_down")) if self.broken() else ""
            for visitor in self.visitors.present():
                visitor.stream.show("notice", "notice", {"text": notice})
                try:
                    await self._show_places(visitor)
                except Trouble:
                    continue  # shown at the next look
                except Exception:
                    log.exception("task.failed", task="places")

    async def forget_the_erased(self) -> None:
        """What pages were told is kept for those that come back, and files for those who follow a link; not these."""
        if not self.visitors.all():
            return
        leaving = await erasure.addresses(self.app, NAME)
        for cookie in set(self._leaving.values()) - set(leaving.values()):
            if await accounts.find(self.app, Who(NAME, cookie)) is None:  # else they thought better of it
                self.shelf.forget(cookie)
                if visitor := self.visitors.known(cookie):
                    visitor.forget()
        self._leaving = leaving

    # What pages send

    def follow(self, visitor: Visitor, since: str) -> Reader:
        """A page opens, or comes back with the last event it was told."""
        epoch, _, number = since.partition("-")
        known = int(number) if epoch == self.epoch and number.isascii() and number.isdigit() else None
        reader = visitor.stream.follow(known)
        if self._closed:
            reader.end("again")
        for older in visitor.stream.readers[:-PAGES]:
            older.end("elsewhere")
        self.stir()
        return reader

    async def state(self, visitor: Visitor) -> Message:
        """Where things stand: who they are to us, what they drew last, what is open."""
        standing = await self._account(visitor)
        messages: list[Message] = []
        if standing["state"] == "active":
            messages, still_open = await looking.before(self.app, visitor)
            visitor.waiting |= {queued.job.id for queued in still_open}
        if not messages:
            start = commands.get("start")
            assert start is not None
            messages = [await self._message(visitor, await start.handler(self.app, visitor.who(), Nothing()))]
        return {"account": standing, "messages": messages}

    async def say(self, visitor: Visitor, update: str, line: str, attached: Attachment | None = None) -> Message:
        """Something that was typed, perhaps with a file."""
        return await self._once(visitor, update, line, lambda who: hear(self.app, who, line, attached))

    async def press(self, visitor: Visitor, update: str, token: str, label: str = "") -> Message:
        """A button; `label` is only for their other pages."""
        return await self._once(visitor, update, label, lambda who: press_token(self.app, who, token))

    async def submit(
        self,
        visitor: Visitor,
        update: str,
        name: str,
        values: Mapping[str, forms.Value],
        label: str = "",
        attached: Attachment | None = None,
    ) -> Message:
        """A filled form, perhaps with a file."""
        return await self._once(visitor, update, label, lambda who: self._filled(who, name, values, attached))

    async def close(self) -> None:
        """Let every page go, and end what is still being answered."""
        self._closed = True
        for visitor in self.visitors.all():
            visitor.stream.hang_up()
        answering = [task for visitor in self.visitors.all() for task in visitor.answers.values()]
        await asyncio.gather(*answering, return_exceptions=True)

    # How it is done

    async def _once(self, visitor: Visitor, update: str, said: str, work: Callable[[Who], Awaitable[Reply]]) -> Message:
        """The same update twice is one request and has one answer; a page that gives up waiting ends nothing."""
        if update not in visitor.answers:
            visitor.answers[update] = asyncio.create_task(self._answer(visitor, update, said, work))
            if len(visitor.answers) > ANSWERS:
                visitor.answers.popitem(last=False)
        return await asyncio.shield(visitor.answers[update])

    async def _answer(
        self, visitor: Visitor, update: str, said: str, work: Callable[[Who], Awaitable[Reply]]
    ) -> Message:
        try:
            async with visitor.turn:
                told = await work(visitor.who(update))
                message = await self._message(visitor, told, update=update, said=said)
                self._note(visitor, message)
                visitor.stream.publish("message", message)
        except Trouble:
            visitor.answers.pop(update, None)  # it may be tried again
            raise
        self.stir()
        with suppress(Trouble):  # the answer stands; what is around it is shown another time
            await self._account(visitor)
            await self._show_places(visitor)
        return message

    async def _message(self, visitor: Visitor, told: Reply, *, update: str = "", said: str = "") -> Message:
        tokens = await issue(self.app, visitor.who(), told.buttons)
        files = [self.shelf.put(visitor.cookie, file) for file in told.files]
        return wire.message(told, tokens=tokens, files=files, update=update, said=said)

    async def _filled(
        self, who: Who, name: str, values: Mapping[str, forms.Value], attached: Attachment | None
    ) -> Reply:
        try:
            command = looking.listed(name)
            asked = forms.fill(command, values, attached)
        except Refused as refusal:
            return sorry(refusal)
        return await answer(self.app, who, command, asked)

    async def _show_outcome(self, visitor: Visitor, message: Message) -> bool:
        """False when no page of this visitor says in time that it shows it: then none can be counted on."""
        async with visitor.turn:
            self._note(visitor, message)
            number = visitor.stream.publish("message", message)
        shown = await visitor.stream.is_read(number, self._patience)
        if not shown:
            visitor.stream.hang_up()
            return False
        with suppress(Trouble):
            await self._account(visitor)
        return True

    def _note(self, visitor: Visitor, message: Message) -> None:
        """Which requests are open now, as far as their pages know."""
        job, whole = message["job"], message["index"] is None
        if job is None or (message["replaces"] and not whole):
            return
        if message["final"] or message["replaces"]:
            visitor.waiting.discard(job)
            visitor.stream.forget(job)
        else:
            visitor.waiting.add(job)

    async def _account(self, visitor: Visitor) -> Message:
        """Show who they are to us and what they can spend; also notes which person this visitor is."""
        person = await accounts.find(self.app, visitor.who())
        visitor.person = person.id if person else None
        if person is None or not accounts.is_informed(self.app, person):
            standing = wire.account("new", None)
        elif person.banned or person.leaving_at is not None:
            standing = wire.account("banned", None)
        else:
            standing = wire.account("active", await accounts.balance(self.app, person))
        visitor.stream.show("account", "account", standing)
        return standing

    async def _show_places(self, visitor: Visitor) -> None:
        if not visitor.waiting:
            return
        waiting = await generation.queue(self.app, visitor.who())
        for queued in waiting:
            if queued.job.id in visitor.waiting:
                visitor.stream.show(queued.job.id, "progress", wire.standing(self.app, queued))
        for over in visitor.waiting - {queued.job.id for queued in waiting}:
            visitor.waiting.discard(over)
            visitor.stream.forget(over)
