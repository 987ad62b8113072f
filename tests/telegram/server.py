"""The Bot API over HTTP on a loopback port: reads requests, lets faults bite, does the methods, keeps a record of it all.

Not Telegram: shapes are checked against the Bot API's schema, behaviour is written from its documentation and from the code
of tdlib/telegram-bot-api, each rule beside its source. Nothing here was ever compared with the real service.

    async with TelegramServer() as telegram:
        bot = Bot(telegram.token, base_url=telegram.base_url, base_file_url=telegram.base_file_url)
        ben = telegram.user("Ben")
        await ben.sends("/start")
"""

from __future__ import annotations

import asyncio
import json
import re
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from aiohttp import BodyPartReader, web

from tests.telegram.files import Upload
from tests.telegram.methods import METHODS
from tests.telegram.refusals import NotCovered, Refusal, bad_request, broken, not_found, unauthorized
from tests.telegram.schema import Misfit, schema
from tests.telegram.world import World

LARGEST_REQUEST = 120_000_000  #: what a person could never send; files have limits of their own
GRACE = 0.1  #: seconds for requests under way when the server stops

BAD_GATEWAY = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body></body>\r\n</html>\r\n"

_names = {name.lower(): name for name in METHODS}  #: "All methods in the Bot API are case-insensitive"


@dataclass
class Call:
    """One request, and what became of it."""

    method: str
    ask: dict[str, Any]
    at: float
    fault: str | None = None
    acted: bool = False
    status: int | None = None  #: None while it is under way, and where no answer was sent
    answer: dict[str, Any] | None = None

    def __str__(self) -> str:
        ask = ", ".join(f"{name}={value!r:.40}" for name, value in self.ask.items())
        return f"{self.method}({ask}) -> {self.fault or self.status}"


class TelegramServer(World):
    """A world behind a port. `seed` decides when faults bite.

    Whatever the bot asks for that the schema or this server does not know is a mistake, and raised at the end unless a test
    took it out of `mistakes`.
    """

    def __init__(self, **world: Any) -> None:
        super().__init__(**world)
        self.calls: list[Call] = []
        self.mistakes: list[str] = []
        self._port = 0
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def base_url(self) -> str:
        return f"{self.url}/bot"

    @property
    def base_file_url(self) -> str:
        return f"{self.url}/file/bot"

    async def __aenter__(self) -> Self:
        await self.comes_up()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        if self.updates.webhook:
            await self.updates.webhook.close()
        await self.goes_down()
        if kind is None:
            assert not self.mistakes, "\n".join(self.mistakes)

    async def comes_up(self) -> None:
        """Listen; after the first time on the same port again, with everything as it was."""
        app = web.Application(client_max_size=LARGEST_REQUEST)
        app.router.add_route("*", "/bot{token}/{method}", self._call)
        app.router.add_get("/file/bot{token}/{path:.+}", self._download)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=GRACE)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self.updates.opens()

    async def goes_down(self) -> None:
        """Cut every connection and listen no more. What was said stays, and people go on talking."""
        runner, self._runner = self._runner, None
        if runner is None:
            return
        self.updates.closes()
        for site in list(runner.sites):
            await site.stop()
        for connection in runner.server.connections if runner.server else []:
            if connection.transport:
                connection.transport.abort()
        await runner.cleanup()

    @asynccontextmanager
    async def down(self) -> AsyncIterator[None]:
        await self.goes_down()
        try:
            yield
        finally:
            await self.comes_up()

    def called(self, *methods: str) -> list[Call]:
        """The calls of some methods, or all but the polling."""
        if methods:
            return [call for call in self.calls if call.method in methods]
        return [call for call in self.calls if call.method != "getUpdates"]

    def lately(self) -> str:
        return "the last calls were\n" + "\n".join(map(str, self.called()[-10:])) + "\nand " + super().lately()

    async def _call(self, request: web.Request) -> web.StreamResponse:
        try:
            method = self._method(request)
        except Refusal as refusal:
            return _json(refusal.code, refusal.answer())
        try:
            call = Call(method, await _read(request), self.now())
        except (ConnectionError, web.RequestPayloadError):
            return web.Response()  # the bot is gone before it has said what it wants
        self.calls.append(call)
        response = await self._respond(call)
        self.changed()
        if response is None:
            if request.transport:
                request.transport.abort()
            return web.Response()
        call.status = response.status
        return response

    def _method(self, request: web.Request) -> str:
        token, name = request.match_info["token"], request.match_info["method"]
        if not re.fullmatch(r"\d+:[\w-]{35}", token):
            raise not_found()
        if token != self.token:
            raise unauthorized()
        if name.lower() not in _names:
            if name in schema().methods:
                self.mistakes.append(f"{name} is not covered by this server")
            raise not_found("method not found")
        return _names[name.lower()]

    async def _respond(self, call: Call) -> web.Response | None:
        """An answer, or None to close the connection without one."""
        wrong = self._understand(call)
        fault = self.faults.pick(call.method, call.ask.get("chat_id"))
        instead = None
        if fault:
            call.fault = fault.name
            instead = fault.strike(self.now())
        if fault is None or fault.acts:
            call.answer = wrong or await self._act(call)
        if fault and fault.delay:
            self.changed()
            await asyncio.sleep(fault.delay)
        if fault and fault.drops:
            return None
        if instead:
            return _trouble(instead)
        assert call.answer is not None
        return _json(call.answer.get("error_code", 200), call.answer)

    def _understand(self, call: Call) -> dict[str, Any] | None:
        """Make values of what was sent; the refusal, if it has no meaning here."""
        try:
            call.ask = _parameters(call.method, call.ask)
            if gaps := call.ask.keys() - set(METHODS[call.method].covers):
                raise NotCovered(f"{call.method} with {', '.join(sorted(gaps))}")
        except (Misfit, NotCovered) as mistake:
            return self._mistake(mistake)
        return None

    async def _act(self, call: Call) -> dict[str, Any]:
        method = METHODS[call.method]
        try:
            result = await method.do(self, call.ask)
            schema().check(method.answers, result)
        except Refusal as refusal:
            return refusal.answer()
        except NotCovered as mistake:
            return self._mistake(mistake)
        except Exception:  # noqa: BLE001 - whatever it is, it is this server's, and must fail the test and not only one call
            self.mistakes.append(traceback.format_exc())
            return broken(500).answer()
        call.acted = True
        return {"ok": True, "result": result}

    def _mistake(self, mistake: Misfit | NotCovered) -> dict[str, Any]:
        self.mistakes.append(f"{type(mistake).__name__}: {mistake}")
        return bad_request(self.mistakes[-1]).answer()

    async def _download(self, request: web.Request) -> web.StreamResponse:
        found = self.files.by_path(request.match_info["path"])
        if request.match_info["token"] != self.token or found is None:
            return _json(404, not_found().answer())
        return web.Response(body=found.data, content_type="application/octet-stream")


def _parameters(method: str, sent: dict[str, Any]) -> dict[str, Any]:
    """The parameters by the schema, each `attach://name` in them replaced by the file of that name."""
    fields = schema().methods[method]
    files = {name: value for name, value in sent.items() if isinstance(value, Upload) and name not in fields}
    ask = schema().read(method, {name: value for name, value in sent.items() if name not in files})
    return {name: _attach(value, files) for name, value in ask.items()}


def _attach(value: Any, files: dict[str, Upload]) -> Any:
    if isinstance(value, str) and value.startswith("attach://"):
        return files.get(value.removeprefix("attach://"), value)
    if isinstance(value, dict):
        return {name: _attach(inner, files) for name, inner in value.items()}
    return [_attach(inner, files) for inner in value] if isinstance(value, list) else value


async def _read(request: web.Request) -> dict[str, Any]:
    """Parameters may come in the query, as a form, as multipart or as JSON: /bots/api#making-requests"""
    sent: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        return sent | json.loads(await request.read())
    if request.content_type == "multipart/form-data":
        return sent | await _read_parts(request)
    return sent | dict(await request.post())


async def _read_parts(request: web.Request) -> dict[str, Any]:
    sent: dict[str, Any] = {}
    async for part in await request.multipart():
        assert isinstance(part, BodyPartReader)
        data = await part.read()
        name = part.name or ""
        if part.filename is None:
            sent[name] = data.decode()
        else:
            mime = part.headers.get("Content-Type", "application/octet-stream")
            sent[name] = Upload(part.filename, bytes(data), mime)
    return sent


def _json(status: int, answer: dict[str, Any]) -> web.Response:
    return web.json_response(answer, status=status)


def _trouble(refusal: Refusal) -> web.Response:
    """A gateway that fails speaks no JSON."""
    if refusal.code == 502:
        return web.Response(status=502, text=BAD_GATEWAY, content_type="text/html")
    return _json(refusal.code, refusal.answer())
