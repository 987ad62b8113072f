"""A whole serving process: the house, its worker, the background and every door that is to open, until somebody ends it."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from aiohttp import web

from bots.background import SCHEDULER, Background, Chat
from bots.commands.account import FIRST_WISH
from bots.exporting.downloads import download_routes
from bots.leading import leading
from bots.on_page import Page
from bots.on_page.routes import page_routes
from bots.policy.file import read_policy
from bots.policy.page import policy_routes
from bots.policy.production import refusals
from bots.probes import probes
from bots.replies import Line, say
from bots.settings import BadSettings, Settings
from bots.showcase import showcase_routes
from bots.texts import render
from bots.watching.counting import counted
from bots.watching.metrics import Metrics
from bots.watching.outside import watched
from bots.watching.probing import Prober
from bots.web import serve
from bots.wiring import House
from core.erasing import replaying, retention
from core.errors import Refused
from core.requests import scheduling
from core.rights import probing, publishing

Work = Callable[[], Coroutine[Any, Any, None]]


class Opened(Chat, Protocol):
    """A door to a platform, as it is opened and closed. `start` raises Refused when the platform does not know us."""

    stir: Callable[[], None]

    async def start(self) -> None: ...
    async def close(self) -> None: ...


async def serve_page(house: House, settings: Settings) -> int:
    """The page alone, for a first look."""
    return await _serve(house, settings, with_page=True, with_chats=False)


async def serve_doors(house: House, settings: Settings) -> int:
    """Whichever doors have tokens, and the page where it is on. Raises BadSettings when that is none."""
    closed = (
        "No door is open: set DARKROOM_TELEGRAM_TOKEN or DARKROOM_DISCORD_TOKEN, or DARKROOM_PAGE=true. "
        "`darkroom demo` serves the page without any setting."
    )
    return await _serve(house, settings, with_page=settings.page, with_chats=True, closed=closed)


async def serve_chats(house: House, settings: Settings) -> int:
    """Beside other processes: the chats that have tokens. Raises BadSettings when there is none."""
    _require_shared(house, "chat")
    closed = "No chat is open: set DARKROOM_TELEGRAM_TOKEN or DARKROOM_DISCORD_TOKEN."
    return await _serve(house, settings, with_page=False, with_chats=True, closed=closed)


async def serve_web(house: House, settings: Settings) -> int:
    """Beside other processes: what browsers and machines ask for. Raises BadSettings when it has its stores for itself."""
    _require_shared(house, "web")
    return await _serve(house, settings, with_page=settings.page, with_chats=False)


def _require_shared(house: House, command: str) -> None:
    if not house.shared:
        raise BadSettings(
            f"DARKROOM_REDIS_URL is not set: `darkroom {command}` is one of several processes that share a bot. "
            "On one machine `darkroom up` does everything."
        )


def _chats(house: House, settings: Settings) -> tuple[list[Opened], list[web.RouteDef]]:
    """The doors that have tokens, and what platforms call."""
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
    return chats, hooks


def _counted(house: House) -> tuple[House, Metrics]:
    """The same house, with everything counted that happens from now on."""
    metrics = Metrics([model.name for model in house.app.catalogue.models])
    return replace(house, app=counted(house.app, metrics)), metrics


async def _serve(house: House, settings: Settings, *, with_page: bool, with_chats: bool, closed: str = "") -> int:
    """Serve until SIGTERM, Ctrl-C, or a platform that does not know us any more. Returns the exit status.

    Raises BadSettings, saying what is `closed`, when no chat has a token and there is no page either.
    What is queued stays queued, and what nobody was told stays owed.
    """
    house, metrics = _counted(replace(house, app=await publishing.published(house.app)))
    chats, hooks = _chats(house, settings) if with_chats else ([], [])
    if with_chats and not chats and not with_page:
        raise BadSettings(closed)
    page = Page(house.app) if with_page else None
    doors = [page] if page else []
    leads = leading(house.app, shared=house.shared)
    background = Background(house.app, *doors, chats=chats, leading=leads)
    prober = Prober(house.app, probes(house, settings), lambda: leads.leads(SCHEDULER))
    works: list[Work] = [house.dispatch.run, background.run, prober.run]
    end = _asked_to_end()
    async with AsyncExitStack() as opened:
        opened.push_async_callback(house.dispatch.close)
        if page:
            page.stir, page.broken = background.stir, lambda: house.dispatch.broken
            works.append(page.watch)
        roles = [SCHEDULER, *(chat.role for chat in chats)]
        watch = await opened.enter_async_context(watched(house, metrics, leads, roles, settings.data))
        policies = policy_routes(house.app.policy, partial(probing.newest, house.app))
        downloads = download_routes(house.app) if settings.public_url else ()
        anybodys = [*hooks, *watch.routes, *policies, *downloads]
        routes = [*(page_routes(page) if page else ()), *showcase_routes(house.app), *anybodys]
        public = frozenset(route.path for route in anybodys)
        serving = serve(routes, settings.host, settings.port, public, here_only=with_page)
        address = await opened.enter_async_context(serving)
        if page:
            opened.push_async_callback(page.close)
        try:
            for chat in chats:
                chat.stir = background.stir
                opened.push_async_callback(chat.close)
                await chat.start()
        except Refused as refusal:
            return _refused(refusal)
        await _put_right(house)
        _announce(house, settings, address, chats, with_page=with_page)
        with watch.opened():
            return await _until_ended(works, end)


async def _put_right(house: House) -> None:
    """What an earlier process left behind, before anybody is listened to."""
    await retention.put_in_force(house.app)
    await replaying.replay(house.app)
    if not house.shared:
        await scheduling.recover(house.app)
    await house.app.safety.load()


def _announce(house: House, settings: Settings, address: str, chats: list[Opened], *, with_page: bool) -> None:
    """Say at the terminal what is open, and what somebody who runs this should know first."""
    for path in house.made:
        print(render(say("terminal.key_made", path=path)))
    if trial := _trial(house, settings):
        print(render(trial))
    if with_page:
        print(render(say("page.serving", address=address, age=house.app.policy.facts.minimum_age, wish=FIRST_WISH)))
    else:
        print(render(say("serving.watched", address=address)))
    for chat in chats:
        print(render(say("serving.open", door=chat.name.capitalize())))
    sys.stdout.flush()


def _trial(house: House, settings: Settings) -> Line | None:
    """What production would refuse, in one line; None where nothing is, or this is production."""
    file = read_policy(settings.policy)
    found = list(dict.fromkeys(one.about for one in refusals(file, settings, house.app.catalogue.models)))
    return say("serving.trial", n=len(found), about=found) if found and not file.facts.production else None


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
