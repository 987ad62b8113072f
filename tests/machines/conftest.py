"""Fixtures of the form for many machines: servers of the whole run, and a deployment of each test's own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import redis_server
from tests.databases import PostgresServer
from tests.machines.deployment import Deployment, deployed
from tests.s3_server import Bucket, S3Server


@pytest.fixture(scope="session")
def large_bucket(s3: S3Server) -> Iterator[Bucket]:
    """One for all: each deployment has a folder in it."""
    with s3.fresh() as made:
        yield made


@pytest.fixture
def deployment(postgres: PostgresServer, large_bucket: Bucket) -> Iterator[Deployment]:
    if not redis_server.is_installed():
        pytest.skip(redis_server.NOT_INSTALLED)
    with deployed(postgres, large_bucket, log_level="info") as made:
        yield made
