"""Deleted is gone: with its old versions, and without a mark that there was something."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from core.ports import Blobs
from core.values import Moment
from storage.in_buckets.blobs import open_bucket
from tests.blobs.places import PREFIX, BucketPlace, Place
from tests.blobs.relay import relay
from tests.s3_server import MARK, OVERWRITTEN, PUT, Bucket, S3Server

NAME = "pictures/0f/0/1"


async def test_it_leaves_nothing(place: Place) -> None:
    await place.blobs.put(NAME, b"first")
    await place.blobs.put(NAME, b"second")
    assert (NAME, PUT) in place.holds()
    await place.blobs.delete(NAME)

    assert place.objects() == set()
    assert await place.blobs.get(NAME) is None


async def test_it_leaves_its_neighbours_alone(place: Place) -> None:
    neighbours = {"pictures/0f/0/10", "pictures/0f/1/1", "pictures/0f1/0/1", "references/0f"}
    for name in (NAME, *neighbours):
        await place.blobs.put(name, name.encode())
    await place.blobs.delete(NAME)

    assert place.objects() == neighbours
    assert [await place.blobs.get(name) for name in neighbours] == [name.encode() for name in neighbours]


async def test_deleting_what_is_not_there_changes_nothing(place: Place) -> None:
    await place.blobs.delete(NAME)
    await place.blobs.put("pictures/0f/0/2", b"sealed")
    await place.blobs.delete(NAME)
    await place.blobs.delete(NAME)

    assert place.objects() == {"pictures/0f/0/2"}


async def test_twenty_at_once_are_all_gone(place: Place) -> None:
    names = [f"pictures/{number}/0/1" for number in range(20)]
    await asyncio.gather(*(place.blobs.put(name, b"sealed") for name in names))
    await asyncio.gather(*(place.blobs.delete(name) for name in names))

    assert place.objects() == set()


async def test_old_versions_and_marks_by_other_hands_go_with_it(bucket_place: BucketPlace) -> None:
    bucket_place.bucket.keeps_versions()
    for word in (b"first", b"second"):
        bucket_place.plant(NAME, word)
    bucket_place.lose(NAME)
    bucket_place.plant(NAME, b"third")
    assert bucket_place.holds() == {(NAME, PUT): 1, (NAME, OVERWRITTEN): 2, (NAME, MARK): 1}
    await bucket_place.blobs.older_than(Moment(0))  # a sweep came by, and saw how the bucket is set up now
    await bucket_place.blobs.delete(NAME)

    assert bucket_place.objects() == set()


@pytest.mark.s3
async def test_a_bucket_that_kept_versions_once_is_cleared_of_them(bucket: Bucket) -> None:
    bucket.keeps_versions()
    bucket.put(f"{PREFIX}/{NAME}", b"first")
    bucket.keeps_versions(again=False)
    place = BucketPlace(bucket)
    await place.blobs.put(NAME, b"second")
    assert (NAME, OVERWRITTEN) in place.holds()
    await place.blobs.delete(NAME)

    assert place.objects() == set()


@pytest.mark.s3
async def test_without_versions_it_is_one_request(bucket: Bucket, s3: S3Server, tmp_path: Path) -> None:
    async with relay(s3.host) as (access, requests):
        blobs: Blobs = await asyncio.to_thread(open_bucket, bucket.url, access)
        await blobs.put(NAME, b"sealed")
        requests.clear()
        await blobs.delete(NAME)

    assert len(requests) == 1, requests
    assert bucket.holds() == {}
