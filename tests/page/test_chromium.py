"""A person's whole way in a real browser, by clicks and keys."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import Browser, expect

from tests.page.browser import DESK, TELEPHONE, Visitor, demo

pytestmark = pytest.mark.chromium
expect.set_options(timeout=20_000)  # other tests may want the same cores
SLOW = {"DARKROOM_FLAT_DELAY": "1.5"}


async def test_a_persons_whole_way(tmp_path: Path, browser: Browser) -> None:
    with demo(tmp_path, **SLOW) as address:
        ben = await Visitor.comes(browser, address)
        page = ben.page

        await expect(ben.text("an AI that draws pictures")).to_be_visible()
        await expect(page.locator("#options")).to_be_hidden()
        await ben.shot("first-visit")
        await ben.tabs_to("I am 16 or older")
        await page.keyboard.press("Enter")
        await expect(page.locator("#balance")).to_have_text("20 credits")

        # draw with the form, by keyboard
        await ben.tabs_to("Options")
        await page.keyboard.press("Enter")
        await expect(page.locator("#form textarea")).to_be_focused()
        await page.keyboard.type("a red heart on a white background")
        for _ in range(2):
            await page.keyboard.press("Tab")
        await page.keyboard.press("ArrowRight")
        await page.keyboard.press("Tab")
        await page.keyboard.press("ArrowRight")
        await expect(page.locator("#form-price")).to_have_text("2 credits")
        await ben.shot("form")
        await page.keyboard.press("Enter")

        # watch it
        request = ben.requests().first
        await expect(request.locator(".now")).to_contain_text("Drawing picture 1 of 2: step")
        await expect(request.get_by_role("progressbar")).to_have_attribute("value", re.compile(r"^0\.\d+$"))
        await expect(page.locator("#held")).to_have_text("2 credits held")
        await expect(request.locator(".blank")).to_have_count(2)
        await ben.shot("drawing")
        await expect(ben.pictures()).to_have_count(2)
        await expect(request.locator(".progress")).to_be_hidden()
        await expect(request.get_by_text("AI-generated picture")).to_have_count(2)
        await expect(page.locator("#held")).to_have_text("")

        # look at it
        await ben.pictures().first.press("Enter")
        await expect(page.locator("#large-words")).to_have_text("a red heart on a white background")
        seed = page.locator("[data-fact=seed]")
        first_seed = int(await seed.inner_text())
        await page.keyboard.press("ArrowRight")
        await expect(seed).to_have_text(str(first_seed + 1))
        await expect(page.locator("[data-fact=size]")).to_have_text("96 × 128")
        await ben.shot("large")
        async with page.expect_download() as download:
            await ben.button("Save").click()
        assert (await download.value).suggested_filename.startswith("darkroom-")
        await (await download.value).save_as(tmp_path / "mine.png")
        await page.keyboard.press("Escape")
        await expect(page.locator("#large")).to_be_hidden()
        await expect(ben.pictures().first).to_be_focused()

        # again, and taken back
        await request.get_by_role("button", name="Again").click()
        again = ben.requests().nth(1)
        await again.get_by_role("button", name="Cancel").click()
        await expect(again).to_contain_text("Taken back")
        await expect(again.get_by_role("button")).to_have_count(0)
        await expect(page.locator("#balance")).to_have_text("18 credits")

        # changed
        await request.get_by_role("button", name="Edit").click()
        await expect(page.locator("#form textarea")).to_have_value("a red heart on a white background")
        await expect(page.get_by_label("portrait")).to_be_checked()
        await page.locator("#form .choice", has_text="landscape").click()
        await page.locator("#form .choice", has_text="1").click()
        await ben.button("Draw · 1 credit").or_(page.locator("#form-send")).first.click()
        await expect(ben.pictures()).to_have_count(3)

        # destroyed, after asking
        await ben.pictures().nth(2).click()
        await expect(page.locator("[data-fact=size]")).to_have_text("128 × 96")
        await page.locator("#large").get_by_role("button", name="Delete").click()
        await ben.button("Keep it").click()
        await page.locator("#large").get_by_role("button", name="Delete").click()
        await page.locator("#sure-yes").click()
        await expect(page.locator("[data-fact=size]")).to_have_text("96 × 128")
        await page.keyboard.press("Escape")
        await expect(ben.pictures()).to_have_count(2)
        await expect(ben.requests().nth(2)).to_contain_text("destroyed for good")

        # reported
        await ben.pictures().first.click()
        picture = await page.locator("[data-fact=id]").inner_text()
        await page.locator("#large").get_by_role("button", name="Report").click()
        await page.locator("#report-why").fill("too red")
        await ben.button("Send report").click()
        await expect(page.locator("#large-said")).to_contain_text("Thank you. Your report about picture")
        await page.keyboard.press("Escape")

        # looked at
        await page.locator("#file").set_input_files(tmp_path / "mine.png")
        await expect(page.locator("#attached-name")).to_have_text("mine.png")
        await page.keyboard.press("Enter")
        await expect(ben.text("Yes: this bot made that picture")).to_be_visible()

        # what cannot be, and what is no command
        await ben.says("/imagine a star --shape round")
        await expect(page.locator(".error").last).to_contain_text("can't be “round”")
        await ben.says("<img src=x onerror=alert(1)> & <b>bold</b>")
        await expect(page.locator(".mine").last).to_contain_text("<img src=x onerror=alert(1)> & <b>bold</b>")
        await page.keyboard.press("ArrowUp")
        await expect(page.locator("#field")).to_have_value("<img src=x onerror=alert(1)> & <b>bold</b>")
        await page.keyboard.press("ArrowUp")
        await expect(page.locator("#field")).to_have_value("/imagine a star --shape round")
        await page.locator("#field").fill("")
        await page.keyboard.press("Shift+Enter")
        await page.keyboard.type("two lines")
        await expect(page.locator("#field")).to_have_value("\ntwo lines")
        await ben.shot("refused")

        # the gallery
        await page.get_by_role("link", name="Gallery").click()
        await expect(ben.pictures()).to_have_count(2)
        await expect(page.locator("#gallery-title")).to_be_focused()
        await ben.shot("gallery")

        # somebody else sees nothing of it
        zoe = await Visitor.comes(browser, address)
        await expect(zoe.page.locator(".request")).to_have_count(0)
        await zoe.agrees()
        await zoe.page.goto(f"{address}/#gallery")
        await expect(zoe.text("Nothing here yet")).to_be_visible()
        assert (await zoe.context.request.get(f"{address}/pictures/{picture}")).status == 404
        assert (await ben.context.request.get(f"{address}/pictures/{picture}")).status == 200
        assert zoe.complaints == []

        # on a telephone, in the dark
        await page.set_viewport_size(TELEPHONE)
        await page.emulate_media(color_scheme="dark")
        assert await ben.fits()
        await ben.shot("gallery-phone-dark")
        await page.get_by_role("link", name="Conversation").click()
        assert await ben.fits()
        assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(21, 18, 16)"
        await page.reload()
        await ben.ready()
        await expect(ben.pictures()).to_have_count(2)
        assert await ben.fits()
        await ben.shot("phone-dark")
        await page.locator("#options").click()
        await expect(page.locator("#form textarea")).to_be_focused()
        await ben.shot("form-phone-dark")
        await page.keyboard.press("Escape")
        await ben.pictures().first.click()
        await expect(page.locator("#large-picture")).to_be_visible()
        await ben.shot("large-phone")
        await page.locator("#large").get_by_role("button", name="Delete").click()
        await page.locator("#sure-yes").click()
        await expect(page.locator("#large-next")).to_be_disabled()
        await page.keyboard.press("Escape")
        await expect(ben.pictures()).to_have_count(1)
        await expect(ben.requests().get_by_role("button", name="Save")).to_be_visible()
        assert ben.complaints == []


async def test_it_goes_on_where_it_stood(tmp_path: Path, browser: Browser) -> None:
    """A reload while it draws, a server that ends while the page stays open, and buttons from before."""
    with demo(tmp_path, DARKROOM_FLAT_DELAY="3") as address:
        ben = await Visitor.comes(browser, address)
        await ben.agrees()
        await ben.says("/imagine a yellow star")
        await expect(ben.requests().first.locator(".now")).to_contain_text("step")
        await ben.page.reload()
        await ben.ready()
        await expect(ben.page.locator(".mine")).to_have_text("You:a yellow star")
        await expect(ben.requests().first.get_by_role("button", name="Cancel")).to_be_visible()
        await expect(ben.requests().first.get_by_role("progressbar")).to_be_visible()
        await expect(ben.pictures()).to_have_count(1)
        assert ben.complaints == []
        await ben.says("/about")

    await expect(ben.page.locator("#banner")).to_contain_text("The connection is lost")
    with demo(tmp_path, DARKROOM_PORT=address.rpartition(":")[2]):
        await expect(ben.page.locator("#banner")).to_be_hidden(timeout=15_000)
        await expect(ben.text("on the machine of whoever runs it")).to_be_visible()
        await expect(ben.requests()).to_have_count(1)
        await ben.button("Again").click()
        await expect(ben.pictures()).to_have_count(2)


async def test_what_is_written_while_the_server_is_away_is_sent_once_it_is_back(
    tmp_path: Path, browser: Browser
) -> None:
    with demo(tmp_path) as address:
        ben = await Visitor.comes(browser, address)
        await ben.agrees()

    await ben.says("/imagine a yellow star")
    with demo(tmp_path, DARKROOM_PORT=address.rpartition(":")[2]):
        await expect(ben.pictures()).to_have_count(1, timeout=20_000)
        await expect(ben.page.locator("#balance")).to_have_text("19 credits")


async def test_a_link_from_elsewhere_and_another_name_lead_to_the_same_person(tmp_path: Path, browser: Browser) -> None:
    with demo(tmp_path) as address:
        ben = await Visitor.comes(browser, address)
        await ben.agrees()
        port = address.rpartition(":")[2]

        async with elsewhere(f'<a href="{address}/">draw</a><img src="{address}/page/icon.svg">') as other:
            await ben.page.goto(other)
            await ben.page.get_by_text("draw").click()
            await expect(ben.page.locator("#balance")).to_have_text("20 credits")
        await ben.page.goto(f"http://localhost:{port}/")
        await expect(ben.page.locator("#balance")).to_have_text("20 credits")
        assert ben.page.url == f"{address}/"


async def test_a_page_elsewhere_can_do_nothing_in_ones_name(tmp_path: Path, browser: Browser) -> None:
    with demo(tmp_path) as address:
        ben = await Visitor.comes(browser, address, viewport=DESK)
        await ben.agrees()
        attack = f"""<iframe src="{address}/"></iframe>
            <form id=f method=post enctype=text/plain action="{address}/say"><input name='{{"update":"{"a" * 32}","line":"'
            value='/imagine x"}}'></form><script>
            fetch("{address}/say", {{method: "POST", credentials: "include", mode: "no-cors", body: "{{}}"}}).catch(() => 0);
            document.getElementById("f").submit();</script>"""
        async with elsewhere(attack) as other:
            await ben.page.goto(other)
            await expect(ben.page.get_by_text("Another site asked this")).to_be_visible()
        await ben.page.goto(address)
        await expect(ben.page.locator("#balance")).to_have_text("20 credits")
        await expect(ben.requests()).to_have_count(0)


@asynccontextmanager
async def elsewhere(html: str) -> AsyncIterator[str]:
    """Another site, as far as a browser knows: another name, another port."""

    async def front(_request: web.Request) -> web.Response:
        return web.Response(text=html, content_type="text/html")

    application = web.Application()
    application.add_routes([web.get("/", front)])
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://localhost:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()
