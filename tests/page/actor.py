"""Somebody at the page's door, over real HTTP, with the verbs of `tests.cast.Actor`.

What a page is told holds no keys, so each reply is taken from the door itself, and compared with what came over the wire.
"""

from __future__ import annotations

import asyncio
import io
import json
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientResponse, ClientSession, ClientTimeout, CookieJar, FormData
from yarl import URL

from bots.background import Background
from bots.on_page import Page
from bots.on_page.routes import COOKIE, page_routes
from bots.on_page.visitors import Visitor
from bots.replies import Reply
from bots.texts import render
from bots.web import serve
from core import accounts
from core.queue.board import Drawing
from core.values import DeliveryState, Owed, Who
from tests.cast import Actor, Stage


class Overheard(Page):
    """The page's door, which remembers every reply under the message it became."""

    def __init__(self, stage: Stage, **more: Any) -> None:
        super().__init__(stage.app, **more)
        self.answers: dict[str, Reply] = {}
        self.outcomes: dict[tuple[str, str], Reply] = {}
        self.actors: list[PageActor] = []

    def progress(self, drawing: Drawing) -> None:
        super().progress(drawing)
        for actor in self.actors:
            if self.visitors.get(actor.who.raw_id).person == drawing.job.person:
                actor.watched.append(drawing)

    async def _message(self, visitor: Visitor, told: Reply, *, update: str = "", said: str = "") -> dict[str, Any]:
        self.answers[update] = told
        return await super()._message(visitor, told, update=update, said=said)

    async def tell(self, told: Reply, owed: Sequence[Owed]) -> DeliveryState:
        assert told.job is not None
        self.outcomes[told.job, "/".join(str(one.index) for one in owed)] = told
        return await super().tell(told, owed)


@dataclass(repr=False)
class Front:
    """One running server over a stage's bot."""

    stage: Stage
    door: Overheard
    address: str

    async def enter(self, name: str = "", cookie: str = "") -> PageActor:
        """Somebody opens the page, new unless they have a cookie; `name` is for the reader of the test only."""
        jar = CookieJar(unsafe=True)
        jar.update_cookies({COOKIE: cookie} if cookie else {}, URL(self.address))
        session = ClientSession(
            self.address, cookie_jar=jar, timeout=ClientTimeout(20), headers={"Origin": self.address}
        )
        async with session.get("/") as front:
            cookie = cookie or front.cookies[COOKIE].value
        actor = PageActor(self.stage, Who("page", cookie), front=self, session=session)
        self.door.actors.append(actor)
        self.stage.people.append(actor)
        await actor.opens()
        return actor


@asynccontextmanager
async def open_front(stage: Stage, **more: Any) -> AsyncIterator[Front]:
    """A server whose door takes the place of the stage's own."""
    door = Overheard(stage, **more)
    stage.background = Background(stage.app, door)
    async with serve(page_routes(door), "127.0.0.1", 0) as address:
        front = Front(stage, door, address)
        try:
            yield front
        finally:
            for actor in door.actors:
                await actor.leaves()
                await actor.session.close()
            await door.close()


@dataclass(repr=False)
class PageActor(Actor):
    """Somebody with a page open. `events` is everything the page was told, `state` where things stood when it opened."""

    front: Front = field(kw_only=True)
    session: ClientSession = field(kw_only=True)
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    last: str = ""
    messages: list[tuple[Reply, dict[str, Any]]] = field(default_factory=list)
    shows: bool = True  #: says of every outcome that it is shown, as the page does
    _reading: asyncio.Task[None] | None = None

    # The verbs of every actor

    async def says(self, line: str) -> Reply:
        self.stage.clock.passes(1)
        self.answer = self._heard(await self.post("/say", {"update": new_update(), "line": line}))
        return self.answer

    async def sends(self, line: str, name: str, data: bytes) -> Reply:
        """A line with a file."""
        self.stage.clock.passes(1)
        form = FormData({"update": new_update(), "line": line})
        form.add_field("file", io.BytesIO(data), filename=name)
        async with self.session.post("/say", data=form) as response:
            self.answer = self._heard(await response.json())
        return self.answer

    async def presses(self, label: str) -> Reply:
        assert self.answer is not None
        pressed = next(button for button in self.buttons_of(self.answer) if button["label"] == label)
        body = {"update": new_update(), "token": pressed["token"], "label": label}
        self.answer = self._heard(await self.post("/press", body))
        return self.answer

    async def fills(self, command: str, file: bytes | None = None, **values: Any) -> Reply:
        """A form, sent, perhaps with a file in it."""
        self.stage.clock.passes(1)
        body: dict[str, Any] = {"update": new_update(), "command": command, "values": values}
        if file is None:
            self.answer = self._heard(await self.post("/form", body))
            return self.answer
        form = FormData(body | {"values": json.dumps(values)})
        form.add_field("file", io.BytesIO(file), filename="a.png")
        async with self.session.post("/form", data=form) as response:
            assert response.status == 200, await response.text()
            self.answer = self._heard(await response.json())
        return self.answer

    def buttons_of(self, reply: Reply) -> list[dict[str, Any]]:
        message = next(message for known, message in self.messages if known is reply)
        return message["buttons"] or [button for one in message["pictures"] for button in one.get("buttons", ())]

    # The door, for the stage

    async def owed(self) -> list[Owed]:
        person = await accounts.find(self.stage.app, self.who)
        return [owed for owed in await self.front.door.owed() if person and owed.person == person.id]

    async def tell(self, told: Reply, owed: Sequence[Owed]) -> DeliveryState:
        return await self.front.door.tell(told, owed)

    # The wire

    async def opens(self) -> None:
        """Open the page, or come back with the last event it was told."""
        opened = asyncio.Event()
        self._reading = asyncio.create_task(self._follow(opened))
        async with asyncio.timeout(10):
            await opened.wait()

    async def leaves(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            with suppress(asyncio.CancelledError):
                await self._reading
            self._reading = None

    async def post(self, address: str, body: Any, **more: Any) -> Any:
        async with self.session.post(address, json=body, **more) as response:
            assert response.status in (200, 204), (response.status, await response.text())
            return await response.json() if response.status == 200 else None

    async def gets(self, address: str) -> tuple[int, bytes]:
        async with self.session.get(address) as response:
            return response.status, await response.read()

    async def hears(self, name: str, **expected: Any) -> dict[str, Any]:
        """The first event of that name, told or still to come, whose data has these values."""
        async with asyncio.timeout(10):
            while True:
                for known, data in self.events:
                    if known == name and all(data.get(key) == value for key, value in expected.items()):
                        return data
                await asyncio.sleep(0.01)

    async def _follow(self, opened: asyncio.Event) -> None:
        headers = {"Last-Event-ID": self.last} if self.last else {}
        async with self.session.get("/events", headers=headers, timeout=ClientTimeout(None)) as response:
            assert response.status == 200, await response.text()
            opened.set()
            async for name, data, number in events(response):
                self.events.append((name, data))
                self.last = number or self.last
                if name == "message" and "outcome" in data and self.shows:
                    self.inbox.append(await self._told(data))
                    await self.post("/shown", {"event": self.last})

    def _heard(self, message: dict[str, Any]) -> Reply:
        reply = self.front.door.answers[message["update"]]
        assert message["text"] + message["notes"] == [text for line in reply.lines if (text := render(line))]
        assert [button["label"] for button in message["buttons"]] == [render(one.label) for one in reply.buttons]
        self._same(message, reply)
        self.messages.append((reply, message))
        return reply

    async def _told(self, message: dict[str, Any]) -> Reply:
        """A picture and what stands under it, or why there is none."""
        reply = self.front.door.outcomes[message["job"], message["outcome"]]
        told = [picture["text"] for picture in message["pictures"]] or message["text"]
        assert " ".join(told) == " ".join(render(line) for line in reply.lines)
        for shown, picture in zip(message["pictures"], reply.pictures, strict=True):
            assert await self.gets(shown["address"]) == (200, picture.data)
        self._same(message, reply)
        self.messages.append((reply, message))
        return reply

    def _same(self, message: dict[str, Any], reply: Reply) -> None:
        for name in ("private", "final", "error", "job", "index", "replaces"):
            assert message[name] == getattr(reply, name), name
        assert [shown["id"] for shown in message["pictures"]] == [picture.id for picture in reply.pictures]
        assert [file["name"] for file in message["files"]] == [file.name for file in reply.files]
        assert (message["form"] is None) == (reply.form is None)


def new_update() -> str:
    return secrets.token_hex(16)


async def events(response: ClientResponse) -> AsyncIterator[tuple[str, dict[str, Any], str]]:
    """Server-sent events: name, data and number (empty when it has none)."""
    read = {"event": "", "data": "", "id": ""}
    async for raw in response.content:
        line = raw.decode().rstrip("\n")
        if not line and read["event"]:
            yield read["event"], json.loads(read["data"]), read["id"]
            read = {"event": "", "data": "", "id": ""}
        elif line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            read[name] = value
