"""What the page may ask over HTTP, all of it: requests in, JSON, pictures and events out. Knows no reply and no store."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from aiohttp import BodyPartReader, web

from bots.declaring import Attachment
from bots.on_page import Page
from bots.on_page import looking as looking
from bots.on_page.forms import Value
from bots.on_page.html import page_html
from bots.on_page.streams import Event, Reader
from bots.on_page.visitors import Visitor
from bots.on_page.wire import detailed
from bots.replies import LongFile
from bots.web import trouble
from core.errors import Refused, Trouble
from core.rules import ATTACHMENT_BYTES

STATIC: Final = Path(__file__).parent / "static"
COOKIE: Final = "darkroom"
COOKIE_LIFE: Final = 400 * 24 * 3600  #: seconds; browsers keep none for longer
BEAT: Final = 15.0  #: seconds after which a silent stream says that it is still there
SLOW: Final = 30.0  #: seconds a page may leave unread what it was sent
RETRY: Final = 1_000  #: milliseconds after which a page that lost its stream asks again
KINDS: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
PICTURES: Final = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}

_OPAQUE = re.compile(r"[0-9a-f]{32}")

Asked = Callable[[Visitor, web.Request], Awaitable[web.StreamResponse]]


class Malformed(web.HTTPBadRequest):
    """No page of ours asks like this."""


def page_routes(page: Page) -> Iterable[web.RouteDef]:
    """Everything under `/` that the chat page needs."""
    desk = _Desk(page)
    return [
        web.get("/", desk.front),
        *(web.get(f"/page/{name}", desk.static) for name in desk.files),
        web.get("/events", desk.visited(desk.events)),
        web.post("/say", desk.visited(desk.say)),
        web.post("/press", desk.visited(desk.press)),
        web.post("/form", desk.visited(desk.submit)),
        web.post("/shown", desk.visited(desk.shown)),
        web.get("/form/{command}", desk.visited(desk.form)),
        web.get("/price", desk.visited(desk.price)),
        web.get("/gallery", desk.visited(desk.gallery)),
        web.get("/pictures/{id}", desk.visited(desk.picture)),
        web.get("/pictures/{id}/details", desk.visited(desk.details)),
        web.get("/previews/{job}", desk.visited(desk.preview)),
        web.get("/files/{handle}", desk.visited(desk.file)),
    ]


class _Desk:
    """One method for each route."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._html = page_html()
        self.files = {path.name: path.read_bytes() for path in STATIC.iterdir() if path.suffix in KINDS}

    def visited(self, asked: Asked) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """Only for somebody who has the cookie that the page itself sets."""

        async def handler(request: web.Request) -> web.StreamResponse:
            cookie = request.cookies.get(COOKIE, "")
            if not _OPAQUE.fullmatch(cookie):
                return trouble(Refused("page.no_cookie"), 403)
            return await asked(self._page.visitors.get(cookie), request)

        return handler

    async def front(self, request: web.Request) -> web.Response:
        """The page. A browser that follows a link from elsewhere keeps its cookie back; asked again by us, it sends it."""
        response = web.Response(text=self._html, content_type="text/html")
        if _OPAQUE.fullmatch(request.cookies.get(COOKIE, "")):
            return response
        if request.headers.get("Sec-Fetch-Site") == "cross-site":
            return web.Response(headers={"Refresh": "0"}, content_type="text/html")
        response.set_cookie(
            COOKIE, secrets.token_hex(16), max_age=COOKIE_LIFE, path="/", httponly=True, samesite="Strict"
        )
        return response

    async def static(self, request: web.Request) -> web.Response:
        name = request.path.rpartition("/")[2]
        return web.Response(body=self.files[name], content_type=KINDS[Path(name).suffix], charset="utf-8")

    async def events(self, visitor: Visitor, request: web.Request) -> web.StreamResponse:
        """Everything the page is told, until it leaves or does not read."""
        since = request.headers.get("Last-Event-ID") or request.query.get("since", "")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        reader = self._page.follow(visitor, since)
        try:
            await response.prepare(request)
            await response.write(f"retry: {RETRY}\n\n".encode())
            while not reader.ended:
                events = await self._next(visitor, reader)
                async with asyncio.timeout(SLOW):
                    await response.write(self._written(events))
            if reader.ended == "elsewhere":
                await response.write(self._written([Event("elsewhere", "{}")]))
        except (Trouble, ConnectionError):
            pass  # the page asks again
        except TimeoutError:
            if request.transport is not None:
                request.transport.abort()
        finally:
            visitor.stream.leave(reader)
        return response

    async def say(self, visitor: Visitor, request: web.Request) -> web.Response:
        """A typed line; with a file, as a form of several parts."""
        if request.content_type == "multipart/form-data":
            asked, attached = await _parts(request)
        else:
            asked, attached = await _json(request), None
        told = await self._page.say(visitor, _update(asked), _text(asked, "line"), attached)
        return web.json_response(told)

    async def press(self, visitor: Visitor, request: web.Request) -> web.Response:
        asked = await _json(request)
        told = await self._page.press(visitor, _update(asked), _text(asked, "token"), _text(asked, "label", ""))
        return web.json_response(told)

    async def submit(self, visitor: Visitor, request: web.Request) -> web.Response:
        """A filled form; with a file in several parts, the fields in one of them."""
        if request.content_type == "multipart/form-data":
            asked, attached = await _parts(request)
            asked["values"] = _parsed(_text(asked, "values"))
        else:
            asked, attached = await _json(request), None
        name, values, label = _text(asked, "command"), _values(asked), _text(asked, "label", "")
        return web.json_response(await self._page.submit(visitor, _update(asked), name, values, label, attached))

    async def shown(self, visitor: Visitor, request: web.Request) -> web.Response:
        """The page says that it shows an event."""
        epoch, _, number = _text(await _json(request), "event").partition("-")
        if epoch == self._page.epoch and number.isascii() and number.isdigit():
            visitor.stream.has_read(int(number))
        return web.Response(status=204)

    async def form(self, visitor: Visitor, request: web.Request) -> web.Response:
        model = request.query.get("model", "")
        return web.json_response(await looking.form(self._page.app, visitor, request.match_info["command"], model))

    async def price(self, _visitor: Visitor, request: web.Request) -> web.Response:
        model, steps, count = request.query.get("model", ""), _number(request, "steps"), _number(request, "count")
        return web.json_response(looking.price(self._page.app, model, steps, count))

    async def gallery(self, visitor: Visitor, request: web.Request) -> web.Response:
        return web.json_response(await looking.gallery(self._page.app, visitor, _number(request, "page") or 1))

    async def picture(self, visitor: Visitor, request: web.Request) -> web.Response:
        opened = await looking.picture(self._page.app, visitor, request.match_info["id"])
        return web.Response(body=opened.data, content_type=PICTURES[opened.picture.format])

    async def details(self, visitor: Visitor, request: web.Request) -> web.Response:
        return web.json_response(detailed(await looking.picture(self._page.app, visitor, request.match_info["id"])))

    async def preview(self, visitor: Visitor, request: web.Request) -> web.Response:
        preview = looking.preview(self._page.app, visitor, request.match_info["job"])
        if preview is None:
            return web.Response(status=204)  # the picture itself came in between
        return web.Response(body=preview, content_type="image/jpeg")

    async def file(self, visitor: Visitor, request: web.Request) -> web.StreamResponse:
        file = self._page.shelf.get(visitor.cookie, request.match_info["handle"])
        if file is None:
            raise Refused("page.file_gone")
        headers = {"Content-Disposition": f'attachment; filename="{file.name}"'}
        if isinstance(file, LongFile):
            return await _streamed(request, file, headers)
        return web.Response(body=file.data, content_type="application/octet-stream", headers=headers)

    async def _next(self, visitor: Visitor, reader: Reader) -> list[Event]:
        if not reader.lost:
            return await reader.take(BEAT)
        number = reader.stand()
        state = await self._page.state(visitor)
        reader.knows(number)
        return [Event("state", json.dumps(state), number)]

    def _written(self, events: list[Event]) -> bytes:
        """As server-sent events; a beat when there is none."""
        if not events:
            return b": still here\n\n"
        lines = []
        for event in events:
            if event.number is not None:
                lines.append(f"id: {self._page.epoch}-{event.number}")
            lines += [f"event: {event.name}", f"data: {event.data}", ""]
        return ("\n".join(lines) + "\n").encode()


async def _streamed(request: web.Request, file: LongFile, headers: dict[str, str]) -> web.StreamResponse:
    """A file too long to hold. Raises Refused when there is nothing of it any more."""
    chunks = file.chunks()
    first = await anext(chunks, b"")
    response = web.StreamResponse(headers={**headers, "Content-Type": "application/octet-stream"})
    await response.prepare(request)
    await response.write(first)
    async for some in chunks:
        await response.write(some)
    await response.write_eof()
    return response


async def _json(request: web.Request) -> dict[str, Any]:
    if request.content_type != "application/json":
        raise Malformed
    return _parsed(await request.read())


def _parsed(text: str | bytes) -> dict[str, Any]:
    try:
        asked = json.loads(text)
    except (ValueError, RecursionError):
        raise Malformed from None
    if not isinstance(asked, dict):
        raise Malformed
    return asked


async def _parts(request: web.Request) -> tuple[dict[str, Any], Attachment | None]:
    """The texts of a form with a file, and the file. One byte more than is allowed tells that it is too long."""
    asked: dict[str, Any] = {}
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                raise Malformed
            if part.name == "file":
                return asked, Attachment(part.filename or "", await _read(part, ATTACHMENT_BYTES + 1))
            asked[part.name or ""] = (await _read(part, request.client_max_size)).decode("utf-8", "replace")
    except ValueError:
        raise Malformed from None
    return asked, None


async def _read(part: BodyPartReader, most: int) -> bytes:
    data = bytearray()
    while len(data) < most and (chunk := await part.read_chunk()):
        data += chunk
    return bytes(data[:most])


def _update(asked: Mapping[str, Any]) -> str:
    update = _text(asked, "update")
    if not _OPAQUE.fullmatch(update):
        raise Malformed
    return update


def _text(asked: Mapping[str, Any], name: str, default: str | None = None) -> str:
    """A text as a person may have written it; half a character that JSON let through is no character."""
    text = asked.get(name, default)
    if not isinstance(text, str):
        raise Malformed
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _values(asked: Mapping[str, Any]) -> dict[str, Value]:
    values = asked.get("values")
    if not isinstance(values, dict):
        raise Malformed
    return {
        name: value if value is None or isinstance(value, bool | int | float) else _text(values, name)
        for name, value in values.items()
    }


def _number(request: web.Request, name: str) -> int:
    """A whole number of the address; 0 when it is not there."""
    given = request.query.get(name, "")
    if not re.fullmatch(r"\d{0,9}", given, re.ASCII):
        raise Malformed
    return int(given or 0)
