"""The form for many machines, on this one: PostgreSQL, Redis, a bucket, and any number of real processes over them.

Processes are started, killed, paused and asked to end as an operator or bad luck would. Knows no conversation.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from bots.secrets import make_all
from bots.settings import PREFIX, Settings
from inference.credentials import make_certificates
from tests import databases
from tests.crashes.processes import Spawned
from tests.databases import PostgresServer
from tests.redis_server import RedisServer, redis_server
from tests.s3_server import Bucket, s3_program, s3_server
from tests.typed import DARKROOM

UNLIMITED = {
    "model": "flat",
    "open_jobs": "0",
    "requests_per_minute": "0",
    "commands_per_minute": "0",
    "welcome_credits": "1000000",
    "port": "0",
}
PATIENCE = 60.0  #: seconds for a process to come up


class Process(Spawned):
    """One `darkroom COMMAND`, with what it prints."""

    def __init__(self, folder: Path, command: str, environment: dict[str, str]) -> None:
        self.command = command
        self._said = folder / f"{command}-{time.monotonic_ns()}"
        with self._said.open("wb") as said:
            process = subprocess.Popen(
                [*DARKROOM, command], stdin=subprocess.DEVNULL, stdout=said, stderr=said, cwd=folder, env=environment
            )
        super().__init__(process)

    @property
    def said(self) -> str:
        return self._said.read_text(errors="replace")

    def pause(self) -> None:
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def ask_to_end(self) -> None:
        self._signal(signal.SIGTERM)

    def ends(self, within: float) -> int:
        """Its exit status, after SIGTERM."""
        self.ask_to_end()
        return self.ended(within)

    def ended(self, within: float) -> int:
        """Its exit status, when it was asked to end; a second signal would not wait for what it does."""
        return self._process.wait(within)

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            self._process.send_signal(number)


@dataclass
class Deployment:
    """`more` are settings of every process, by their names in bots/settings.py."""

    folder: Path
    database_url: str
    keys_url: str
    redis: RedisServer
    bucket: Bucket
    more: dict[str, str] = field(default_factory=dict)
    processes: list[Process] = field(default_factory=list)

    def __post_init__(self) -> None:
        make_all(self.folder / "secrets", make_certificates)

    def settings(self) -> Settings:
        """Of a process like the others, to open their house in a test."""
        return Settings(_env_file=None, **self._values("test"))  # type: ignore[arg-type]

    def start(self, command: str, **more: str) -> Process:
        """As on a machine of its own: with a data folder of its own."""
        self.processes.append(started := Process(self.folder, command, self.environment(command, **more)))
        return started

    def environment(self, command: str, **more: str) -> dict[str, str]:
        values = self._values(f"{command}-{len(self.processes)}") | more
        if command == "worker":  # what a worker must not know, it is not told
            known = ("data", "redis_url", "wire_key_file", "model", "models", "flat_delay", "worker_name", "log_level")
            values = {name: value for name, value in values.items() if name in known}
        theirs = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        return theirs | {PREFIX + name.upper(): value for name, value in values.items()}

    def close(self) -> None:
        """Kill them all; what they said is shown where a test failed."""
        for process in self.processes:
            process.kill()
            print(f"--- {process.command} {process.pid}: {process.exit_status}\n{process.said}")

    def _values(self, data: str) -> dict[str, str]:
        secrets = self.folder / "secrets"
        return {
            "data": str(self.folder / data),
            "database_url": self.database_url,
            "keys_url": self.keys_url,
            "redis_url": self.redis.url(),
            "blobs_url": self.bucket.url,
            "tombstones": f"{self.bucket.url}/tombstones/{self.folder.name}",
            "blobs_endpoint": self.bucket.access.endpoint,
            "blobs_key_id": self.bucket.access.key_id,
            "blobs_secret": self.bucket.access.secret,
            "master_key_file": str(secrets / "master_key"),
            "lookup_key_file": str(secrets / "lookup_key"),
            "wire_key_file": str(secrets / "wire_key"),
            "credentials_file": str(secrets / "credentials.pem"),
        } | {**UNLIMITED, **self.more}


@contextmanager
def deployed(postgres: PostgresServer, bucket: Bucket, **more: str) -> Iterator[Deployment]:
    """A deployment of one's own over servers that may be shared; its Redis is its own, for it may be killed."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="darkroom-")))
        name = f"darkroom_{time.monotonic_ns()}"
        records, keys = postgres.create(name), postgres.create(f"{name}_keys")
        redis = stack.enter_context(redis_server())
        deployment = Deployment(folder, records, keys, redis, bucket, {"blobs_url": f"{bucket.url}/{name}", **more})
        stack.callback(deployment.close)
        yield deployment


@contextmanager
def whole_deployment(*, durable: bool = False, **more: str) -> Iterator[Deployment]:
    """A deployment with servers of its own, for programs that are run by hand. Exits with a sentence when one is missing."""
    programs, weed = databases.postgres_programs(), s3_program()
    if programs is None or weed is None:
        raise SystemExit("PostgreSQL and seaweedfs are needed for this.")
    with (
        databases.postgres_server(programs, durable=durable) as postgres,
        s3_server(weed) as s3,
        s3.fresh() as bucket,
        deployed(postgres, bucket, **more) as deployment,
    ):
        yield deployment


def until(condition: Callable[[], object], what: str, within: float = PATIENCE) -> float:
    """Wait for it. Returns the seconds that took; raises TimeoutError naming what did not happen."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > within:
            raise TimeoutError(f"{what} did not happen within {within} seconds")
        time.sleep(0.02)
    return time.monotonic() - began
