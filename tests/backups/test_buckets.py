"""Pictures in a bucket: moved there, backed up from there, and brought back there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.backups.conftest import Make
from tests.backups.filling import fill
from tests.backups.instances import Instance, Pair
from tests.s3_server import Bucket


@pytest.fixture
def instance(make: Make, bucket: Bucket) -> Instance:
    instance = make("sqlite")
    instance.more |= access_to(bucket)
    instance.lives(fill(instance.stage()))
    return instance


def access_to(bucket: Bucket) -> dict[str, str]:
    return {
        "DARKROOM_BLOBS_ENDPOINT": bucket.access.endpoint,
        "DARKROOM_BLOBS_KEY_ID": bucket.access.key_id,
        "DARKROOM_BLOBS_SECRET": bucket.access.secret,
    }


def held(bucket: Bucket) -> dict[str, bytes]:
    return {name: bucket.read(name) for name, _ in bucket.holds()}


def test_pictures_are_moved_and_each_is_read_back(instance: Instance, bucket: Bucket) -> None:
    done = instance.does("migrate", "--blobs-to", bucket.url)

    assert held(bucket) == instance.blobs() != {}
    assert (done["pictures"], done["missing"]) == (len(instance.blobs()), 0)
    assert done["settings"] == {"DARKROOM_BLOBS_URL": bucket.url}
    assert instance.does("migrate", "--blobs-to", bucket.url) == done


def test_they_are_backed_up_from_a_bucket_and_restored_into_one(
    instance: Instance, bucket: Bucket, make: Make, pair: Pair, tmp_path: Path
) -> None:
    instance.does("migrate", "--blobs-to", bucket.url)
    pictures = held(bucket)
    in_bucket = {"DARKROOM_BLOBS_URL": bucket.url}
    instance.more |= in_bucket
    done = instance.does("backup", tmp_path / "b.age", "--recipient", pair.public, "--identity", pair.file)
    assert done["pictures"] == len(pictures)

    for name in pictures:
        bucket.remove(name)
    other = make("sqlite")
    other.more |= access_to(bucket) | in_bucket
    assert other.does("restore", tmp_path / "b.age", "--identity", pair.file)["pictures"] == len(pictures)
    assert held(bucket) == pictures


def test_a_bucket_that_cannot_be_used_is_named(instance: Instance, bucket: Bucket) -> None:
    instance.more["DARKROOM_BLOBS_SECRET"] = "swordfish"

    refusal = instance.refuses("migrate", "--blobs-to", bucket.url)
    assert "DARKROOM_BLOBS" in refusal
    assert "swordfish" not in refusal
