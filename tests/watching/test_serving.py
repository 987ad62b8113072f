"""Real processes asked from outside: which addresses answer whom, with the page and without it."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bots.settings import BadSettings
from bots.web import HEADERS, serve
from tests.cast import Stage
from tests.discord_ import DiscordServer
from tests.page.browser import demo
from tests.typed import DARKROOM, environment
from tests.watching.looking import watching

WATCHED = ("/livez", "/readyz", "/metrics")
PATIENCE = 60.0  #: seconds; what it takes on a loaded machine


def ask(address: str, method: str = "GET", **headers: str) -> tuple[int, str]:
    request = urllib.request.Request(address, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def until_ready(address: str) -> None:
    until = time.monotonic() + PATIENCE
    while json.loads(ask(f"{address}/readyz")[1])["state"] != "ok":
        assert time.monotonic() < until, ask(f"{address}/readyz")
        time.sleep(0.1)


def test_the_demo_becomes_ready_and_says_how_it_is(tmp_path: Path) -> None:
    with demo(tmp_path) as address:
        until_ready(address)
        assert ask(f"{address}/livez") == (200, "The event loop turns.\n")
        status, figures = ask(f"{address}/metrics")

    assert status == 200
    assert 'darkroom_health{check="worker"} 1.0' in figures
    assert 'darkroom_leads{role="scheduler"} 1.0' in figures


def test_they_answer_under_any_name_and_from_anywhere_and_the_page_does_not(tmp_path: Path) -> None:
    with demo(tmp_path) as address:
        for path in WATCHED:
            assert ask(address + path, Host="prometheus.example", Origin="http://elsewhere.example")[0] in (200, 503)
            assert ask(address + path, "HEAD") == (ask(address + path)[0], "")
            assert ask(address + path, "POST")[0] == 405
            assert ask(address + path, "DELETE")[0] == 405
        assert ask(address, Host="prometheus.example")[0] == 421


@contextmanager
def up(server: DiscordServer, folder: Path, **settings: str) -> Iterator[tuple[int, str]]:
    """A running `darkroom up` with a chat and without the page; its port, and what it said."""
    env = environment(folder, **server.environment, **{"DARKROOM_PORT": "0"} | settings)
    with subprocess.Popen([*DARKROOM, "up"], stdout=subprocess.PIPE, text=True, cwd=folder, env=env) as served:
        assert served.stdout is not None
        try:
            said = next(line for line in served.stdout if "/readyz" in line)
            found = re.search(r":(\d+)/readyz", said)
            assert found
            yield int(found[1]), said
        finally:
            served.send_signal(signal.SIGTERM)
            assert served.wait(20) == 0


async def test_without_the_page_they_are_served_where_the_operator_says_and_nothing_else_is(tmp_path: Path) -> None:
    def look() -> None:
        with up(server, tmp_path, DARKROOM_HOST="0.0.0.0") as (port, said):
            assert "Health and figures: http://0.0.0.0:" in said
            until_ready(f"http://127.0.0.1:{port}")
            for path in WATCHED:
                assert ask(f"http://127.0.0.1:{port}{path}")[0] == 200
            for path in ("/", "/gallery", "/page/page.js", "/events", "/nothing"):
                assert ask(f"http://127.0.0.1:{port}{path}")[0] == 404

    async with DiscordServer() as server:
        await asyncio.to_thread(look)


@pytest.mark.parametrize("host", ["192.0.2.1"])
async def test_an_address_that_is_not_ours_is_named(host: str) -> None:
    with pytest.raises(BadSettings, match=f"DARKROOM_HOST: .*{re.escape(host)}"):
        async with serve([], host, 0, here_only=False):
            pass


async def test_a_port_that_is_taken_is_named_without_the_page_too() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BadSettings, match=f"DARKROOM_PORT: health can't be served on port {port}"):
            async with serve([], "127.0.0.1", port, here_only=False):
                pass


async def test_the_page_is_refused_where_others_could_reach_it_and_the_way_out_is_named() -> None:
    with pytest.raises(BadSettings, match=r"for this computer only.*leave the page off: then health, figures"):
        async with serve([], "0.0.0.0", 0):
            pass


async def test_everything_is_answered_with_the_headers_of_every_answer(stage: Stage) -> None:
    async with watching(stage) as seen:
        for path in WATCHED:
            async with seen.operator.session.get(path) as response:
                assert {name: response.headers[name] for name in HEADERS} == HEADERS
