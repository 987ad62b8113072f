"""The canary over many machines: PostgreSQL with its log, Redis, a bucket that keeps versions, processes and what they say.

Real processes over real servers; Telegram is the loopback server.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bots.wiring import open_house
from core.rules import MINIMUM_AGE
from tests import databases
from tests.erasure.searching import files_with
from tests.erasure.test_canary import CANARY, opened, sealed_bytes
from tests.machines.deployment import Deployment, deployed
from tests.s3_server import s3_program, s3_server
from tests.telegram import Message, TelegramServer, User

pytestmark = pytest.mark.products


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as server:
        yield server


@pytest.fixture
def servers() -> Iterator[tuple[Deployment, list[Path]]]:
    """Of this test's own, so that all their files are ours to search; and where those files are."""
    programs, weed = databases.postgres_programs(), s3_program()
    if programs is None or weed is None:
        pytest.skip(databases.NOT_INSTALLED)
    with ExitStack() as stack:
        postgres = stack.enter_context(databases.postgres_server(programs))
        s3 = stack.enter_context(s3_server(weed))
        bucket = stack.enter_context(s3.fresh(versions=True))
        deployment = stack.enter_context(deployed(postgres, bucket, log_level="info", undo_window="0s"))
        yield deployment, [postgres._folder, s3._folder, deployment.redis.folder, deployment.folder]


async def until(condition: Callable[[], object], what: str, within: float = 90) -> None:
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < within, f"{what} took longer than {within} seconds"
        await asyncio.sleep(0.1)


async def agree(person: User) -> None:
    await person.sends("/start")
    person.taps(await person.hears("older", within=60), f"I am {MINIMUM_AGE} or older")
    await person.hears("Welcome!", within=30)


def pictures(person: User) -> list[Message]:
    return [message for message in person.told() if message.content.media and not message.deleted]


async def test_it_is_everywhere_before_and_nowhere_after(
    servers: tuple[Deployment, list[Path]], telegram: TelegramServer
) -> None:
    deployment, folders = servers
    ana, ben = telegram.user(f"{CANARY}-ana"), telegram.user("Ben")
    deployment.start("worker")
    chat = deployment.start("chat", telegram_token=telegram.token, telegram_api=telegram.url)
    await until(lambda: telegram.called("getUpdates"), "listening")
    for person in (ana, ben):
        await agree(person)
        await person.sends("/imagine a star" if person is ben else f"/imagine {CANARY} --count 2 --negative {CANARY}-b")
    await ana.sends(f"/support {CANARY} is lost")
    await until(lambda: len(pictures(ana)) == 2 and len(pictures(ben)) == 1, "the pictures")

    with open_house(deployment.settings()) as house:
        found, sealed = await opened(house), sealed_bytes(house)
        theirs = {row for row in sealed if row}
    holding = {
        cell for cell, texts in found.items() if any(CANARY.encode() in text or b"\\u00fcber" in text for text in texts)
    }
    assert {"job.sealed_words", "ticket.sealed_text"} <= holding
    assert len(found["pictures"]) == 3
    assert files_with(folders, [CANARY]) == [], "what people write lies sealed at all times"
    assert files_with(folders, theirs), "the search could have found what lies sealed"

    await ana.sends("/deleteme DELETE")
    code = (await ana.hears("number: ", within=30)).words.partition("number: ")[2][:8]
    deadline = time.monotonic() + 120
    while True:
        await ana.sends(f"/requests {code}")
        answer = await ana.hears(code, within=30)
        if f"Receipt {code}" in answer.words:
            break
        assert time.monotonic() < deadline, answer.words
        await asyncio.sleep(1)

    assert "It is complete" in answer.words
    assert pictures(ana) == []
    assert len(pictures(ben)) == 1
    with open_house(deployment.settings()) as house:
        left = await opened(house)
        assert len(left["pictures"]) == 1
        assert not any(CANARY.encode() in text for texts in left.values() for text in texts)
        (job,) = {name.split("/")[1] for name in await house.app.blobs.older_than(4_000_000_000_000)}  # type: ignore[arg-type]
        assert len(await house.app.blobs.under(f"pictures/{job}")) == 1
    assert files_with(folders, [CANARY]) == []
    assert CANARY not in chat.said
