"""Whoever has no key gets nothing, and nothing is said with an object but its name and its bytes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from urllib3 import PoolManager

from storage.in_buckets.blobs import open_bucket
from tests.blobs.places import PREFIX, BucketPlace
from tests.blobs.relay import relay
from tests.s3_server import Bucket, S3Server

NAME = "pictures/0f/0/1"
SAID = {
    "accept", "authorization", "content-length", "host", "user-agent", "x-amz-content-sha256", "x-amz-date"
}  # fmt: skip


async def test_nobody_reads_an_object_without_a_key(s3: S3Server, bucket_place: BucketPlace) -> None:
    await bucket_place.blobs.put(NAME, b"sealed")
    with PoolManager(retries=False) as stranger:
        for path in (f"{PREFIX}/{NAME}", "", "?versions"):
            answer = stranger.request("GET", f"{s3.url}/{bucket_place.bucket.name}/{path}")
            assert answer.status == 403
            assert b"sealed" not in answer.data


@pytest.mark.s3
async def test_an_object_goes_without_labels_and_without_rights_for_anybody(
    s3: S3Server, bucket: Bucket, tmp_path: Path
) -> None:
    async with relay(s3.host) as (access, requests):
        blobs = await asyncio.to_thread(open_bucket, bucket.url, access)
        requests.clear()
        await blobs.put(NAME, b"sealed")

    (put,) = requests
    assert put.line == f"PUT /{bucket.name}/{NAME}"
    assert put.headers <= SAID
    assert "authorization" in put.headers, "what says nothing at all proves nothing"
