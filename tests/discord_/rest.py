"""HTTP around the routes: reading requests, rate limits and their headers, and faults before and after a route acts."""

from __future__ import annotations

import asyncio
import json
import math
import re
import socket
import struct
import time
import zlib
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.discord_.errors import Refusal, not_found
from tests.discord_.faults import Fault, Kind
from tests.discord_.messages import Upload
from tests.discord_.routes import WITH_THEIR_OWN_TOKEN, Answered, Call, Handler, authorize, check_body, find
from tests.discord_.schema import spec

if TYPE_CHECKING:
    from tests.discord_.server import DiscordServer

API = "/api/v10"
FAILURES = {500: "500: Internal Server Error", 502: "502: Bad Gateway", 503: "503: Service Unavailable"}
Struck = dict[Kind, Fault]


class Rest:
    def __init__(self, server: DiscordServer) -> None:
        self._server = server

    async def serve(self, request: web.Request) -> web.StreamResponse:
        path = request.path.removeprefix(API)
        described, params, handler = find(request.method, path)
        call = Call(
            self._server, described, path, params, dict(request.query), dict(request.headers), self._server.now()
        )
        self._server.requests.append(call)
        await _read(call, request)
        if handler is None:
            self._server.mistakes.append(AssertionError(f"no such route in this stand-in: {described}"))
            return _response(call, not_found().status, not_found().body, {})
        try:
            return await self._answer(call, handler, request)
        finally:
            self._server.changes()

    async def _answer(self, call: Call, handler: Handler, request: web.Request) -> web.StreamResponse:
        struck = self._server.faults.of_request(call.route)
        if Kind.SLOW in struck:
            await asyncio.sleep(struck[Kind.SLOW].seconds)
        if Kind.RESET in struck:
            return _reset(request)
        stopped, headers = self._held_back(call, struck)
        if stopped is not None:
            return stopped
        if Kind.FAILED in struck:
            return _failure(call, struck[Kind.FAILED])
        status, answer = _act(call, handler, struck)
        spec().check_answer(call.route, status, answer)
        if Kind.SLOW_AFTER in struck:
            await asyncio.sleep(struck[Kind.SLOW_AFTER].seconds)
        if Kind.LOST in struck:
            return _hang_up(request)
        if Kind.FAILED_AFTER in struck:
            return _failure(call, struck[Kind.FAILED_AFTER])
        return _response(call, status, answer, headers)

    def _held_back(self, call: Call, struck: Struck) -> tuple[web.Response | None, dict[str, str]]:
        """A 429 if there is a reason for one, and the headers of the route's bucket."""
        faults = self._server.faults
        if Kind.LIMITED in struck:
            fault = struck[Kind.LIMITED]
            if fault.scope == "global":
                faults.close_everything(fault.seconds)
            return _too_many(call, fault.seconds, fault.scope, _bucket(call, 5, 0, fault.seconds)), {}
        if faults.everything_waits and not call.path.startswith(WITH_THEIR_OWN_TOKEN):
            return _too_many(call, faults.everything_waits, "global", {}), {}
        bucket = faults.bucket_of(call.route)
        if bucket is None:
            return None, _bucket(call, 1_000, 999, 1.0)
        left, reset = bucket.take(call.major, time.monotonic())
        headers = _bucket(call, bucket.limit, max(left, 0), reset)
        return (_too_many(call, reset, "user", headers) if left < 0 else None), headers


def _act(call: Call, handler: Handler, struck: Struck) -> Answered:
    try:
        authorize(call)
        if Kind.REFUSED in struck:
            raise Refusal(struck[Kind.REFUSED].code)
        check_body(call)
        answered = handler(call)
    except Refusal as refusal:
        return refusal.status, refusal.body
    call.acted = True
    return answered


async def _read(call: Call, request: web.Request) -> None:
    if request.content_type != "multipart/form-data":
        raw = await request.read()
        if raw:
            call.body = _parsed(raw)
        return
    form = await request.post()
    for name, part in form.items():
        if name == "payload_json":
            call.body = _parsed(part if isinstance(part, str) else part.file.read())
        elif match := re.fullmatch(r"files\[(\d+)\]", name):
            assert isinstance(part, web.FileField)
            call.files[int(match[1])] = Upload(part.filename, part.file.read(), part.content_type)


def _parsed(raw: str | bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return None


def _bucket(call: Call, limit: int, left: int, reset: float) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(left),
        "X-RateLimit-Reset": f"{time.time() + reset:.3f}",
        "X-RateLimit-Reset-After": f"{reset:.3f}",
        "X-RateLimit-Bucket": f"{zlib.crc32(call.route.encode()):08x}",
    }


def _too_many(call: Call, seconds: float, scope: str, headers: dict[str, str]) -> web.Response:
    body = {
        "message": "You are being rate limited.",
        "retry_after": round(seconds, 3),
        "global": scope == "global",
        "code": 0,
    }
    headers = headers | {"Retry-After": str(math.ceil(seconds)), "X-RateLimit-Scope": scope}
    if scope == "global":
        headers["X-RateLimit-Global"] = "true"
    spec().check_answer(call.route, 429, body)
    call.scope = scope
    return _response(call, 429, body, headers)


def _failure(call: Call, fault: Fault) -> web.Response:
    return _response(call, fault.status, FAILURES.get(fault.status, str(fault.status)), {})


def _response(call: Call, status: int, answer: Any, headers: dict[str, str]) -> web.Response:
    call.status, call.answer = status, answer
    headers = {"Via": "1.1 google", **headers}
    if answer is None:
        return web.Response(status=status, headers=headers)
    if isinstance(answer, str):
        return web.Response(status=status, text=answer, headers=headers)
    body = json.dumps(answer).encode()
    return web.Response(status=status, body=body, headers=headers | {"Content-Type": "application/json"})


def _reset(request: web.Request) -> web.Response:
    """A TCP reset, as from a peer that crashed."""
    if request.transport is not None:
        peer = request.transport.get_extra_info("socket")
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.transport.abort()
    return web.Response()


def _hang_up(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.close()
    return web.Response()
