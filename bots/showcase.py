"""The showcase at /showcase: pictures that people chose to show, without a name, where whoever runs this bot offers it.

Plain pages without a script or a cookie; search engines are asked to leave it out. Nothing is kept about who looks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aiohttp import web
from jinja2 import Environment, StrictUndefined

from bots.replies import say
from bots.texts import render
from core.errors import Refused
from core.ports import App
from core.rights import showcase
from core.values import Picture, PictureId

PATH: Final = "/showcase"
KINDS: Final = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}
UNSEARCHED: Final = {"X-Robots-Tag": "noindex, nofollow, noimageindex"}
PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow, noimageindex">
<title>{{ title }}</title>
<link rel="stylesheet" href="/showcase/showcase.css">
</head>
<body>
<main>
<h1>{{ title }}</h1>
<p>{{ intro }}</p>
<ul>
{%- for picture in pictures %}
<li><a href="{{ picture.address }}"><img src="{{ picture.address }}" alt="{{ picture.words }}" loading="lazy"
width="{{ picture.width }}" height="{{ picture.height }}"></a></li>
{%- endfor %}
</ul>
</main>
</body>
</html>
"""
STYLE: Final = """
:root { color-scheme: light dark; }
body { margin: 0; font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 72rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.5rem; }
p { max-width: 40rem; }
ul { display: grid; gap: 0.75rem; margin: 1.5rem 0; padding: 0; list-style: none; }
ul { grid-template-columns: repeat(auto-fill, minmax(min(14rem, 100%), 1fr)); }
img { display: block; width: 100%; height: auto; border-radius: 0.5rem; }
a:focus-visible { outline: 3px solid; outline-offset: 3px; border-radius: 0.5rem; }
"""


def showcase_routes(app: App) -> Sequence[web.RouteDef]:
    """Everything under /showcase."""
    window = _Window(app)
    return [
        web.get(PATH, window.page),
        web.get(f"{PATH}/showcase.css", window.style),
        web.get(PATH + "/{id:[0-9A-Z]{1,40}}", window.picture),
    ]


class _Window:
    """One method for each route. What is not done here is not there."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._template = Environment(autoescape=True, undefined=StrictUndefined).from_string(PAGE)

    async def page(self, _request: web.Request) -> web.Response:
        self._require()
        shown = await showcase.examples(self._app)
        text = self._template.render(
            title=render(say("showcase.title")),
            intro=render(say("showcase.intro" if shown else "showcase.none")),
            pictures=[_framed(picture) for picture in shown],
        )
        return web.Response(text=text, content_type="text/html", headers=UNSEARCHED)

    async def style(self, _request: web.Request) -> web.Response:
        self._require()
        return web.Response(text=STYLE, content_type="text/css", charset="utf-8")

    async def picture(self, request: web.Request) -> web.Response:
        """Raises Refused for one that is not shown, in the same words whether it exists or not."""
        example = await showcase.opened(self._app, PictureId(request.match_info["id"]))
        if example is None:
            raise Refused("page.not_here")
        return web.Response(body=example.data, content_type=KINDS[example.format], headers=UNSEARCHED)

    def _require(self) -> None:
        if not showcase.is_done(self._app):
            raise Refused("page.not_here")


def _framed(picture: Picture) -> dict[str, str | int]:
    return {
        "address": f"{PATH}/{picture.id}",
        "words": render(say("showcase.picture", id=picture.id)),
        "width": picture.width,
        "height": picture.height,
    }
