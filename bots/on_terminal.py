"""The terminal door: one message a line in, replies out, pictures as files. Also how anyone scripts the bot."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, TextIO

from bots.answering import hear, press
from bots.commands import commands
from bots.commands.exports import files_of
from bots.declaring import Attachment
from bots.parsing import named_file, spell
from bots.replies import Button, File, LongFile, Reply, reply, say
from bots.texts import render
from core import accounts
from core.ports import App
from core.queue.board import Drawing
from core.requests import delivery
from core.rights import exports
from core.rules import ATTACHMENT_BYTES
from core.values import DeliveryState, Owed, Who

NAME: Final = "terminal"


class Terminal:
    """One person at a terminal. Replies go to `screen`, as text or, with `as_json`, one object a line."""

    name = NAME

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
                await self._show(await self._hear(line))

    async def owed(self) -> list[Owed]:
        person = await accounts.find(self._app, self._who)
        return await delivery.owed(self._app, NAME, person.id) if person else []

    async def say(self, said: Reply) -> None:
        """Something nobody asked for and no request waits for."""
        async with self._turn:
            await self._show(said)

    async def tell(self, told: Reply, _owed: Sequence[Owed]) -> DeliveryState:
        async with self._turn:
            await self._show(told)
        return DeliveryState.DELIVERED

    def progress(self, drawing: Drawing) -> None:
        """A terminal that scrolls has no place for what changes."""

    async def outstanding(self) -> int:
        """How many outcomes and exports this person still waits for."""
        person = await accounts.find(self._app, self._who)
        if person is None:
            return 0
        return await delivery.outstanding(self._app, NAME, person.id) + len(
            await exports.owed(self._app, NAME, person.id)
        )

    async def hand_over(self) -> None:
        """Exports of this person that were made meanwhile."""
        person = await accounts.find(self._app, self._who)
        for export in await exports.owed(self._app, NAME, person.id) if person else ():
            if export.is_made:
                await self.say(await files_of(self._app, NAME, export))
                await exports.told(self._app, export)

    async def _hear(self, line: str) -> Reply:
        """A command that takes a file gets the one whose path it names."""
        name, _, rest = line.strip().partition(" ")
        command = commands.get(name.removeprefix("/").lower()) if name.startswith("/") else None
        path, others = named_file(command, rest) if command else ("", rest)
        if not path:
            return await hear(self._app, self._who, line)
        try:
            attached = await asyncio.to_thread(_read, Path(path))
        except (OSError, ValueError):  # a path with a zero in it is none
            return reply(say("terminal.cannot_read", path=path), error="refused")
        return await hear(self._app, self._who, f"{name} {others}", attached)

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
            pictures = {f"{picture.id}.{picture.format}": picture.data for picture in shown.pictures}
            paths = await asyncio.to_thread(self._save, pictures)
            files = [await self._save_file(file) for file in shown.files]
        except OSError:
            paths = files = []
            unsaved = say("terminal.cannot_save", folder=self._folder)
            shown = replace(shown, lines=(*shown.lines, unsaved), error="unavailable")
        text = "\n".join(render(line) for line in shown.lines)
        if shown.form:
            text += "\n" + spell(shown.form)
        if self._as_json:
            written = {
                "text": text,
                "pictures": paths,
                "files": files,
                "buttons": labels,
                "private": shown.private,
                "error": shown.error,
                "final": shown.final,
            }
            self._print(json.dumps(written, ensure_ascii=False))
            return
        saved = [render(say("terminal.saved", path=path)) for path in (*paths, *files)]
        pressed = [render(say("terminal.button", label=label)) for label in labels]
        self._print("\n".join([text, *saved, *pressed]))

    def _print(self, text: str) -> None:
        """Raises BrokenPipeError when nobody reads any more; what was to be told stays owed."""
        try:
            print(text, file=self._screen, flush=True)
        except BrokenPipeError:
            self.closed = True
            raise

    async def _save_file(self, file: File) -> str:
        """Whole, or bit by bit."""
        (path,) = await asyncio.to_thread(self._save, {file.name: file.data})
        if isinstance(file, LongFile):
            with Path(path).open("wb") as saved:
                async for some in file.chunks():
                    await asyncio.to_thread(saved.write, some)
        return path

    def _save(self, files: dict[str, bytes]) -> list[str]:
        if files:
            self._folder.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            (self._folder / name).write_bytes(data)
        return [str(self._folder / name) for name in files]


def _read(path: Path) -> Attachment:
    """Raises OSError for what is no file. One byte more than is allowed tells that it is too long."""
    with path.open("rb") as file:
        return Attachment(path.name, file.read(ATTACHMENT_BYTES + 1))


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
