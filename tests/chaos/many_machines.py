"""The form of many machines, besieged: two `darkroom chat`, a `darkroom web`, two `darkroom worker`, PostgreSQL, Redis and a
bucket, all of our own, every connection through a proxy.
"""

from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import redis as redis_client

from core.rules import LEADERSHIP, SECOND
from storage.over_redis import keyspace as keys
from tests import databases
from tests.chaos import servers
from tests.chaos.proxy import Proxy, Tcp, Unix
from tests.chaos.records import postgres_query
from tests.chaos.slots import Slot, moment
from tests.chaos.stands import DELAY, GONE, SHORT_PAUSE, Stand
from tests.machines.deployment import Deployment
from tests.redis_server import RedisServer, redis_server
from tests.s3_server import S3Server, s3_program, s3_server
from tests.telegram import TelegramServer

LONG_PAUSE = LEADERSHIP / SECOND + 4  #: seconds; whoever led does so no more
WORKER_PAUSE = keys.WORKER_LIFE / SECOND + 3  #: seconds; whoever drew is missed
SILENCE_OF_REDIS = 7.0  #: seconds; longer than anybody waits for it
SILENCE_OF_POSTGRES = 11.0


@asynccontextmanager
async def many_machines(
    telegram: TelegramServer, rng: random.Random, model: str, network: float
) -> AsyncIterator[Stand]:
    """Two `darkroom chat`, a `darkroom web`, two `darkroom worker`, PostgreSQL, Redis and a bucket, all of our own."""
    programs, weed = databases.postgres_programs(), s3_program()
    if programs is None or weed is None:
        raise SystemExit("PostgreSQL and seaweedfs are needed for this.")
    async with AsyncExitStack() as stack:
        shared = stack.enter_context(ExitStack())
        s3 = shared.enter_context(s3_server(weed))
        postgres = shared.enter_context(servers.postgres_server(programs))
        redis = shared.enter_context(redis_server(durable=True))
        bucket = shared.enter_context(s3.fresh())
        folder = Path(shared.enter_context(TemporaryDirectory(prefix="darkroom-chaos-")))
        for name in ("records", "keys"):
            databases.migrate(postgres.create(name), name)
        values = {"model": model, "flat_delay": str(DELAY[model]), "log_level": "info"}
        deployment = Deployment(folder, postgres.url("records"), postgres.url("keys"), redis, bucket, values)
        stand = Stand(rng, [], [], postgres_query(postgres.folder, "records"), deployment.settings(), folder=folder)
        stand.bucket, stand.redis = bucket, redis
        targets = {
            "postgres": Unix(postgres.socket),
            "redis": Unix(Path(redis.url().removeprefix("unix://"))),
            "bucket": Tcp.of(s3.url),
            "telegram": Tcp.of(telegram.url),
        }
        for name, command in (
            ("chat 1", "chat"),
            ("chat 2", "chat"),
            ("web", "web"),
            ("worker 1", "worker"),
            ("worker 2", "worker"),
        ):
            ports = {}
            for target, where in targets.items():
                if (command == "worker" and target != "redis") or (command == "web" and target == "telegram"):
                    continue
                proxy = await stack.enter_async_context(Proxy(f"{name}:{target}", where, rng.randrange(1_000)))
                stand.proxies.append(proxy)
                ports[target] = proxy.port
            more = addresses(ports, telegram.token) | {"data": str(folder / name.replace(" ", "-"))}
            stand.slots.append(Slot(name, command, folder, deployment.environment(command, **more)))
        _plan(stand, _Hits(stand, postgres, redis, s3), network)
        try:
            yield stand
        finally:
            for slot in stand.slots:
                slot.kill()


def addresses(ports: dict[str, int], token: str, records: str = "records", keys_name: str = "keys") -> dict[str, str]:
    """The settings of a process that finds everything at such ports of this computer, and its two databases by these names."""
    values = {"redis_url": f"redis://127.0.0.1:{ports['redis']}"}
    if "postgres" in ports:
        for setting, name in (("database_url", records), ("keys_url", keys_name)):
            values[setting] = f"postgresql+psycopg://darkroom@127.0.0.1:{ports['postgres']}/{name}"
        values["blobs_endpoint"] = f"http://127.0.0.1:{ports['bucket']}"
    if "telegram" in ports:
        values |= {"telegram_token": token, "telegram_api": f"http://127.0.0.1:{ports['telegram']}"}
    return values


def _plan(stand: Stand, hits: _Hits, network: float) -> None:
    """Starting Python takes seconds, so what is cheap is hit more often."""
    for slot in stand.slots:
        if slot.command == "worker":
            stand.add("worker", slot.name, 7, hits.kill_worker, slot)
            stand.add("pause of a worker", slot.name, 4, stand.pause, slot, WORKER_PAUSE)
        else:
            stand.add(slot.command, slot.name, 4, stand.kill, slot)
            stand.add(f"pause of a {slot.command}", slot.name, 2.5, stand.pause, slot, LONG_PAUSE)
    stand.add("redis", "redis", 8, hits.kill_redis)
    stand.add("redis and its files", "redis", 4, hits.lose_redis)
    stand.add("pause of redis", "redis", 4, hits.pause_redis)
    stand.add("wipe of redis", "redis data", 8, hits.wipe)
    stand.add("keys of redis", "redis data", 12, hits.drop_keys)
    stand.add("postgres", "postgres", 3, hits.crash_postgres)
    stand.add("a backend of postgres", "postgres", 3, hits.kill_backend)
    stand.add("connections of postgres", "postgres", 8, hits.end_backends)
    stand.add("pause of a backend", "backend", 4, hits.pause_backend)
    stand.add("bucket", "bucket", 1, hits.kill_bucket)
    stand.add("pause of the bucket", "bucket", 2, hits.pause_bucket)
    stand.disturb_all(network)


@dataclass
class _Hits:
    stand: Stand
    postgres: servers.Postgres
    redis: RedisServer
    s3: S3Server

    async def kill_worker(self, slot: Slot) -> None:
        await asyncio.to_thread(self._note_orphan, slot)
        await self.stand.kill(slot)

    def _note_orphan(self, slot: Slot) -> None:
        """Which job it has, by its own key in Redis, and how often that was begun."""
        with suppress(OSError, redis_client.RedisError), self.redis.client() as client:
            name = (Path(slot.environment["DARKROOM_DATA"]) / "worker-name").read_text().strip()
            job, fence = client.hmget(str(keys.Worker(name)), "job", "fence")
            if job and fence:
                found = self.stand.query(
                    f"SELECT fence, attempts FROM job WHERE id = '{job.decode()}' AND state = 'drawing'"
                )
                if found and found[0][0] == int(fence):
                    self.stand.orphans.orphaned(job.decode(), (found[0][0], found[0][1]))

    async def kill_redis(self) -> None:
        self.redis.kill()
        await self.stand.rest(moment(self.stand.rng, GONE))
        await asyncio.to_thread(self.redis.start)

    async def lose_redis(self) -> None:
        self.redis.kill()
        for path in self.redis.folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
        await self.stand.rest(moment(self.stand.rng, GONE))
        await asyncio.to_thread(self.redis.start)

    async def pause_redis(self) -> None:
        self.redis.pause()
        try:
            await self.stand.rest_mostly(SHORT_PAUSE, SILENCE_OF_REDIS)
        finally:
            self.redis.resume()

    async def wipe(self) -> None:
        await asyncio.to_thread(self._in_redis, lambda client: client.flushall())

    async def drop_keys(self) -> None:
        def drop(client: Any) -> None:
            if found := sorted(client.keys("darkroom:*")):
                client.delete(*self.stand.rng.sample(found, self.stand.rng.randint(1, min(2, len(found)))))

        await asyncio.to_thread(self._in_redis, drop)

    def _in_redis(self, work: Callable[[Any], object]) -> None:
        with suppress(redis_client.RedisError, OSError):
            client = redis_client.Redis.from_url(self.redis.url(), protocol=2, socket_timeout=2)
            with client:
                work(client)

    async def crash_postgres(self) -> None:
        await asyncio.to_thread(self.postgres.crash)
        await self.stand.rest(moment(self.stand.rng, GONE))
        await asyncio.to_thread(self.postgres.start)

    async def kill_backend(self) -> None:
        await asyncio.to_thread(self.postgres.kill_backend, self.stand.rng)

    async def end_backends(self) -> None:
        await asyncio.to_thread(self.postgres.end_backends, self.stand.rng)

    async def pause_backend(self) -> None:
        pid = await asyncio.to_thread(self.postgres.pause_backend, self.stand.rng)
        try:
            await self.stand.rest_mostly(SHORT_PAUSE, SILENCE_OF_POSTGRES)
        finally:
            self.postgres.resume_backend(pid)

    async def kill_bucket(self) -> None:
        self.s3.kill()
        await self.stand.rest(moment(self.stand.rng, GONE))
        await asyncio.to_thread(self.s3.start)

    async def pause_bucket(self) -> None:
        with self.s3.stalled():
            await self.stand.rest(moment(self.stand.rng, SHORT_PAUSE))
