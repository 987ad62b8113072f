"""A real Redis server for tests, reached through a unix socket, that can be stopped, killed, paused and wiped."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

NOT_INSTALLED = "Redis is not installed"
HOW_TO_INSTALL = "Debian, Ubuntu: apt install redis-server; macOS: brew install redis"


class RedisServer:
    """A server of our own in a temporary folder. `acl` is the text of an ACL file; without one everybody may do anything."""

    def __init__(self, folder: Path, *, durable: bool = False, acl: str = "", settings: tuple[str, ...] = ()) -> None:
        self.folder = folder
        self._socket = folder / "socket"
        self._settings = (
            "--port", "0", "--unixsocket", str(self._socket), "--dir", str(folder), "--save", "",
            "--appendonly", "yes" if durable else "no", *settings,
        )  # fmt: skip
        if acl:
            (folder / "users.acl").write_text(acl)
            self._settings += ("--aclfile", str(folder / "users.acl"))
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, user: str = "", password: str = "") -> str:
        who = f"{user}:{password}@" if user else ""
        return f"unix://{who}{self._socket}"

    def client(self, user: str | None = None, password: str | None = None) -> redis.Redis:
        """For tests that look at what is there, or spoil it."""
        retry = Retry(NoBackoff(), 0)
        return redis.Redis(
            unix_socket_path=str(self._socket), username=user, password=password, protocol=2, retry=retry
        )

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(["redis-server", *self._settings], stdout=log, stderr=log)
        until = time.monotonic() + 30
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError((self.folder / "log").read_text())
            time.sleep(0.02)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Connections stay and nobody answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def wipe(self) -> None:
        with self.client() as client:
            client.flushall()

    def files(self) -> Iterator[Path]:
        """What it wrote to disk, its log included."""
        return (path for path in self.folder.rglob("*") if path.is_file())

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                client.ping()
        except redis.AuthenticationError:
            return True
        except (redis.RedisError, OSError):
            return False
        return True

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        os.kill(self._process.pid, number)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._signal(signal.SIGCONT)
            self._signal(number)
            self._process.wait(timeout=30)


@contextmanager
def redis_server(**settings: Any) -> Iterator[RedisServer]:
    """Start a server and end it."""
    folder = Path(tempfile.mkdtemp(prefix="darkroom-"))
    server = RedisServer(folder, **settings)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


def is_installed() -> bool:
    return shutil.which("redis-server") is not None
