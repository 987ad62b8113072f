"""Who may ask what of the page's server: its own page, under its own name, with the cookie it set; and how much at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from aiohttp import ClientSession, FormData

from bots.on_page.html import page_html
from bots.on_page.routes import COOKIE
from bots.settings import BadSettings
from bots.web import BODY, HEADERS, serve
from core.rules import ATTACHMENT_BYTES
from tests.cast import Stage, keys_of
from tests.page.actor import Front, PageActor, new_update
from tests.promises.test_nothing_before_agreement import rows

PATHS = ("/", "/page/page.js", "/events", "/gallery", "/pictures/ABCDEFGH", "/previews/x", "/files/x", "/form/imagine")


async def test_the_page_sets_one_cookie_that_nobody_else_can_read(front: Front) -> None:
    async with ClientSession(front.address) as session, session.get("/") as response:
        (cookie,) = response.cookies.values()

    assert cookie.key == COOKIE
    assert len(cookie.value) == 32
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", "/")


async def test_the_cookie_stays_when_the_page_is_opened_again(ana: PageActor) -> None:
    async with ana.session.get("/") as response:
        assert not response.cookies


async def test_a_link_from_elsewhere_gives_nobody_a_new_cookie(front: Front) -> None:
    """The browser keeps a strict cookie back then; a new one in its place would lose the person everything."""
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    async with ClientSession(front.address) as session, session.get("/", headers=headers) as response:
        assert response.status == 200
        assert not response.cookies
        assert response.headers["Refresh"] == "0"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "127.0.0.1", "127.0.0.1:1", "[::1]", ""])
async def test_another_host_name_is_refused_everywhere(ana: PageActor, path: str, host: str) -> None:
    async with ana.session.get(path, headers={"Host": host}, allow_redirects=False) as response:
        assert response.status in (400, 421)
        assert "cookie" not in response.headers


async def test_localhost_leads_to_the_one_name_it_is_served_by(front: Front) -> None:
    """Cookies know names, not computers: the same person under two names would be two."""
    port = front.address.rpartition(":")[2]
    async with ClientSession() as session:
        async with session.get(f"http://localhost:{port}/", allow_redirects=False) as response:
            assert (response.status, response.headers["Location"]) == (302, f"{front.address}/")
        async with session.get(f"http://localhost:{port}/gallery") as response:
            assert response.status == 421


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "", "http://localhost:1", "https://127.0.0.1"])
@pytest.mark.parametrize("path", ["/say", "/press", "/form", "/shown"])
async def test_a_foreign_origin_is_refused(stage: Stage, ben: PageActor, path: str, origin: str) -> None:
    before = rows(stage)
    body = {"update": new_update(), "line": "/imagine a star", "command": "imagine", "values": {"prompt": "a star"}}
    async with ben.session.post(path, json=body, headers={"Origin": origin}) as response:
        assert response.status == 403
        assert "Another site" in (await response.json())["error"] if origin else True

    assert rows(stage) == before


async def test_no_origin_at_all_is_refused_too(front: Front, ben: PageActor) -> None:
    async with ClientSession(front.address, cookies={COOKIE: ben.who.raw_id}) as session:
        body = {"update": new_update(), "line": "/help"}
        async with session.post("/say", json=body) as response:
            assert response.status == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_a_picture_embedded_elsewhere_is_refused(stage: Stage, ben: PageActor, site: str) -> None:
    await ben.says("/imagine a star")
    await stage.works()
    address = f"/pictures/{ben.inbox[0].pictures[0].id}"

    async with ben.session.get(address, headers={"Sec-Fetch-Site": site}) as response:
        assert response.status == 403


@pytest.mark.parametrize("path", PATHS)
async def test_every_answer_carries_the_headers(ana: PageActor, path: str) -> None:
    async with ana.session.get(path) as response:
        assert {name: response.headers[name] for name in HEADERS} == HEADERS


def test_the_page_loads_nothing_from_elsewhere_and_runs_nothing_inline() -> None:
    static = Path(__file__).parents[2] / "bots" / "on_page" / "static"
    sources = {path.name: path.read_text() for path in static.iterdir()} | {"served": page_html()}

    for name, text in sources.items():
        links = text.replace("http://www.w3.org/2000/svg", "")
        assert "://" not in links, name
        assert "//" not in links or name.endswith(".js"), name
        assert "innerHTML" not in text, name
        assert "eval(" not in text, name
        assert " style=" not in text, name
        assert " on" + "click=" not in text, name


@pytest.mark.parametrize("path", [path for path in PATHS if path not in ("/", "/page/page.js")])
@pytest.mark.parametrize("cookie", ["", "x", "g" * 32, "a" * 31, "A" * 32, "../" * 10])
async def test_without_the_pages_own_cookie_there_is_nothing(front: Front, path: str, cookie: str) -> None:
    headers = {"Cookie": f"{COOKIE}={cookie}"} if cookie else {}
    async with ClientSession(front.address, headers=headers) as session, session.get(path) as response:
        assert response.status == 403
        assert "open the page first" in (await response.json())["error"]


async def test_somebody_elses_pictures_files_and_requests_mean_nothing(
    stage: Stage, ben: PageActor, ana: PageActor
) -> None:
    await ben.says("/imagine a star")
    await stage.works()
    ben.answer = ben.inbox[0]
    await ben.presses("Save")
    picture = ben.inbox[0].pictures[0].id
    file = ben.messages[-1][1]["files"][0]["address"]
    await ana.agrees()

    for address in (f"/pictures/{picture}", f"/pictures/{picture}/details", file):
        assert (await ben.gets(address))[0] == 200
        assert (await ana.gets(address))[0] == 404
    assert json.loads((await ana.gets("/gallery"))[1])["pictures"] == []


async def test_a_saved_file_is_the_picture_itself_to_be_taken_away(stage: Stage, ben: PageActor) -> None:
    await ben.says("/imagine a star")
    await stage.works()
    ben.answer = ben.inbox[0]
    reply = await ben.presses("Save")
    file = ben.messages[-1][1]["files"][0]

    async with ben.session.get(file["address"]) as response:
        assert await response.read() == reply.files[0].data
        assert response.headers["Content-Disposition"] == f'attachment; filename="{file["name"]}"'


@pytest.mark.parametrize("path", ["/say", "/press", "/form", "/shown"])
@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "1",
        '"x"',
        "{}",
        '{"update": 1}',
        '{"update": "x", "line": "/help"}',
        "[" * 100_000,
        '{"line": NaN}',
    ],
)
async def test_what_no_page_would_ask_is_refused_with_a_sentence(ana: PageActor, path: str, body: str) -> None:
    async with ana.session.post(path, data=body, headers={"Content-Type": "application/json"}) as response:
        assert response.status == 400
        assert (await response.json())["error"]


async def test_a_form_that_is_no_json_is_refused(ana: PageActor) -> None:
    """What a page elsewhere could send without asking first."""
    body = json.dumps({"update": new_update(), "line": "/help"})
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        async with ana.session.post("/say", data=body, headers={"Content-Type": kind}) as response:
            assert response.status == 400


async def test_a_body_that_is_too_large_is_refused_and_nothing_is_done(stage: Stage, ben: PageActor) -> None:
    body = {"update": new_update(), "line": "/imagine " + "a" * BODY}
    async with ben.session.post("/say", json=body) as response:
        assert response.status == 413
        assert "more than I read" in (await response.json())["error"]

    assert (await ben.balance()).held == 0


async def test_a_file_that_is_too_large_is_refused_with_its_own_sentence(ben: PageActor) -> None:
    assert keys_of(await ben.sends("/verify", "large.png", b"\0" * (ATTACHMENT_BYTES + 1))) == ["parse.file_too_large"]


async def test_a_file_beside_a_line_is_looked_at(stage: Stage, ben: PageActor) -> None:
    await ben.says("/imagine a star")
    await stage.works()

    assert keys_of(await ben.sends("/verify", "mine.png", ben.inbox[0].pictures[0].data)) == ["verify.made"]
    assert keys_of(await ben.sends("/verify", "broken.png", b"nonsense")) == ["verify.unreadable"]


async def test_a_form_of_several_parts_without_what_belongs_in_it_is_refused(ana: PageActor) -> None:
    for form in (
        FormData({"line": "/verify"}),
        FormData({"update": new_update()}),
        FormData({"update": "x", "line": "y"}),
    ):
        async with ana.session.post("/say", data=form(), headers={"Content-Type": "multipart/form-data"}) as response:
            assert response.status == 400


async def test_half_a_character_is_no_bug(ben: PageActor) -> None:
    for line in ("/imagine \ud800", "/show \udfff", "\ud800"):
        assert (await ben.says(line)).error != "bug"


async def test_a_page_elsewhere_on_this_computer_cannot_be_served(front: Front) -> None:
    for host in ("0.0.0.0", "192.0.2.1", "::", "example.org"):
        with pytest.raises(BadSettings, match="DARKROOM_HOST"):
            async with serve([], host, 0):
                pass
    with pytest.raises(BadSettings, match="DARKROOM_PORT"):
        async with serve([], "127.0.0.1", int(front.address.rpartition(":")[2])):
            pass


async def test_looking_around_stores_nothing(stage: Stage, front: Front, ana: PageActor) -> None:
    for path in PATHS:
        if path != "/events":
            await ana.gets(path)
    await ana.hears("state")
    another = await front.enter()
    await another.hears("state")

    assert rows(stage) == {}
