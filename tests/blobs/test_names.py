"""A name is a declared prefix, an opaque id and numbers: it can say nothing about anybody."""

from __future__ import annotations

import pytest

from core.ports import Blobs
from storage.blobs import entries
from tests.blobs.places import Place

UNDECLARED = (
    "previews/0f/0/1",
    "0f",
    "",
    "/pictures/0f",
    "pictures",
    "pictures/",
    "pictures//0f",
    "pictures/../0f",
    "pictures/ana@example.org",
    "pictures/a fox/0/1",
    "pictures/0f/fox.png",
    "pictures/0f/0/1#1",
    "pictures/0f/0/1\n",
    "picturesque/0f",
)


@pytest.mark.parametrize("name", UNDECLARED)
async def test_no_other_name_is_taken(place: Place, name: str) -> None:
    with pytest.raises(ValueError, match="declare its prefix"):
        await place.blobs.put(name, b"sealed")
    assert place.objects() == set()


@pytest.mark.parametrize("prefix", [entry.cell for entry in entries()])
async def test_every_declared_prefix_is_taken(blobs: Blobs, prefix: str) -> None:
    await blobs.put(f"{prefix}0123456789abcdef", b"sealed")

    assert await blobs.get(f"{prefix}0123456789abcdef") == b"sealed"
