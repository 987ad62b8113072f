"""A sweep finds everything that lies there and is older than a moment: objects, and what is left of some."""

from __future__ import annotations

import asyncio
import time

import pytest

from core.rules import DAY
from core.values import Moment
from tests.blobs.places import BucketPlace, Place
from tests.s3_server import MARK, OVERWRITTEN, PUT, Bucket

NAME = "pictures/0f/0/1"


def tomorrow() -> Moment:
    return Moment(int(time.time() * 1000) + DAY)


def yesterday() -> Moment:
    return Moment(int(time.time() * 1000) - DAY)


async def test_it_finds_objects_by_their_names(place: Place) -> None:
    names = {NAME, "pictures/0f/1/1", "references/0f"}
    for name in names:
        await place.blobs.put(name, b"sealed")

    assert set(await place.blobs.older_than(tomorrow())) == names


async def test_it_leaves_out_what_is_younger(place: Place) -> None:
    await place.blobs.put(NAME, b"sealed")
    place.begin("pictures/0f/0/2")

    assert await place.blobs.older_than(yesterday()) == []


async def test_an_empty_store_has_nothing_to_sweep(place: Place) -> None:
    assert await place.blobs.older_than(tomorrow()) == []


async def test_it_finds_a_thousand(place: Place) -> None:
    """More than a store tells in one answer."""
    names = {f"pictures/{number}/0/1" for number in range(1_050)}
    for start in range(50):  # not all at once: a folder has its limits
        await asyncio.gather(*(place.blobs.put(name, b"sealed") for name in sorted(names)[start::50]))

    found = await place.blobs.older_than(tomorrow())
    assert len(found) == len(names)
    assert set(found) == names


async def test_what_nobody_finished_is_found_and_can_be_deleted(place: Place) -> None:
    await place.blobs.put(NAME, b"sealed")
    for name in (NAME, "pictures/0f/1/1", "references/0f"):
        place.begin(name)
    found = set(await place.blobs.older_than(tomorrow()))
    assert len(found) == 4
    for remnant in found - {NAME}:
        assert "#" in remnant
        await place.blobs.delete(remnant)
        await place.blobs.delete(remnant)  # twice is once

    assert place.objects() == {NAME}
    assert await place.blobs.get(NAME) == b"sealed"


async def test_old_versions_and_marks_are_found_and_can_be_deleted(bucket_place: BucketPlace) -> None:
    """Without touching the object that is there now."""
    bucket_place.bucket.keeps_versions()
    other = "pictures/0f/1/1"
    for name in (NAME, NAME, NAME, other):
        bucket_place.plant(name, b"sealed")
    bucket_place.lose(other)
    assert bucket_place.holds() == {(NAME, PUT): 1, (NAME, OVERWRITTEN): 2, (other, OVERWRITTEN): 1, (other, MARK): 1}
    found = await bucket_place.blobs.older_than(tomorrow())
    assert len(found) == 5
    for remnant in found:
        if remnant != NAME:
            await bucket_place.blobs.delete(remnant)

    assert bucket_place.objects() == {NAME}
    assert await bucket_place.blobs.get(NAME) == b"sealed"


async def test_more_versions_than_one_answer_holds_are_found(bucket_place: BucketPlace) -> None:
    bucket_place.bucket.keeps_versions()
    await bucket_place.blobs.older_than(yesterday())
    names = [f"pictures/{number}/0/1" for number in range(350)]
    for _ in range(3):
        for start in range(10):
            await asyncio.gather(*(bucket_place.blobs.put(name, b"sealed") for name in names[start::10]))

    found = await bucket_place.blobs.older_than(tomorrow())
    assert len(found) == len(set(found)) == 1_050
    assert set(names) <= set(found)


@pytest.mark.s3
async def test_what_lies_elsewhere_in_the_bucket_is_somebody_elses(bucket: Bucket) -> None:
    bucket.keeps_versions()
    place = BucketPlace(bucket)
    for key in ("pictures/0f", "else/where/pictures/0f", "pre/fixed/pictures/0f", "pre/fix/notes"):
        bucket.put(key, b"somebody else's")
        bucket.begin_upload(key)

    assert await place.blobs.older_than(tomorrow()) == []
