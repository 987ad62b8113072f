"""The form of a request in a real browser: choosing a model, a style and an adapter, and starting from a picture."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from bots.delivering import deliver
from tests.cast import Stage
from tests.page.actor import Front
from tests.page.browser import TELEPHONE, Visitor
from tests.pictures import picture_file

pytestmark = pytest.mark.chromium
expect.set_options(timeout=20_000)  # other tests may want the same cores


@pytest.fixture
async def ben(front: Front, browser: Browser) -> Visitor:
    """Has agreed, and has a picture on their disk."""
    ben = await Visitor.comes(browser, front.address, viewport=TELEPHONE)
    await ben.agrees()
    return ben


@pytest.fixture
def fox(tmp_path: Path) -> Path:
    path = tmp_path / "fox.png"
    path.write_bytes(picture_file())
    return path


async def waits(stage: Stage):
    """The request that waits to be drawn."""
    for _ in range(500):
        await stage.dispatches()
        if stage.painter.waiting:
            return stage.painter.waiting[0][0]
        await asyncio.sleep(0.02)
    raise AssertionError("nothing was asked for")


async def draws(stage: Stage, front: Front) -> None:
    """What waits is drawn, and the page is told."""
    await stage.works()
    await deliver(stage.app, front.door)


async def test_each_model_brings_its_own_fields_and_keeps_what_was_written(ben: Visitor) -> None:
    page = ben.page
    await ben.button("Options").click()
    await page.locator("#form textarea").fill("a fox")
    await page.get_by_label("negative").fill("blurry")
    await expect(page.locator("#form-price")).to_have_text("1 credit")
    await ben.shot("form-of-flat")

    await page.get_by_label("model").select_option("swift")
    await expect(page.get_by_label("negative")).to_have_count(0)
    await expect(page.get_by_label("reference")).to_have_count(0)
    await expect(page.locator("#form textarea")).to_have_value("a fox")
    await expect(page.locator("#form-price")).to_have_text("0.5 credits")
    await page.get_by_label("model").select_option("grand")
    await expect(page.get_by_label("lora", exact=True).locator("option")).to_have_text(["none", "ink", "velvet"])
    await expect(page.locator("#form-price")).to_have_text("3 credits")
    assert await ben.fits()
    assert ben.complaints == []


async def test_a_request_from_a_picture_with_everything_chosen(
    stage: Stage, front: Front, ben: Visitor, fox: Path
) -> None:
    page = ben.page
    await ben.button("Options").click()
    await page.locator("#form textarea").fill("a fox")
    await page.get_by_label("model").select_option("grand")
    await page.get_by_label("style").select_option("velvet")
    await page.get_by_label("lora", exact=True).select_option("ink")
    await page.get_by_label("Strength of the LoRA").fill("0.5")
    await expect(page.locator("#field-strength")).to_be_hidden()
    await page.get_by_label("reference").set_input_files(fox)
    await page.locator("#field-strength").fill("0.35")
    await ben.shot("form-with-a-picture")
    await page.get_by_label("model").select_option("flat")
    await page.get_by_label("model").select_option("grand")
    await page.locator("#form-send").click()
    wish = await waits(stage)

    assert wish.reference is not None
    chosen = wish.settings
    assert (chosen.model, chosen.lora, chosen.lora_strength, chosen.strength) == ("grand", "ink", 0.5, 0.35)
    await draws(stage, front)
    await expect(ben.text("from a picture at strength 0.35")).to_be_visible()
    await ben.pictures().first.click()
    await expect(page.locator("[data-fact=lora]")).to_have_text("ink:0.5")
    await page.keyboard.press("Escape")
    assert ben.complaints == []


async def test_edit_asks_for_the_picture_again_and_can_do_without(
    stage: Stage, front: Front, ben: Visitor, fox: Path
) -> None:
    page = ben.page
    await page.locator("#file").set_input_files(fox)
    await ben.says("/imagine a fox --strength 0.3")
    assert (await waits(stage)).reference is not None
    await draws(stage, front)

    await ben.button("Edit").click()
    await expect(page.locator("#form-said")).to_contain_text("add that again")
    await expect(page.locator("#field-strength")).to_be_hidden()
    await page.get_by_label("reference").set_input_files(fox)
    await expect(page.locator("#field-strength")).to_have_value("0.3")
    await ben.button("Send no picture").click()
    await page.locator("#form-send").click()
    assert (await waits(stage)).reference is None


async def test_a_picture_beside_the_message_goes_along_into_the_form(ben: Visitor, fox: Path) -> None:
    page = ben.page
    await page.locator("#file").set_input_files(fox)
    await expect(page.locator("#attached-name")).to_have_text("fox.png")
    await ben.button("Options").click()

    await expect(page.locator("#field-strength")).to_be_visible()
    await expect(page.locator("#attached")).to_be_hidden()


async def test_a_style_that_is_pressed_or_written_opens_a_request_in_it(ben: Visitor) -> None:
    page = ben.page
    await ben.says("/styles")
    await ben.button("noir").click()
    await expect(page.locator("#form-title")).to_have_text("A new picture")
    await expect(page.get_by_label("style")).to_have_value("noir")
    await ben.shot("styles")
    await page.keyboard.press("Escape")
    await ben.says("/models swift")
    await expect(page.get_by_label("model")).to_have_value("swift")
    assert ben.complaints == []


async def test_a_file_that_is_no_picture_is_said_in_the_form(ben: Visitor, tmp_path: Path) -> None:
    wrong = tmp_path / "fox.png"
    wrong.write_bytes(b"GIF89a and nothing else")
    await ben.button("Options").click()
    await ben.page.locator("#form textarea").fill("a fox")
    await ben.page.get_by_label("reference").set_input_files(wrong)
    await ben.page.locator("#form-send").click()

    await expect(ben.page.locator("#form-trouble")).to_contain_text("I can't read that as a picture")
    await expect(ben.page.locator("#balance")).to_have_text("20 credits")
