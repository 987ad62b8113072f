"""Fixtures of the blobs: each test runs over every store, or over both kinds of bucket."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.ports import Blobs
from tests.blobs.places import BUCKETS, PLACES, BucketPlace, Place, open_place


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    with open_place(request.param, request) as opened:
        yield opened


@pytest.fixture
def blobs(place: Place) -> Blobs:
    return place.blobs


@pytest.fixture(params=BUCKETS)
def bucket_place(request: pytest.FixtureRequest) -> Iterator[BucketPlace]:
    with open_place(request.param, request) as opened:
        assert isinstance(opened, BucketPlace)
        yield opened
