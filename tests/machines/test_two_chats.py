"""Two chat processes and two workers share one Telegram bot: one listens, and when it dies the other goes on.

Real processes over PostgreSQL, Redis and a bucket; Telegram is the loopback server.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable

import pytest

from core.rules import MINIMUM_AGE
from tests.machines.deployment import Deployment, Process
from tests.telegram import TelegramServer, User

pytestmark = pytest.mark.products

PICTURE = re.compile(r"AI-generated picture (\w+):")
TAKES_OVER = 30.0  #: seconds within which another process has taken the token


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as server:
        yield server


@pytest.fixture
async def chats(deployment: Deployment, telegram: TelegramServer) -> tuple[Process, Process]:
    """The one that listens, and the one that stands by; with two workers."""
    token = {"telegram_token": telegram.token, "telegram_api": telegram.url}
    deployment.start("worker", flat_delay="0.4")
    deployment.start("worker", flat_delay="0.4")
    first = deployment.start("chat", **token)
    await until(lambda: telegram.called("getUpdates"), "the first process listening")
    second = deployment.start("chat", **token)
    await until(lambda: "open" in second.said, "the second process being up")
    return first, second


async def until(condition: Callable[[], object], what: str, within: float = 60) -> float:
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < within, f"{what} took longer than {within} seconds"
        await asyncio.sleep(0.05)
    return time.monotonic() - began


async def agree(person: User) -> None:
    await person.sends("/start")
    person.taps(await person.hears("older", within=30), f"I am {MINIMUM_AGE} or older")
    await person.hears("Welcome!", within=30)


def pictures(person: User) -> Counter[str]:
    """How often each picture stands in the chat."""
    found = (PICTURE.match(message.words) for message in person.told() if message.content.media)
    return Counter(match[1] for match in found if match)


async def test_only_one_listens(chats: tuple[Process, Process], telegram: TelegramServer) -> None:
    before = len(telegram.called("getUpdates"))
    await asyncio.sleep(2)

    refused = [call for call in telegram.called("getUpdates")[before:] if call.fault]
    assert refused == []
    assert [chat.exit_status for chat in chats] == [None, None]


async def test_when_the_one_that_listens_dies_the_other_takes_over_and_no_answer_is_lost(
    chats: tuple[Process, Process], telegram: TelegramServer
) -> None:
    ana = telegram.user("Ana")
    await agree(ana)
    for number in range(6):
        await ana.sends(f"/imagine star {number} --count 2")
    await until(lambda: pictures(ana), "the first picture")
    chats[0].kill()
    await ana.sends("/imagine one more star")

    took = await until(lambda: len(pictures(ana)) == 13, "every picture", within=TAKES_OVER + 30)
    assert set(pictures(ana).values()) == {1}
    assert took < TAKES_OVER + 10


async def test_when_the_one_that_stands_by_dies_nobody_notices(
    chats: tuple[Process, Process], telegram: TelegramServer
) -> None:
    ana = telegram.user("Ana")
    await agree(ana)
    chats[1].kill()
    await ana.sends("/imagine a star")

    await until(lambda: len(pictures(ana)) == 1, "the picture", within=15)


async def test_one_that_is_asked_to_end_hands_over_at_once(
    chats: tuple[Process, Process], telegram: TelegramServer
) -> None:
    ana = telegram.user("Ana")
    await agree(ana)
    assert await asyncio.to_thread(chats[0].ends, 20) == 0
    await ana.sends("/imagine a star")

    await until(lambda: len(pictures(ana)) == 1, "the picture", within=15)
