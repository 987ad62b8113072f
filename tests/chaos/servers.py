"""A PostgreSQL server that may crash and come back, and lose nothing it committed. Knows its processes, no table."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg

from tests import databases
from tests.databases import PostgresServer


class Postgres(PostgresServer):
    """Whoever kills its processes loses no commit: only the machine's own death would, which is not tried here."""

    def __init__(self, programs: Path, folder: Path) -> None:
        super().__init__(folder)
        self._programs, self.folder = programs, folder
        self._process: subprocess.Popen[bytes] | None = None
        self._as_whom: dict[str, Any] = databases._somebody_else(folder) if os.getuid() == 0 else {}
        setup = ["-U", "darkroom", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        subprocess.run(
            [programs / "initdb", "-D", folder / "data", *setup],
            check=True, stdout=subprocess.DEVNULL, cwd=folder, **self._as_whom,
        )  # fmt: skip

    @property
    def socket(self) -> Path:
        return self.folder / ".s.PGSQL.5432"

    def start(self) -> None:
        """Returns when it answers, after whatever it has to recover."""
        settings = ("listen_addresses=", f"unix_socket_directories={self.folder}", "fsync=off", "full_page_writes=off")
        options = [part for setting in settings for part in ("-c", setting)]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self.folder / "data", *options],
                stdout=log, stderr=log, cwd=self.folder, **self._as_whom,
            )  # fmt: skip
        databases._wait(self._process, self.folder)

    def crash(self) -> None:
        """As `pg_ctl stop -m immediate`: no goodbye, and what was under way is rolled back at the next start."""
        assert self._process is not None
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(timeout=60)

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(timeout=60)

    def kill_backend(self, rng: random.Random) -> None:
        """The server then ends all the others, and recovers."""
        if pids := self._backends():
            _signal(rng.choice(pids), signal.SIGKILL)

    def pause_backend(self, rng: random.Random) -> int:
        """One connection gets no answer any more. Returns its process, 0 for none."""
        pids = self._backends()
        pid = rng.choice(pids) if pids else 0
        if pid:
            _signal(pid, signal.SIGSTOP)
        return pid

    def resume_backend(self, pid: int) -> None:
        if pid:
            _signal(pid, signal.SIGCONT)

    def end_backends(self, rng: random.Random) -> None:
        """Some connections, as an administrator ends them."""
        for pid in self._backends():
            if rng.random() < 0.5:
                _signal(pid, signal.SIGTERM)

    def _backends(self) -> list[int]:
        try:
            with psycopg.connect(host=str(self.folder), user="darkroom", dbname="postgres", autocommit=True) as opened:
                found = opened.execute("SELECT pid FROM pg_stat_activity WHERE datname <> 'postgres' ORDER BY pid")
                return [pid for (pid,) in found]
        except psycopg.OperationalError:
            return []


@contextmanager
def postgres_server(programs: Path) -> Iterator[Postgres]:
    folder = Path(tempfile.mkdtemp(prefix="darkroom-")).resolve()
    server = Postgres(programs, folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
