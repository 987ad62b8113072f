"""A link to an export opens it once, for a while, for who has the code: and for nobody else."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import ClientSession

from bots.exporting.downloads import ADDRESS, download_routes
from bots.exporting.exporter import Exporter
from bots.texts import render
from bots.web import serve
from core.rights import exports
from core.rights.exports import CODE_TRIES, LINK_LIFE
from core.rules import DAY
from core.values import Who
from storage.database import SqlDatabase
from tests.cast import Actor, Stage, enter
from tests.databases import Store
from tests.rights.unpacking import unpacked


@pytest.fixture
def database(sqlite_store: Store) -> SqlDatabase:
    return sqlite_store.open()


@dataclass
class Link:
    address: str
    code: str

    @property
    def handle(self) -> str:
        return urlsplit(self.address).path.removeprefix("/d/")


@pytest.fixture
async def address(stage: Stage) -> AsyncIterator[str]:
    async with serve(download_routes(stage.app), "127.0.0.1", 0, frozenset({ADDRESS})) as address:
        object.__setattr__(stage.app, "public_url", address)
        yield address


@pytest.fixture
async def browser(address: str) -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


async def offered(stage: Stage, name: str = "ben") -> Link:
    """A link that somebody at a chat door is given: their export is made, and would be too many files for it."""
    somebody = enter(stage, name, "telegram")
    await somebody.agrees()
    await somebody.says("/imagine a heron")
    await stage.works()
    await exports.ask(stage.app, somebody.who, images_only=False, by_link=True)
    await Exporter(stage.app).round()
    return link_in(await somebody.says("/export"))


def link_in(told: object) -> Link:
    text = "\n".join(render(line) for line in told.lines)  # type: ignore[attr-defined]
    address, code = re.search(r"http\S+", text), re.search(r"code: (\d{6})", text)
    assert address, text
    assert code, text
    return Link(address[0], code[1])


async def fetch(browser: ClientSession, address: str, code: str) -> tuple[int, bytes]:
    async with browser.post(address, data={"code": code}) as answer:
        return answer.status, await answer.read()


async def test_the_page_asks_for_the_code_and_gives_the_file(stage: Stage, browser: ClientSession) -> None:
    link = await offered(stage)

    async with browser.get(link.address) as page:
        assert page.status == 200
        assert "<form" in await page.text()
        assert "form-action 'self'" in page.headers["Content-Security-Policy"]
        assert "<script" not in await page.text()
    async with browser.post(link.address, data={"code": link.code}) as answer:
        assert answer.headers["Content-Disposition"].startswith('attachment; filename="darkroom-export-')
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        found = unpacked([await answer.read()])

    assert found.rows("job")[0]["sealed_words"]["prompt"] == "a heron"


async def test_looking_at_it_uses_nothing_up(stage: Stage, browser: ClientSession) -> None:
    """Chats fetch every link to show what is behind it."""
    link = await offered(stage)
    for _ in range(5):
        async with browser.get(link.address) as page:
            assert page.status == 200

    assert (await fetch(browser, link.address, link.code))[0] == 200


async def test_it_works_once(stage: Stage, browser: ClientSession) -> None:
    link = await offered(stage)
    assert (await fetch(browser, link.address, link.code))[0] == 200

    assert (await fetch(browser, link.address, link.code))[0] == 404
    async with browser.get(link.address) as page:
        assert page.status == 404


async def test_of_two_at_the_same_time_one_gets_it(stage: Stage, browser: ClientSession) -> None:
    link = await offered(stage)

    answers = await asyncio.gather(*(fetch(browser, link.address, link.code) for _ in range(4)))

    assert sorted(status for status, _ in answers) == [200, 404, 404, 404]


async def test_it_expires(stage: Stage, browser: ClientSession) -> None:
    link = await offered(stage)
    stage.clock.passes(LINK_LIFE)

    assert (await fetch(browser, link.address, link.code))[0] == 404


async def test_another_expiry_does_not_fit_its_signature(stage: Stage, browser: ClientSession) -> None:
    link = await offered(stage)
    expiry = parse_qs(urlsplit(link.address).query)["e"][0]
    later = link.address.replace(expiry, str(int(expiry) + DAY))
    stage.clock.passes(LINK_LIFE)

    assert (await fetch(browser, later, link.code))[0] == 404


@pytest.mark.parametrize("query", ["", "?e=1&s=0", "?e=9999999999999&s=", "?e=-5&s=a", "?e=9e99&s=%00", "?e=٣&s=a"])
async def test_a_forged_one_leads_nowhere(stage: Stage, browser: ClientSession, query: str) -> None:
    link = await offered(stage)

    assert (await fetch(browser, link.address.split("?")[0] + query, link.code))[0] == 404


async def test_another_handle_does_not_fit_its_signature(stage: Stage, browser: ClientSession) -> None:
    mine, yours = await offered(stage, "ben"), await offered(stage, "ana")

    crossed = mine.address.replace(mine.handle, yours.handle)

    assert (await fetch(browser, crossed, yours.code))[0] == 404
    assert (await fetch(browser, crossed, mine.code))[0] == 404


async def test_somebody_elses_code_does_not_open_it(stage: Stage, browser: ClientSession) -> None:
    mine, yours = await offered(stage, "ben"), await offered(stage, "ana")

    assert (await fetch(browser, mine.address, yours.code))[0] == 404
    assert (await fetch(browser, mine.address, mine.code))[0] == 200


async def test_after_some_wrong_codes_the_right_one_is_wrong_too(stage: Stage, browser: ClientSession) -> None:
    link = await offered(stage)
    for _ in range(CODE_TRIES):
        assert (await fetch(browser, link.address, "000000" if link.code != "000000" else "1"))[0] == 404

    assert (await fetch(browser, link.address, link.code))[0] == 404


async def test_another_link_takes_the_place_of_the_one_before(stage: Stage, browser: ClientSession) -> None:
    first = await offered(stage)
    ben = Actor(stage, Who("telegram", "ben"))

    second = link_in(await ben.says("/export"))

    assert second.handle != first.handle
    assert (await fetch(browser, first.address, first.code))[0] == 404
    assert (await fetch(browser, second.address, second.code))[0] == 200


async def test_no_link_leads_to_files_that_were_made_for_a_chat(
    stage: Stage, browser: ClientSession, address: str
) -> None:
    ben = enter(stage, "ben", "telegram")
    await ben.agrees()
    await ben.says("/export")
    export = await exports.newest(stage.app, ben.who)
    assert export is not None
    path = exports.link_path(stage.app, export, stage.clock.now())

    assert (await fetch(browser, address + path, exports.code(stage.app, export.handle)))[0] == 404


async def test_a_small_export_comes_through_the_chat(stage: Stage, address: str) -> None:
    ben = enter(stage, "ben", "telegram")
    await ben.agrees()

    assert (await ben.says("/export")).files
