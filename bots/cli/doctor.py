"""`darkroom doctor`: everything that can be known about an installation without changing it."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Protocol

from bots.policy.file import read_policy
from bots.policy.production import refusals
from bots.probes import probed, probes
from bots.replies import Line, say
from bots.settings import Settings
from bots.texts import render
from bots.wiring import House
from core.errors import Trouble
from core.rules import JOBS_PER_WORKER, SECOND

OVERKEPT: Final = 3_600.0  #: seconds that something may be here after it was to be deleted
PATIENCE: Final = 5.0  #: seconds until workers on other machines must have been seen
SAID_IN_FULL: Final = frozenset({"books", "not_overkept", "looked_at"})  #: probes that have a finding of their own


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `trouble` is empty when all is well, and `note` says what else is worth knowing."""

    what: str
    trouble: str = ""
    note: str = ""

    @property
    def said(self) -> str:
        return self.trouble or self.note or "ok"


async def examine(house: House, settings: Settings) -> list[Finding]:
    """What can be known about this installation without changing it."""
    mistakes = await house.app.database.run(lambda tx: tx.ledger.mistakes())
    models = _models(settings)
    return [
        Finding("settings"),
        _production(house, settings),
        Finding("database"),
        Finding("key store"),
        Finding("books", "; ".join(mistakes)),
        await _overkept(house),
        *models,
        await _worker(house, startable=not any(model.trouble for model in models)),
        Finding("picture check", "" if await house.app.safety.load() else render(say("doctor.no_safety"))),
        *await _doors(house, settings),
        *await _probed(house, settings),
    ]


async def _overkept(house: House) -> Finding:
    """Whether something is here that was to be deleted; an hour is what sweeps may take."""
    keeping = house.app.keeping
    since = await house.database.look(lambda tx: tx.expiry.overdue_since(keeping))
    seconds = 0 if since is None else (keeping.now - since) / SECOND
    return Finding("retention", render(say("doctor.overkept", seconds=seconds)) if seconds > OVERKEPT else "")


async def _probed(house: House, settings: Settings) -> list[Finding]:
    """What a serving process looks at every day, as far as nothing else here says it better."""
    rest = tuple(probe for probe in probes(house, settings) if probe.key not in SAID_IN_FULL)
    went = await probed(house.app, rest)
    return [Finding(f"probe {one.key}", "" if one.passed else render(_not_so(one.key))) for one in went]


def _not_so(key: str) -> Line:
    return say("doctor.probe_failed", what=say(f"probe.{key}"))


def _production(house: House, settings: Settings) -> Finding:
    """What production refuses, or would refuse."""
    file = read_policy(settings.policy)
    found = " ".join(one.sentence for one in refusals(file, settings, house.app.catalogue.models))
    if file.facts.production:
        return Finding("production", found)
    return Finding(
        "production", note=f"{render(say('doctor.trial' if found else 'doctor.trial_ready'))} {found}".strip()
    )


def _models(settings: Settings) -> list[Finding]:
    """Each served model, and each LoRA that nobody can use."""
    from bots.wiring import served
    from inference.adapters import find

    models = served(settings)
    families = {model.family for model in models.models}
    useless = [
        Finding(f"LoRA {one.name}", note=one.trouble or render(say("doctor.lora", family=one.family)))
        for one in find(models.stock.loras)
        if one.family not in families
    ]
    return [*(Finding(f"model {name}", trouble) for name, trouble in models.troubles().items()), *useless]


async def _doors(house: House, settings: Settings) -> list[Finding]:
    """What each chat door says of itself: configured, reachable, permitted. Tokens are never shown."""
    from bots.on_discord.access import check as check_discord
    from bots.on_discord.access import load_access as discord_access
    from bots.on_telegram.access import check as check_telegram
    from bots.on_telegram.access import load_access as telegram_access

    telegram, discord = telegram_access(settings), discord_access(settings)
    return [
        _door("telegram", await check_telegram(telegram) if telegram else None),
        _door("discord", await check_discord(discord, house.app.catalogue) if discord else None),
    ]


class Checkup(Protocol):
    """What a door says of itself."""

    @property
    def trouble(self) -> str: ...
    @property
    def sentence(self) -> str: ...
    @property
    def invitation(self) -> str: ...


def _door(name: str, seen: Checkup | None) -> Finding:
    if seen is None:
        return Finding(name, note=render(say("doctor.no_token")))
    return Finding(name, seen.trouble, _with_link(seen.sentence, seen.invitation))


def _with_link(sentence: str, link: str) -> str:
    return f"{sentence} {render(say('doctor.invite', link=link))}" if link else sentence


async def _worker(house: House, *, startable: bool) -> Finding:
    if house.shared:
        return await _workers(house)
    return (
        Finding("worker", await _worker_trouble(house))
        if startable
        else Finding("worker", note=render(say("doctor.idle")))
    )


async def _workers(house: House) -> Finding:
    """Those on other machines, without touching what they say to whoever leads."""
    running = asyncio.create_task(house.dispatch.run())
    try:
        async with asyncio.timeout(PATIENCE):
            while not house.dispatch.window:
                await asyncio.sleep(0.1)
    except TimeoutError:
        return Finding("workers", render(say("doctor.no_workers")))
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    return Finding("workers", note=render(say("doctor.workers", n=house.dispatch.window // JOBS_PER_WORKER)))


async def _worker_trouble(house: House) -> str:
    """Start the worker once and wait until it is ready, or until it has given up; then its own sentence says why."""
    with _overheard() as said:
        running = asyncio.create_task(house.dispatch.run())
        ready = asyncio.create_task(_until_ready(house))
        try:
            async with asyncio.timeout(120):
                while not ready.done() and not house.dispatch.broken:
                    await asyncio.wait({ready}, timeout=0.1)
        except TimeoutError:
            return "did not come up within two minutes"
        except Trouble as trouble:
            return trouble.key
        finally:
            for task in (ready, running):
                task.cancel()
            await asyncio.gather(ready, running, return_exceptions=True)
    if not house.dispatch.broken:
        return ""
    sentences = [line for line in said if not line.startswith("{")]  # beside lines of the log
    return sentences[-1] if sentences else "does not come up"


async def _until_ready(house: House) -> None:
    from core.values.wishes import Ready

    async for news in house.dispatch.news():
        if isinstance(news, Ready):
            return


@contextmanager
def _overheard() -> Iterator[list[str]]:
    """Keep what this process and its children print on standard error, line by line, instead of printing it."""
    said: list[str] = []
    sys.stderr.flush()
    ours = os.dup(2)
    with tempfile.TemporaryFile() as kept:
        os.dup2(kept.fileno(), 2)
        try:
            yield said
        finally:
            os.dup2(ours, 2)
            os.close(ours)
            kept.seek(0)
            said += kept.read().decode(errors="replace").splitlines()
