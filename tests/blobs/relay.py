"""Stands between the product and a store, and notes what is asked for."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from storage.in_buckets.access import Access
from tests.s3_server import S3Server

_HEAD = re.compile(rb"((?:GET|HEAD|PUT|POST|DELETE) \S+) HTTP/1\.1\r\n(.*?)\r\n\r\n", re.DOTALL)


@dataclass(frozen=True)
class Request:
    line: str
    headers: frozenset[str]  #: by their names


@asynccontextmanager
async def relay(host: str) -> AsyncIterator[tuple[Access, list[Request]]]:
    """An access that leads there, and the requests that came by it."""
    requests: list[Request] = []
    joined: set[asyncio.Task[None]] = set()
    name, port = host.split(":")

    async def forward(source: asyncio.StreamReader, sink: asyncio.StreamWriter, noted: list[Request]) -> None:
        with suppress(ConnectionError):
            while data := await source.read(65_536):
                noted += [_request(*found) for found in _HEAD.findall(data)]
                sink.write(data)
                await sink.drain()

    async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(name, int(port))
        try:
            await asyncio.gather(forward(reader, back, requests), forward(there, writer, []))
        finally:
            for one in (writer, back):
                one.close()
                with suppress(ConnectionError):
                    await one.wait_closed()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(join(reader, writer))
        joined.add(task)
        task.add_done_callback(joined.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        (listening,) = server.sockets
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        yield Access(S3Server.key_id, S3Server.secret, url), requests
    finally:
        server.close()
        for task in (left := list(joined)):
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


def _request(line: bytes, headers: bytes) -> Request:
    return Request(
        line.decode(), frozenset(one.split(b":")[0].decode("latin-1").lower() for one in headers.split(b"\r\n"))
    )
