"""A whole serving process: the house, its worker, the background and every door that is to open, until somebody ends it."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any, Protocol

from aiohttp import web

from bots.background import Background, Chat
from bots.commands.account import FIRST_WISH
from bots.leading import Alone, Elected
from bots.on_page import Page
from bots.on_page.routes import page_routes
from bots.replies import say
from bots.settings import BadSettings, Settings
from bots.texts import render
from bots.web import serve
from bots.wiring import House
from core import scheduling
from core.errors import Refused
from core.rules import MINIMUM_AGE

Work = Callable[[], Coroutine[Any, Any, None]]


class Opened(Chat, Protocol):
    """A door to a platform, as it is opened and closed. `start` raises Refused when the platform does not know us."""

    stir: Callable[[], None]

    async def start(self) -> None: ...
    async def close(self) -> None: ...


async def serve_page(house: House, settings: Settings) -> int:
    """The page alone, for a first look."""
    return await _serve(house, settings, with_page=True, chats=[], hooks=[])


async def serve_doors(house: House, settings: Settings) -> int:
    """Whichever doors have tokens, and the page where it is on. Raises BadSettings when that is none."""
    chats: list[Opened] = []
    hooks: list[web.RouteDef] = []
    if settings.telegram_token or settings.telegram_token_file:
        from bots.on_telegram import Telegram
        from bots.on_telegram.access import load_access as telegram_access

        if access := telegram_access(settings):
            chats.append(telegram := Telegram(house.app, access))
            if access.webhook:
                hooks.append(web.post(access.path, telegram.hook))
    if settings.discord_token or settings.discord_token_file:
        from bots.on_discord import Discord
        from bots.on_discord.access import load_access as discord_access

        if account := discord_access(settings):
            chats.append(Discord(house.app, account))
    if not chats and not settings.page:
        raise BadSettings(
            "No door is open: set DARKROOM_TELEGRAM_TOKEN or DARKROOM_DISCORD_TOKEN, or DARKROOM_PAGE=true. "
            "`darkroom demo` serves the page without any setting."
        )
    return await _serve(house, settings, with_page=settings.page, chats=chats, hooks=hooks)


async def _serve(
    house: House, settings: Settings, *, with_page: bool, chats: list[Opened], hooks: list[web.RouteDef]
) -> int:
    """Serve until SIGTERM, Ctrl-C, or a platform that does not know us any more. Returns the exit status.

    What is queued stays queued, and what nobody was told stays owed.
    """
    page = Page(house.app) if with_page else None
    leading = Elected(house.app) if house.shared else Alone()
    background = Background(house.app, *([page] if page else []), chats=chats, leading=leading)
    works: list[Work] = [house.dispatch.run, background.run]
    end = _asked_to_end()
    async with AsyncExitStack() as opened:
        if page:
            page.stir = background.stir
            works.append(page.watch)
        if page or hooks:
            routes = [*(page_routes(page) if page else ()), *hooks]
            public = frozenset(hook.path for hook in hooks)
            address = await opened.enter_async_context(serve(routes, settings.host, settings.port, public))
        if page:
            opened.push_async_callback(page.close)
        try:
            for chat in chats:
                chat.stir = background.stir
                opened.push_async_callback(chat.close)
                await chat.start()
        except Refused as refusal:
            return _refused(refusal)
        if not house.shared:
            await scheduling.recover(house.app)
        await house.app.safety.load()
        for path in house.made:
            print(render(say("terminal.key_made", path=path)))
        if page:
            print(render(say("page.serving", address=address, age=MINIMUM_AGE, wish=FIRST_WISH)))
        for chat in chats:
            print(render(say("serving.open", door=chat.name.capitalize())))
        sys.stdout.flush()
        return await _until_ended(works, end)


def _asked_to_end() -> asyncio.Event:
    """Set by SIGTERM and Ctrl-C, from now on."""
    end = asyncio.Event()
    for asked in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(asked, end.set)
    return end


async def _until_ended(works: list[Work], end: asyncio.Event) -> int:
    status = 0
    tasks = [asyncio.create_task(work()) for work in works]
    ending = asyncio.create_task(end.wait())
    try:
        done, _ = await asyncio.wait([ending, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in done - {ending}:
            task.result()
    except* Refused as refused:
        status = _refused(_first(refused))
    finally:
        for task in (ending, *tasks):
            task.cancel()
        await asyncio.gather(ending, *tasks, return_exceptions=True)
    return status


def _first(refused: ExceptionGroup[Refused]) -> Refused:
    """Whatever was running beside it may have been refused as well."""
    first: Exception = refused
    while isinstance(first, ExceptionGroup):
        first = first.exceptions[0]
    assert isinstance(first, Refused)
    return first


def _refused(refusal: Refused) -> int:
    print(render(say(refusal.key, **refusal.values)), file=sys.stderr)
    return 2
