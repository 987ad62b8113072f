"""Exports by a link: a page that asks for the code, then the file, once. Knows HTTP; `core.rights.exports` what a link may do.

Looking at the page uses nothing up: chats fetch every link by themselves to show what is behind it.
"""

from __future__ import annotations

import base64
import hashlib
from html import escape
from typing import Final

from aiohttp import web

from bots.exporting.fetching import chunks, file_name, sizes
from bots.replies import say
from bots.texts import render
from core.errors import Refused
from core.ports import App
from core.rights import exports
from core.values.holdings import Export

ADDRESS: Final = "/d/{handle}"
STYLE: Final = (
    ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:15vh auto;padding:0 1rem}"
    "input,button{font:inherit;padding:.5rem .8rem;border-radius:.5rem;border:1px solid #8888;width:100%;margin:.3rem 0}"
    "button{background:#b3541e;color:#fff;border:0;cursor:pointer}"
)
_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
#: In place of what goes with every answer: this page has a form, and one style that is named by its hash.
PAGE_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def download_routes(app: App) -> list[web.RouteDef]:
    desk = _Desk(app)
    return [web.get(ADDRESS, desk.ask), web.post(ADDRESS, desk.fetch)]


class _Desk:
    def __init__(self, app: App) -> None:
        self._app = app

    async def ask(self, request: web.Request) -> web.Response:
        """The page with the form, for a link that can still be used. Raises Refused."""
        await self._linked(request)
        title, intro = render(say("export.fetch")), render(say("export.fetch_intro"))
        label = render(say("export.fetch_code"))
        page = (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
            f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><h1>{escape(title)}</h1>"
            f'<p>{escape(intro)}</p><form method="post"><label>{escape(label)} <input name="code" inputmode="numeric" '
            f'autocomplete="off" required autofocus></label><button>{escape(title)}</button></form></body></html>'
        )
        return web.Response(
            text=page,
            content_type="text/html",
            headers={"Content-Security-Policy": PAGE_POLICY, "X-Robots-Tag": "none"},
        )

    async def fetch(self, request: web.Request) -> web.StreamResponse:
        """The file, for who has the code. Raises Refused; a wrong code is counted."""
        export = await self._linked(request)
        typed = (await request.post()).get("code", "")
        await exports.redeem(self._app, export, typed if isinstance(typed, str) else "")
        (size,) = await sizes(self._app, export)
        name = file_name(export, 1, 1)
        response = web.StreamResponse(
            headers={
                "Content-Type": "application/zip",
                "Content-Disposition": f'attachment; filename="{name}"',
                "Content-Length": str(size),
            }
        )
        await response.prepare(request)
        async for some in chunks(self._app, export, 1):
            await response.write(some)
        await response.write_eof()
        return response

    async def _linked(self, request: web.Request) -> Export:
        query = request.query
        export = await exports.linked(self._app, request.match_info["handle"], query.get("e", ""), query.get("s", ""))
        if export.most:
            raise Refused("export.no_link")  # it was made for a chat, in several files
        return export
