"""The web server: what each address may be asked by whom, and what goes with every answer. Knows no page and no command."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import Final

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bots.replies import say
from bots.settings import BadSettings
from bots.texts import render
from core.errors import Refused, Trouble, Unavailable

log = structlog.get_logger()

BODY: Final = 256 * 1024  #: bytes of a request's body, files apart: more than the longest line anybody should send
FAREWELL: Final = 2.0  #: seconds that answers under way have when the server ends
POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
    "Server": "Darkroom",
}


@asynccontextmanager
async def serve(
    routes: Iterable[web.RouteDef],
    host: str,
    port: int,
    public: frozenset[str] = frozenset(),
    *,
    here_only: bool = True,
) -> AsyncIterator[str]:
    """Serve until left; gives the address. Raises BadSettings for a host or a port that can't be used.

    `public` are paths that anybody may ask: machines that watch, and platforms, each with a secret of its own to check.
    `here_only`: whoever is not on this computer must not reach it, as is so with the page.
    """
    listening = _listen(host, port, here_only)
    authority = f"[{host}]" if ":" in host else host
    authority = f"{authority}:{listening.getsockname()[1]}"
    runner = web.AppRunner(
        application(routes, authority, public, guarded=here_only),
        access_log=None,
        shutdown_timeout=FAREWELL,
        handler_cancellation=True,
    )
    await runner.setup()
    try:
        await web.SockSite(runner, listening).start()
        yield f"http://{authority}"
    finally:
        await runner.cleanup()
        listening.close()


def application(
    routes: Iterable[web.RouteDef], authority: str, public: frozenset[str] = frozenset(), *, guarded: bool = True
) -> web.Application:
    """Everything that is served at `authority`. `guarded`: the one host and port that requests may name, unless public."""
    guards = [_guard(authority, public)] if guarded else []
    served = web.Application(middlewares=[_outermost, *guards], client_max_size=BODY)
    served.on_response_prepare.append(_with_headers)
    served.add_routes(routes)
    return served


def trouble(refusal: Trouble, status: int) -> web.Response:
    return web.json_response({"error": render(say(refusal.key, **refusal.values))}, status=status)


def _listen(host: str, port: int, here_only: bool) -> socket.socket:
    if here_only and not _is_loopback(host):
        raise BadSettings(
            f"DARKROOM_HOST: the page is for this computer only, and {host} is no loopback address. Write 127.0.0.1, "
            "or leave the page off: then health, figures and webhooks are served there, and nothing else."
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.getaddrinfo(host, port, family)
        return socket.create_server((host, port), family=family)
    except OSError as error:
        if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
            raise BadSettings(
                f"DARKROOM_HOST: {host} is no address of this computer's. Write one, or 0.0.0.0 for all."
            ) from None
        raise BadSettings(
            f"DARKROOM_PORT: {'the page' if here_only else 'health'} can't be served on port {port} "
            f"({os.strerror(error.errno or 0).lower()}). "
            "Choose another, or 0 for any that is free."
        ) from None


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


@web.middleware
async def _outermost(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Trouble becomes its sentence, a bug an apology and a line in the log."""
    try:
        return await handler(request)
    except Refused as refusal:
        return trouble(refusal, 404)
    except Unavailable as later:
        return trouble(later, 503)
    except web.HTTPRequestEntityTooLarge:
        return trouble(Refused("page.too_large"), 413)
    except web.HTTPException as standard:
        missing = standard.status in (404, 405)
        return trouble(Refused("page.not_here" if missing else "page.malformed"), standard.status)
    except Exception:
        log.exception("page.failed", door="page")
        return trouble(Refused("trouble.bug"), 500)


def _guard(authority: str, public: frozenset[str]) -> Middleware:
    """Only pages that this server served itself may ask, under the one name it is served by.

    A name that somebody else made point here (DNS rebinding), another site's form or script, and a picture embedded elsewhere
    are all refused before anything is looked at.
    """
    ours = f"http://{authority}"
    port = authority.rpartition(":")[2]
    names = {f"localhost:{port}", f"127.0.0.1:{port}", f"[::1]:{port}"}

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if _route_of(request) in public:
            return await handler(request)
        front = request.path == "/" and request.method in ("GET", "HEAD")
        if front and request.host != authority and request.host in names:
            return web.Response(status=302, headers={"Location": f"{ours}/"})
        if request.host != authority:
            return trouble(Refused("page.wrong_host", address=ours), 421)
        only_looks = request.method in ("GET", "HEAD")
        origin = request.headers.get("Origin", ours if only_looks else None)
        if origin != ours or (_from_elsewhere(request) and not front):
            return trouble(Refused("page.wrong_origin", address=ours), 403)
        return await handler(request)

    return guard


def _route_of(request: web.Request) -> str:
    """The address as it was declared: `/d/{handle}` for each handle."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else request.path


def _from_elsewhere(request: web.Request) -> bool:
    return request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin")


async def _with_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """What an answer says of itself stays: a page with a form needs a policy of its own."""
    for name, value in HEADERS.items():
        if name != "Content-Security-Policy" or name not in response.headers:
            response.headers[name] = value
