"""Fixtures of the network that is bad: one deployment for all tests of a module, for its processes take seconds to start."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests import redis_server
from tests.chaos.linked import Linked
from tests.chaos.linked import linked as opened
from tests.databases import PostgresServer
from tests.s3_server import S3Server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def linked(postgres: PostgresServer, s3: S3Server) -> AsyncIterator[Linked]:
    if not redis_server.is_installed():
        pytest.skip(redis_server.NOT_INSTALLED)
    async with opened(postgres, s3) as made:
        yield made
