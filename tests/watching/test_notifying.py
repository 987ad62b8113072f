"""What a service manager is told, over a socket as systemd makes it: ready, alive, about to end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bots.watching.notifying import READY, notify
from tests.typed import DARKROOM, environment


@contextmanager
def manager(address: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(address)
        listening.settimeout(30)
        yield listening


def test_a_serving_process_says_that_it_is_ready_that_it_lives_and_that_it_ends(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    command = [*DARKROOM, "demo"]
    env = environment(tmp_path, DARKROOM_PORT="0", NOTIFY_SOCKET=address)
    with (
        manager(address) as listening,
        subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=tmp_path, env=env) as served,
    ):
        said = [listening.recv(100)]
        while said.count(b"WATCHDOG=1") < 2 or b"READY=1" not in said:
            said.append(listening.recv(100))
        served.send_signal(signal.SIGTERM)
        while said[-1] != b"STOPPING=1":
            said.append(listening.recv(100))
        assert served.wait(20) == 0

    assert said.count(b"READY=1") == said.count(b"STOPPING=1") == 1
    assert set(said) == {b"READY=1", b"WATCHDOG=1", b"STOPPING=1"}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has sockets that are in no folder")
def test_a_socket_that_is_in_no_folder_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"darkroom-{os.getpid()}"
    monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
    with manager(f"\0{name}") as listening:
        notify(READY)
        assert listening.recv(100) == b"READY=1"


@pytest.mark.parametrize("address", ["", "relative", "/nowhere/at/all", "@nobody-listens-here"])
def test_nobody_who_listens_is_no_trouble(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", address)

    notify(READY)


def test_a_manager_that_does_not_read_holds_nothing_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    with manager(address):
        for _ in range(10_000):
            notify(READY)
