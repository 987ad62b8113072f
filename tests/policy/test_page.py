"""The policy and the terms on the web: whole, without a script or a cookie, on a telephone and in the dark."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiohttp import ClientSession

from bots.policy.page import policy_routes
from bots.policy.shown import Section, section, terms
from bots.texts import render
from bots.web import serve
from core.policy.facts import Controller
from tests.cast import Stage
from tests.page.browser import NOT_INSTALLED, TELEPHONE, chromium, program
from tests.policy.operator import Office, enacts


@pytest.fixture
async def address(stage: Stage, office: Office) -> AsyncIterator[str]:
    """Of a web server that anybody may ask, after the policy changed once."""
    enacts(stage, replace(office.facts(), controller=Controller("An <Operator>", "1 Example Street")))
    routes = policy_routes(stage.app.policy)
    async with serve(routes, "127.0.0.1", 0, here_only=False) as served:
        yield served


async def asked(address: str, path: str) -> tuple[str, dict[str, str]]:
    async with ClientSession() as session, session.get(address + path) as answer:
        assert answer.status == 200
        return await answer.text(), dict(answer.headers)


def words(html: str) -> str:
    return re.sub(
        r"\s+", " ", re.sub(r"<[^>]+>", " ", html).replace("&#39;", "'").replace("&lt;", "<").replace("&gt;", ">")
    )


async def test_it_says_everything_that_the_chats_say(stage: Stage, address: str) -> None:
    said = words((await asked(address, "/privacy"))[0])

    for which in Section:
        for line in section(stage.app.policy, which):
            if line.key != "policy.more":
                assert re.sub(r"\s+", " ", render(line).removeprefix("• ")).strip() in said


async def test_the_terms_are_beside_it(stage: Stage, address: str) -> None:
    said = words((await asked(address, "/terms"))[0])

    for line in terms(stage.app.policy):
        if line.key != "terms.more":
            assert render(line) in said


async def test_it_tells_what_changed(address: str) -> None:
    said = words((await asked(address, "/privacy"))[0])

    assert "Everybody was asked to read it again" in said
    assert "Example Objects gets some of your data now." in said


async def test_it_sets_no_cookie_and_runs_no_script(address: str) -> None:
    for path in ("/privacy", "/terms", "/privacy/page.css"):
        text, headers = await asked(address, path)

        assert "Set-Cookie" not in headers
        assert "<script" not in text
        assert not re.search(r"(src|href)=\"(https?:)?//", text)
        assert "default-src 'none'" in headers["Content-Security-Policy"]


async def test_what_an_operator_writes_is_no_markup(address: str) -> None:
    text, _ = await asked(address, "/privacy")

    assert "An &lt;Operator&gt;" in text


async def test_anybody_may_ask_by_any_name_where_the_page_is_served_too(stage: Stage) -> None:
    routes = policy_routes(stage.app.policy)
    public = frozenset(route.path for route in routes)
    async with (
        serve(routes, "127.0.0.1", 0, public) as address,
        ClientSession() as session,
        session.get(f"{address}/privacy", headers={"Host": "bot.operator.example"}) as answer,
    ):
        assert answer.status == 200


@pytest.mark.chromium
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_fits_a_telephone_by_day_and_by_night(address: str, scheme: str) -> None:
    path = program()
    if path is None:
        pytest.skip(NOT_INSTALLED)
    async with chromium(path) as browser:
        context = await browser.new_context(viewport=TELEPHONE, color_scheme=scheme, java_script_enabled=True)  # type: ignore[arg-type]
        page = await context.new_page()
        await page.goto(f"{address}/privacy")
        width = await page.evaluate("document.documentElement.scrollWidth")
        ground = await page.evaluate("getComputedStyle(document.body).backgroundColor")

    assert width <= TELEPHONE["width"]
    assert ground == {"light": "rgb(245, 241, 234)", "dark": "rgb(21, 18, 16)"}[scheme]
