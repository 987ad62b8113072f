"""A connection on which nothing comes any more, and nobody says so, is given up in time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from core.errors import Unavailable
from core.periods import Keeping, Periods
from core.records import Records
from core.values import Moment
from storage import patience
from storage.database import SqlDatabase, open_engine
from storage.over_redis.clients import PATIENCE, AsyncRedis, Away
from tests import redis_server
from tests.chaos.proxy import Proxy, Trouble, Unix
from tests.databases import Store

STALLED = Trouble(stalls=True)
pytestmark = [pytest.mark.postgres, pytest.mark.products]


@pytest.fixture
async def proxy(postgres_store: Store) -> AsyncIterator[Proxy]:
    host = parse_qs(urlsplit(postgres_store.url).query)["host"][0]
    async with Proxy("database", Unix(Path(host) / ".s.PGSQL.5432")) as made:
        yield made


@pytest.fixture
async def database(proxy: Proxy, postgres_store: Store) -> AsyncIterator[SqlDatabase]:
    name = urlsplit(postgres_store.url).path
    url = f"postgresql+psycopg://darkroom@127.0.0.1:{proxy.port}{name}"
    made = SqlDatabase(await asyncio.to_thread(open_engine, url))
    yield made
    made.close()


def forget(tx: Records) -> None:
    tx.expiry.forget("inbox", Keeping(Periods(), Moment(0)), 1)


async def test_of_postgresql_whoever_waits_is_told_and_the_next_one_is_answered(
    database: SqlDatabase, proxy: Proxy
) -> None:
    await database.run(forget)
    with proxy.suffers(STALLED):
        async with asyncio.timeout(patience.ANSWER + 2 * patience.CONNECT):
            with pytest.raises(Unavailable):
                await database.run(forget)

    await database.run(forget)


async def test_of_postgresql_in_the_middle_of_a_transaction_too(database: SqlDatabase, proxy: Proxy) -> None:
    loop = asyncio.get_running_loop()

    async def stall() -> None:
        proxy.begins(STALLED)

    def stalls_between(tx: Records) -> None:
        forget(tx)
        asyncio.run_coroutine_threadsafe(stall(), loop).result()
        forget(tx)

    async with asyncio.timeout(patience.ANSWER + 2 * patience.CONNECT):
        with pytest.raises(Unavailable):
            await database.run(stalls_between)
    proxy.calms()

    await database.run(forget)


async def test_of_redis_whoever_waits_is_told_and_the_next_one_is_answered() -> None:
    if not redis_server.is_installed():
        pytest.skip(redis_server.NOT_INSTALLED)
    with redis_server.redis_server() as server:
        async with Proxy("redis", Unix(Path(server.url().removeprefix("unix://")))) as proxy:
            client = AsyncRedis(f"redis://127.0.0.1:{proxy.port}")
            await client.ask("PING")
            with proxy.suffers(STALLED):
                async with asyncio.timeout(2 * PATIENCE):
                    with pytest.raises(Away):
                        await client.ask("PING")

            assert await client.ask("PING") in (b"PONG", True)
            await client.close()
