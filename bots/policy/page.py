"""The policy and the terms as web pages, at /privacy and /terms: no script, no cookie, nothing from elsewhere.

Says what bots/policy/shown.py says, all of it on one page. Nothing is kept about who reads.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import groupby
from typing import Any, Final

from aiohttp import web
from jinja2 import Environment, StrictUndefined

from bots.policy.shown import Section, controller, dated, section, terms
from bots.replies import Line, say
from bots.texts import render
from core.errors import Unavailable
from core.policy.document import Policy
from core.values import Probed

Newest = Callable[[], Awaitable[Sequence[Probed]]]  #: how this deployment's probes went

PRIVACY: Final = "/privacy"
TERMS: Final = "/terms"
STYLE: Final = "/privacy/page.css"
BULLET: Final = "• "

PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{{ title }}</title>
<link rel="stylesheet" href="{{ style }}">
</head>
<body>
<header>
<h1>{{ title }}</h1>
{%- for line in first %}
<p>{{ line }}</p>
{%- endfor %}
<p><a href="{{ other.address }}">{{ other.title }}</a></p>
</header>
{%- if parts|length > 1 %}
<nav aria-labelledby="contents">
<h2 id="contents">{{ contents }}</h2>
<ul>
{%- for part in parts %}
<li><a href="#{{ part.name }}">{{ part.title }}</a></li>
{%- endfor %}
</ul>
</nav>
{%- endif %}
<main>
{%- for part in parts %}
<section id="{{ part.name }}" aria-labelledby="{{ part.name }}-title">
<h2 id="{{ part.name }}-title">{{ part.title }}</h2>
{%- for block in part.blocks %}
{%- if block.listed %}
<ul>
{%- for line in block.lines %}
<li>{{ line }}</li>
{%- endfor %}
</ul>
{%- else %}
{%- for line in block.lines %}
<p>{{ line }}</p>
{%- endfor %}
{%- endif %}
{%- endfor %}
</section>
{%- endfor %}
</main>
</body>
</html>
"""

CSS: Final = """
:root {
  color-scheme: light dark;
  --ground: #f5f1ea; --paper: #fffdf9; --ink: #221c17; --soft: #6a6056; --line: #e3dace; --glow: #b23c17;
}
@media (prefers-color-scheme: dark) {
  :root { --ground: #151210; --paper: #1f1a17; --ink: #f2ebe1; --soft: #aa9f92; --line: #352d27; --glow: #ff8358; }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 44rem; background: var(--ground); color: var(--ink);
  font: 1.0625rem/1.6 ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif;
  overflow-wrap: anywhere; -webkit-text-size-adjust: 100%;
}
h1, h2 { font-family: ui-serif, "Iowan Old Style", Charter, Georgia, "Liberation Serif", serif; line-height: 1.25; }
h1 { margin: 0 0 .5rem; font-size: 2rem; }
h2 { margin: 0 0 .75rem; font-size: 1.35rem; }
p { margin: 0 0 .75rem; }
header p { color: var(--soft); }
ul { margin: 0 0 .75rem; padding-left: 1.2rem; }
li { margin: 0 0 .6rem; }
li::marker { color: var(--glow); }
section, nav {
  margin: 1.25rem 0; padding: 1.1rem 1.2rem; background: var(--paper); border: 1px solid var(--line); border-radius: 14px;
}
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: 0; padding: 0; list-style: none; }
nav li { margin: 0; padding: .35rem 0; }
section > :last-child { margin-bottom: 0; }
a { color: var(--glow); text-underline-offset: .2em; }
a:focus-visible { outline: 2px solid var(--glow); outline-offset: 3px; border-radius: 4px; }
"""


def policy_routes(policy: Policy, newest: Newest | None = None) -> Sequence[web.RouteDef]:
    """Two pages and their looks, for anybody. What they say does not change while the process runs, but for how the newest
    probes of this deployment went.
    """
    shown = _Shown(policy, newest)
    return [web.get(PRIVACY, shown.privacy), web.get(TERMS, shown.terms), web.get(STYLE, shown.style)]


class _Shown:
    """One method for each route."""

    def __init__(self, policy: Policy, newest: Newest | None) -> None:
        self._policy, self._newest = policy, newest
        self._template = Environment(autoescape=True, undefined=StrictUndefined).from_string(PAGE)
        self._at_its_head = [controller(policy), dated(policy)]
        self._first = [render(line) for line in self._at_its_head]
        self._common = {"style": STYLE, "contents": render(say("privacy_page.contents"))}
        to_terms, to_privacy = render(say("privacy_page.terms_title")), render(say("privacy_page.title"))
        self._to_terms = {"address": TERMS, "title": to_terms}
        only = [_part("terms", say("privacy_page.terms_title"), _without(terms(policy), self._at_its_head))]
        self._terms = self._template.render(
            **self._common,
            title=to_terms,
            first=self._first[:1],
            parts=only,
            other={"address": PRIVACY, "title": to_privacy},
        )
        self._probed: Sequence[Probed] | None = None
        self._privacy = self._written()

    async def privacy(self, _request: web.Request) -> web.Response:
        if (probed := await self._asked()) != self._probed:
            self._probed = probed
            self._privacy = self._written()
        return web.Response(text=self._privacy, content_type="text/html")

    async def terms(self, _request: web.Request) -> web.Response:
        return web.Response(text=self._terms, content_type="text/html")

    async def style(self, _request: web.Request) -> web.Response:
        return web.Response(text=CSS, content_type="text/css", charset="utf-8")

    async def _asked(self) -> Sequence[Probed] | None:
        """How the probes went, or what is known of it while the database is away: the policy is read all the same."""
        if self._newest is None:
            return None
        try:
            return await self._newest()
        except Unavailable:
            return self._probed

    def _written(self) -> str:
        policy = self._policy
        parts = [
            _part(
                which.value,
                say(f"privacy_page.{which}"),
                _without(section(policy, which, self._probed), self._at_its_head),
            )
            for which in Section
        ]
        return self._template.render(
            **self._common,
            title=render(say("privacy_page.title")),
            first=self._first,
            parts=parts,
            other=self._to_terms,
        )


def _without(lines: Iterable[Line], at_its_head: Sequence[Line]) -> list[Line]:
    """What is not said at the head of the page already, nor leads to what is a link here."""
    return [line for line in lines if line not in at_its_head and line.key not in ("policy.more", "terms.more")]


def _part(name: str, title: Line, lines: Iterable[Line]) -> dict[str, Any]:
    """A section: what begins with a bullet is a list, everything else a paragraph."""
    written = [line for one in lines for line in render(one).splitlines() if line]
    blocks = [
        {"listed": listed, "lines": [line.removeprefix(BULLET) for line in together]}
        for listed, together in groupby(written, key=lambda line: line.startswith(BULLET))
    ]
    return {"name": name, "title": render(title), "blocks": blocks}
