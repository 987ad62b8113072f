"""The two forms of Darkroom, with everything of them that can be hit: which faults there are, and how each one is mended.

A fault strikes, lasts a while and mends itself. Knows processes and servers, not what people asked for.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import redis as redis_client

from bots.settings import PREFIX, Settings
from core.rules import LEADERSHIP, SECOND
from storage import redis_keys as keys
from tests import databases
from tests.chaos import servers
from tests.chaos.proxy import Proxy, Tcp, Trouble, Unix
from tests.chaos.records import Orphans, Query, postgres_query, sqlite_query
from tests.chaos.slots import Slot, moment
from tests.crashes.processes import PROC, Running, running, workers
from tests.machines.deployment import UNLIMITED, Deployment
from tests.redis_server import RedisServer, redis_server
from tests.s3_server import Bucket, S3Server, s3_program, s3_server
from tests.telegram import TelegramServer

DELAY = {"flat": 0.15, "starter": 0.0}  #: seconds a picture takes at least
GONE = 3.0  #: seconds after which a killed process is started again, at most
SHORT_PAUSE = 3.0
LONG_PAUSE = LEADERSHIP / SECOND + 4  #: seconds; whoever led does so no more
WORKER_PAUSE = keys.WORKER_LIFE / SECOND + 3
ORPHANED = 2.0  #: seconds a worker may outlive its bot

TROUBLES = {
    "latency": Trouble(latency=0.05, jitter=0.2),
    "stall": Trouble(stalls=True),
    "bandwidth": Trouble(bandwidth=40_000),
    "slices": Trouble(slices=7, latency=0.001),
    "slow close": Trouble(slow_close=2.0),
    "refusal": Trouble(refuses=True),
    "reset": Trouble(),
}


@dataclass(frozen=True)
class Fault:
    """`name` is what it is counted as. Two that hit the same `target` do not overlap."""

    name: str
    target: str
    weight: float
    strike: Callable[[], Awaitable[None]]
    kills: bool = True  #: a process dies or stands still, or data is gone; the network alone is counted apart


@dataclass
class Stand:
    """What is the same in both forms. Every wait of a fault ends at once when it is `calm`."""

    rng: random.Random
    slots: list[Slot]
    proxies: list[Proxy]
    query: Query
    settings: Settings
    faults: list[Fault] = field(default_factory=list)
    orphans: Orphans = field(default_factory=Orphans)
    leaders_hit: Counter[str] = field(default_factory=Counter)
    troubles: Counter[str] = field(default_factory=Counter)  #: of the network, by kind
    wrong: list[str] = field(default_factory=list)
    calm: asyncio.Event = field(default_factory=asyncio.Event)
    folder: Path = Path()
    bucket: Bucket | None = None
    redis: RedisServer | None = None

    async def rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.calm.wait(), seconds)

    async def close(self) -> list[str]:
        """End every process as an operator does; sentences about those that do not end."""
        ends = await asyncio.gather(*(slot.ends(within=20) for slot in self.slots))
        return [
            f"{slot.name} ended with {status} when it was asked to end"
            for slot, status in zip(self.slots, ends, strict=True)
            if status != 0
        ]

    def leftovers(self) -> list[Running]:
        """Processes that work in our folder although nobody should. Found where the kernel shows where a process works."""
        return [one for one in running() if _works_in(one.pid) == self.folder]

    # Faults of any process

    async def kill(self, slot: Slot) -> None:
        self._note_leader(slot)
        if self.rng.random() < 0.1:  # as one that hung before it died
            slot.pause()
            await self.rest(self.rng.uniform(0, 0.3))
        slot.kill()
        await self.rest(moment(self.rng, GONE))
        slot.start()

    async def pause(self, slot: Slot, long: float) -> None:
        self._note_leader(slot)
        slot.pause()
        try:
            await self.rest(long if self.rng.random() < 0.12 else moment(self.rng, SHORT_PAUSE))
        finally:
            slot.resume()

    async def disturb(self, proxy: Proxy) -> None:
        kind = self.rng.choice(list(TROUBLES))
        self.troubles[f"{proxy.name.split(':')[1]}: {kind}"] += 1
        if kind == "reset":
            proxy.reset()
            return
        with proxy.suffers(TROUBLES[kind]):
            await self.rest(9.0 if self.rng.random() < 0.1 else moment(self.rng, 4.0))

    def _note_leader(self, slot: Slot) -> None:
        for role in slot.leads():
            self.leaders_hit[role.split(":")[0]] += 1

    def add(
        self, name: str, target: str, weight: float, strike: Callable[..., Awaitable[None]], *args: Any, **more: Any
    ) -> None:
        async def struck() -> None:
            await strike(*args)

        self.faults.append(Fault(name, target, weight, struck, **more))

    def disturb_all(self, share: float) -> None:
        """Let so many of all faults be the network's."""
        others = sum(fault.weight for fault in self.faults)
        for proxy in self.proxies if share else ():
            weight = others * share / (1 - share) / len(self.proxies)
            self.add("network", proxy.name, weight, self.disturb, proxy, kills=False)


# One machine


@asynccontextmanager
async def one_machine(telegram: TelegramServer, rng: random.Random, model: str, network: float) -> AsyncIterator[Stand]:
    """`darkroom up` with its worker over a pipe, SQLite, and a folder."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="darkroom-chaos-")))
        proxy = await stack.enter_async_context(Proxy("bot:telegram", Tcp(_port(telegram)), rng.randrange(1_000)))
        delay = DELAY[model] + os.getpid() / 1e9  # a worker's arguments hold it, which tells ours from others'
        values = {**UNLIMITED, "model": model, "data": str(folder / "data"), "flat_delay": str(delay)}
        values |= {"telegram_token": telegram.token, "telegram_api": f"http://127.0.0.1:{proxy.port}"}
        values |= {"log_level": "info"}
        kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        environment = kept | {PREFIX + name.upper(): value for name, value in values.items()}
        bot = Slot("bot", "up", folder, environment)
        settings = Settings(_env_file=None, **values)  # type: ignore[arg-type]
        query = sqlite_query(folder / "data" / "darkroom.db")
        stand = Stand(rng, [bot], [proxy], query, settings, folder=folder)
        hits = _EmbeddedHits(stand, bot, f" {delay} ")
        stand.add("bot", "bot", 8, hits.kill_bot)
        stand.add("worker", "worker", 8, hits.kill_worker)
        stand.add("pause of the bot", "bot", 2, stand.pause, bot, 8.0)
        stand.add("pause of the worker", "worker", 2, hits.pause_worker)
        stand.disturb_all(network)
        try:
            yield stand
        finally:
            bot.kill()
            await hits.bury()


@dataclass
class _EmbeddedHits:
    stand: Stand
    bot: Slot
    mark: str

    async def kill_bot(self) -> None:
        if self.stand.rng.random() < 0.1:
            self.bot.pause()
            await self.stand.rest(self.stand.rng.uniform(0, 0.3))
        self._note_orphans()
        self.bot.kill()
        await self.bury()
        await self.stand.rest(moment(self.stand.rng, 0.5))
        self.bot.start()

    async def kill_worker(self) -> None:
        self._note_orphans()
        for worker in await asyncio.to_thread(workers, self.mark):
            worker.kill()

    async def pause_worker(self) -> None:
        paused = await asyncio.to_thread(workers, self.mark)
        for worker in paused:
            worker.stop()
        await self.stand.rest(moment(self.stand.rng, SHORT_PAUSE))
        for worker in paused:
            with suppress(ProcessLookupError):
                os.kill(worker.pid, signal.SIGCONT)

    async def bury(self) -> None:
        """No worker is to outlive its bot; one that is paused can't end by itself."""
        until = time.monotonic() + ORPHANED
        while left := await asyncio.to_thread(workers, self.mark):
            for worker in left:
                with suppress(ProcessLookupError):
                    os.kill(worker.pid, signal.SIGCONT)
            if time.monotonic() > until:
                self.stand.wrong.append(f"{len(left)} workers outlived their bot by {ORPHANED} seconds")
                for worker in left:
                    worker.kill()
            await asyncio.sleep(0.02)

    def _note_orphans(self) -> None:
        with suppress(OSError):
            for job, fence, attempts in self.stand.query(
                "SELECT id, fence, attempts FROM job WHERE state = 'drawing' AND attempts > 0"
            ):
                self.stand.orphans.orphaned(job, (fence, attempts))


# Many machines


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
            "bucket": Tcp(int(s3.host.split(":")[1])),
            "telegram": Tcp(_port(telegram)),
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
            await self.stand.rest(7.0 if self.stand.rng.random() < 0.15 else moment(self.stand.rng, SHORT_PAUSE))
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
            await self.stand.rest(11.0 if self.stand.rng.random() < 0.15 else moment(self.stand.rng, SHORT_PAUSE))
        finally:
            self.postgres.resume_backend(pid)

    async def kill_bucket(self) -> None:
        self.s3.kill()
        await self.stand.rest(moment(self.stand.rng, GONE))
        await asyncio.to_thread(self.s3.start)

    async def pause_bucket(self) -> None:
        with self.s3.stalled():
            await self.stand.rest(moment(self.stand.rng, SHORT_PAUSE))


def _works_in(pid: int) -> Path | None:
    try:
        return (PROC / str(pid) / "cwd").readlink()
    except OSError:
        return None


def _port(telegram: TelegramServer) -> int:
    return int(telegram.url.rsplit(":", 1)[1])
