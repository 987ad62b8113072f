"""What is put is there until it is deleted."""

from __future__ import annotations

import os

from core.ports import Blobs
from tests.blobs.places import Place

NAME = "pictures/0f/0/1"


async def test_it_gives_back_what_was_put(blobs: Blobs) -> None:
    await blobs.put(NAME, b"sealed")

    assert await blobs.get(NAME) == b"sealed"


async def test_it_keeps_nothing_but_the_object(place: Place) -> None:
    await place.blobs.put(NAME, b"sealed")

    assert place.objects() == {NAME}


async def test_it_keeps_large_objects_whole(place: Place) -> None:
    """A picture of a large model, and the pixels of one to start from."""
    for name, size in ((NAME, 3_000_000), ("references/0f", 12_600_000)):
        data = os.urandom(size)
        await place.blobs.put(name, data)
        assert await place.blobs.get(name) == data
    assert place.objects() == {NAME, "references/0f"}


async def test_it_keeps_empty_ones(blobs: Blobs) -> None:
    await blobs.put(NAME, b"")

    assert await blobs.get(NAME) == b""


async def test_an_object_that_is_not_there_is_an_answer(blobs: Blobs) -> None:
    assert await blobs.get(NAME) is None
    await blobs.put("pictures/0f/0/10", b"of a longer name")
    assert await blobs.get(NAME) is None


async def test_what_was_put_last_counts(blobs: Blobs) -> None:
    await blobs.put(NAME, b"first")
    await blobs.put(NAME, b"second")

    assert await blobs.get(NAME) == b"second"


async def test_an_object_that_somebody_else_removed_is_missing(place: Place) -> None:
    await place.blobs.put(NAME, b"sealed")
    place.lose(NAME)

    assert await place.blobs.get(NAME) is None
    await place.blobs.delete(NAME)
    assert place.objects() == set()
