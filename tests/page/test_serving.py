"""`darkroom demo` as people start and end it: real processes, one sentence for what cannot be."""

from __future__ import annotations

import signal
import socket
import subprocess
import urllib.request
from pathlib import Path

import pytest

from tests.page.browser import demo
from tests.typed import DARKROOM, darkroom, environment


def test_it_prints_where_to_go_and_what_to_write(tmp_path: Path) -> None:
    command = [*DARKROOM, "demo"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=tmp_path, env=environment(tmp_path, DARKROOM_PORT="0")
    ) as served:
        assert served.stdout is not None
        said = ""
        while "Ctrl-C" not in said:
            said += served.stdout.readline()
        served.send_signal(signal.SIGINT)
        assert served.wait(20) == 0

    assert "http://127.0.0.1:" in said
    assert "/imagine a yellow star" in said
    assert "I am 16 or older" in said


def test_the_page_is_there_and_ends_with_the_process(tmp_path: Path) -> None:
    with demo(tmp_path) as address, urllib.request.urlopen(address) as front:
        assert b"Darkroom" in front.read()

    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(address)


def test_an_open_page_does_not_keep_it_from_ending(tmp_path: Path) -> None:
    with demo(tmp_path) as address:
        host, port = address.removeprefix("http://").split(":")
        page = socket.create_connection((host, int(port)))
        page.sendall(f"GET /events HTTP/1.1\r\nHost: {host}:{port}\r\nCookie: darkroom={'a' * 32}\r\n\r\n".encode())
        assert b"200 OK" in page.recv(1_000)
    page.close()


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = darkroom(tmp_path, "demo", DARKROOM_PORT=str(port))

    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    assert f"DARKROOM_PORT: the page can't be served on port {port} (address already in use)" in refused.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.org"])
def test_a_host_that_others_can_reach_is_refused(tmp_path: Path, host: str) -> None:
    refused = darkroom(tmp_path, "demo", DARKROOM_HOST=host)

    assert refused.returncode == 2
    assert "for this computer only" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_one_folder_is_served_once(tmp_path: Path) -> None:
    with demo(tmp_path):
        refused = darkroom(tmp_path, "demo", DARKROOM_PORT="0")

    assert refused.returncode == 2
    assert "another darkroom serves" in refused.stderr


def test_the_other_loopback_address_does_too(tmp_path: Path) -> None:
    if not socket.has_ipv6:
        return
    with demo(tmp_path, DARKROOM_HOST="::1") as address:
        assert address.startswith("http://[::1]:")
        with urllib.request.urlopen(address) as front:
            assert front.status == 200
