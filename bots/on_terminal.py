"""The terminal door: one message a line in, replies out, pictures as files. Also how anyone scripts the bot."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Final, TextIO

from bots.answering import hear, press
from bots.replies import Button, Reply, ShownPicture, reply, say
from bots.texts import render
from core import accounts, delivery
from core.ports import App
from core.values import Owed, Who

NAME: Final = "terminal"


class Terminal:
    """One person at a terminal. Replies go to `screen`, as text or, with `as_json`, one object a line."""

    def __init__(self, app: App, person: str, folder: Path, screen: TextIO, *, as_json: bool) -> None:
        self._app, self._who = app, Who(NAME, person)
        self._folder, self._screen, self._as_json = folder, screen, as_json
        self._buttons: dict[str, Button] = {}
        self.closed = False  #: nobody reads the screen any more
        self._turn = asyncio.Lock()  # a picture that is very quick must not be told before its request was answered

    async def hear(self, line: str) -> None:
        """Answer one line and show the answer."""
        async with self._turn:
            verb, _, label = line.strip().partition(" ")
            if verb == "press":
                await self._show(await self._press(label.strip()))
            elif line.strip():
                await self._show(await hear(self._app, self._who, line))

    async def owed(self) -> list[Owed]:
        person = await accounts.find(self._app, self._who)
        return await delivery.owed(self._app, NAME, person.id) if person else []

    async def tell(self, told: Reply) -> None:
        async with self._turn:
            await self._show(told)

    async def outstanding(self) -> int:
        """How many outcomes this person still waits for."""
        person = await accounts.find(self._app, self._who)
        return await delivery.outstanding(self._app, NAME, person.id) if person else 0

    async def _press(self, label: str) -> Reply:
        button = self._buttons.get(label.casefold())
        if button is None:
            known = tuple(render(one.label) for one in self._buttons.values())
            return reply(say("press.unknown" if known else "press.none", got=label, known=known), error="refused")
        return await press(self._app, self._who, button)

    async def _show(self, shown: Reply) -> None:
        """The newest reply that has a label decides what pressing it does."""
        self._buttons |= {render(button.label).casefold(): button for button in shown.buttons}
        labels = [render(button.label) for button in shown.buttons]
        try:
            paths = await asyncio.to_thread(self._save, shown.pictures)
        except OSError:
            paths = []
            unsaved = say("terminal.cannot_save", folder=self._folder)
            shown = replace(shown, lines=(*shown.lines, unsaved), error="unavailable")
        text = "\n".join(render(line) for line in shown.lines)
        if self._as_json:
            written = {
                "text": text,
                "pictures": paths,
                "files": [],
                "buttons": labels,
                "private": shown.private,
                "error": shown.error,
                "final": shown.final,
            }
            self._print(json.dumps(written, ensure_ascii=False))
            return
        saved = [render(say("terminal.saved", path=path)) for path in paths]
        pressed = [render(say("terminal.button", label=label)) for label in labels]
        self._print("\n".join([text, *saved, *pressed]))

    def _print(self, text: str) -> None:
        """Raises BrokenPipeError when nobody reads any more; what was to be told stays owed."""
        try:
            print(text, file=self._screen, flush=True)
        except BrokenPipeError:
            self.closed = True
            raise

    def _save(self, pictures: tuple[ShownPicture, ...]) -> list[str]:
        paths = [self._folder / f"{picture.id}.{picture.format}" for picture in pictures]
        for path, picture in zip(paths, pictures, strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(picture.data)
        return [str(path) for path in paths]


async def lines(source: TextIO = sys.stdin, prompt: str = "") -> AsyncIterator[str]:
    """The lines somebody types, read beside the event loop by a thread that dies with the process."""
    loop = asyncio.get_running_loop()
    typed: asyncio.Queue[str] = asyncio.Queue()
    wanted = threading.Semaphore(0)

    def read() -> None:
        while True:
            wanted.acquire()
            if prompt:
                print(prompt, end="", flush=True)
            line = source.readline()
            loop.call_soon_threadsafe(typed.put_nowait, line)
            if not line:
                return

    threading.Thread(target=read, name="typing", daemon=True).start()
    while True:
        wanted.release()
        line = await typed.get()
        if not line:
            return
        yield line
