"""`python -m tests.crashes --deaths 2`: enumerates every flow on each database there is, and prints how much that was."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from storage.database import sqlite_url
from tests import databases
from tests.crashes.enumeration import Report, begin, enumerate_deaths
from tests.crashes.flows import FLOWS, Flow
from tests.crashes.world import AtOnce, World
from tests.databases import Store


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--deaths", type=int, default=2, help="how often in a row a process dies")
    deaths = options.parse_args().deaths
    reports = [_report(store, name, flow, deaths) for name, flow in FLOWS.items() for store in _stores()]
    for number in range(deaths):
        print(f"ways to die {number + 1}x, all together: {sum(report.ways[number] for report in reports):,}")
    return 1 if any(report.violations for report in reports) else 0


def _stores() -> Iterator[Store]:
    """An empty store of each product, one after the other."""
    with TemporaryDirectory() as folder:
        url = sqlite_url(Path(folder) / "records.db")
        databases.migrate(url)
        yield Store("sqlite", url)
    if programs := databases.postgres_programs():
        with databases.postgres_server(programs) as server:
            url = server.create("records")
            databases.migrate(url)
            yield Store("postgres", url)
    else:
        print(databases.NOT_INSTALLED)


def _report(store: Store, name: str, flow: Flow, deaths: int) -> Report:
    started = time.monotonic()
    report = asyncio.run(_enumerate(store, flow, deaths))
    print(f"{store.name}, {name}: {report} ({time.monotonic() - started:.1f} s)", flush=True)
    for violation in report.violations[:5]:
        print(f"  {violation}")
    return report


async def _enumerate(store: Store, flow: Flow, deaths: int) -> Report:
    asyncio.get_running_loop().set_default_executor(AtOnce())
    with TemporaryDirectory() as folder, _world(store, Path(folder)) as world:
        return await enumerate_deaths(world, flow, await begin(world, flow), deaths)


@contextmanager
def _world(store: Store, folder: Path) -> Iterator[World]:
    world = World(store, folder)
    try:
        yield world
    finally:
        world.close()
        store.close()


if __name__ == "__main__":
    sys.exit(main())
