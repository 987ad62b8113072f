"""A real browser before a real `darkroom demo`: how both are started, and what a person does with the page."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Locator, Page, async_playwright

from tests.typed import DARKROOM, environment

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
NOT_INSTALLED = "Chromium is not installed (Debian, Ubuntu: apt install chromium; macOS: brew install chromium)"
SCREENSHOTS = "SCREENSHOTS"  #: a folder; without it none are taken
DESK, TELEPHONE = {"width": 1200, "height": 800}, {"width": 360, "height": 740}


def program() -> str | None:
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


@contextmanager
def demo(folder: Path, **settings: str) -> Iterator[str]:
    """A running `darkroom demo` over `folder`; gives the address it prints."""
    command = [*DARKROOM, "demo"]
    env = environment(folder, **{"DARKROOM_PORT": "0", "DARKROOM_COMMANDS_PER_MINUTE": "0"} | settings)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder, env=env) as served:
        assert served.stdout is not None
        try:
            yield next(found[0] for line in served.stdout if (found := re.search(r"http://\S+", line)))
        finally:
            served.send_signal(signal.SIGTERM)
            assert served.wait(20) == 0


@asynccontextmanager
async def chromium(path: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.getuid() == 0 else []
        browser = await playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        await browser.close()


@dataclass
class Visitor:
    """Somebody with a browser of their own. `complaints` are what the browser did not like."""

    page: Page
    context: BrowserContext
    complaints: list[str] = field(default_factory=list)

    @classmethod
    async def comes(cls, browser: Browser, address: str, **more: Any) -> Visitor:
        context = await browser.new_context(**{"viewport": DESK, "color_scheme": "light"} | more)
        visitor = cls(await context.new_page(), context)
        visitor.page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
        visitor.page.on("console", lambda said: said.type == "error" and visitor.complaints.append(said.text))
        await visitor.page.goto(address)
        await visitor.ready()
        return visitor

    async def ready(self) -> None:
        await self.page.wait_for_selector("body[data-ready]")

    async def agrees(self) -> None:
        await self.button("I am 16 or older").click()
        await self.page.locator("#purse").wait_for()

    async def says(self, line: str) -> None:
        await self.page.locator("#field").fill(line)
        await self.page.keyboard.press("Enter")

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def text(self, text: str) -> Locator:
        """Where it stands to be seen, not where it is read out."""
        return self.page.locator("main").get_by_text(text)

    def requests(self) -> Locator:
        return self.page.locator(".request")

    def pictures(self) -> Locator:
        return self.page.locator("section:not([hidden]) .open:has(img.shown)")

    async def focused(self) -> str:
        """What the keyboard is at, as a screen reader names it."""
        return str(
            await self.page.evaluate("document.activeElement.ariaLabel ?? document.activeElement.textContent")
        ).strip()

    async def tabs_to(self, name: str) -> None:
        for _ in range(40):
            await self.page.keyboard.press("Tab")
            if name in await self.focused():
                return
        raise AssertionError(f"the keyboard never comes to {name}")

    async def fits(self) -> bool:
        """Nothing sticks out at the side."""
        return bool(await self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"))

    async def shot(self, name: str) -> None:
        if folder := os.environ.get(SCREENSHOTS):
            await self.page.wait_for_timeout(1_200)  # until what fades in has faded in
            await self.page.screenshot(path=Path(folder) / f"{name}.png")
