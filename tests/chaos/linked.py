"""A small deployment whose every connection goes through a proxy: one `darkroom chat`, one `darkroom worker`, some people."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import cycle
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.chaos.many_machines import addresses
from tests.chaos.people import SORRY, People
from tests.chaos.proxy import Proxy, Tcp, Unix
from tests.databases import PostgresServer
from tests.machines.deployment import deployed
from tests.s3_server import S3Server
from tests.telegram import Message, TelegramServer, User

PAIRS = ("chat-postgres", "chat-redis", "worker-redis", "chat-bucket", "chat-telegram")
PATIENCE = 60.0  #: seconds until something has failed
AGAIN = 0.3  #: seconds


class Linked:
    """`proxies` by the two that speak through them."""

    def __init__(self, people: list[User], proxies: dict[str, Proxy]) -> None:
        self.proxies, self._people, self._seed = proxies, cycle(people), 0

    async def ask(self) -> Request:
        """Somebody asks for two pictures."""
        self._seed += 10
        person = next(self._people)
        request = Request(person, {message.id for message in person.told()})
        await person.sends(f"/imagine a star --count 2 --seed {self._seed}")
        return request

    async def ask_until_served(self) -> Request:
        """As somebody does who is told to try again in a moment."""
        async with asyncio.timeout(PATIENCE):
            while True:
                request = await self.ask()
                await request.settled()
                if not request.refused:
                    return request
                await asyncio.sleep(AGAIN)


class Request:
    def __init__(self, person: User, before: set[int]) -> None:
        self._person, self._before = person, before

    @property
    def answered(self) -> bool:
        """With a sentence that asks to come again, or with both pictures."""
        return self.refused or len(self.pictures) == 2

    @property
    def refused(self) -> bool:
        return any(message.words in SORRY for message in self._new())

    @property
    def pictures(self) -> list[Message]:
        return [message for message in self._new() if message.content.media]

    @property
    def shown_twice(self) -> bool:
        digests = [message.content.media.digest for message in self.pictures if message.content.media]
        return len(digests) > len(set(digests))

    async def settled(self) -> None:
        await until(lambda: self.answered, f"an answer instead of {self._new()}")

    def _new(self) -> list[Message]:
        return [message for message in self._person.told() if message.id not in self._before]


@asynccontextmanager
async def linked(postgres: PostgresServer, s3: S3Server) -> AsyncIterator[Linked]:
    async with AsyncExitStack() as stack:
        telegram = await stack.enter_async_context(TelegramServer())
        deployment = stack.enter_context(deployed(postgres, stack.enter_context(s3.fresh())))
        records, keys = (urlsplit(url) for url in (deployment.database_url, deployment.keys_url))
        redis = Unix(Path(deployment.redis.url().removeprefix("unix://")))
        targets = {
            "chat-postgres": Unix(Path(parse_qs(records.query)["host"][0]) / ".s.PGSQL.5432"),
            "chat-redis": redis,
            "worker-redis": redis,
            "chat-bucket": Tcp.of(s3.url),
            "chat-telegram": Tcp.of(telegram.url),
        }
        proxies = {pair: await stack.enter_async_context(Proxy(pair, targets[pair])) for pair in PAIRS}
        ports = {pair.split("-")[1]: proxies[pair].port for pair in PAIRS if pair.startswith("chat")}
        chat = addresses(ports, telegram.token, records.path[1:], keys.path[1:])
        deployment.start("chat", **chat)
        deployment.start("worker", **addresses({"redis": proxies["worker-redis"].port}, ""))
        people = People(telegram, random.Random(1), many=6)
        await people.agree()
        made = Linked(people.everybody, proxies)
        await (await made.ask()).settled()
        yield made


async def until(condition: Callable[[], object], what: str) -> None:
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < PATIENCE, f"{what} took longer than {PATIENCE:g} seconds"
        await asyncio.sleep(0.02)
