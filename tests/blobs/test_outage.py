"""A store that goes away: everybody is told soon, nobody takes it for an empty one, and nothing is paid for twice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from core.errors import Unavailable
from core.ports import Blobs
from core.rules import DAY
from core.values import Moment
from core.values.wishes import Finished
from storage.database import SqlDatabase
from storage.in_buckets.access import Patience
from tests.blobs.places import BucketPlace, Place
from tests.cast import Actor, Stage, keys_of
from tests.databases import Store
from tests.pictures import picture_file
from tests.s3_server import Bucket, S3Server

pytestmark = pytest.mark.products

NAME = "pictures/0f/0/1"
HURRIED = Patience(connect=0.3, answer=0.5)
SOON = 20.0  #: seconds; left alone, the client would go on trying for minutes

Verb = Callable[[Blobs], Awaitable[object]]
VERBS: dict[str, Verb] = {
    "put": lambda blobs: blobs.put("pictures/0f/0/2", b"sealed"),
    "get": lambda blobs: blobs.get(NAME),
    "delete": lambda blobs: blobs.delete(NAME),
    "older_than": lambda blobs: blobs.older_than(Moment(int(time.time() * 1000) + DAY)),
}


@pytest.fixture
def database(sqlite_store: Store) -> SqlDatabase:
    return sqlite_store.open()


async def test_killed_it_is_unavailable_and_back_it_has_everything(s3: S3Server, bucket_place: BucketPlace) -> None:
    blobs = bucket_place.blobs
    await blobs.put(NAME, b"sealed")
    with s3.away():
        for verb in VERBS.values():
            async with asyncio.timeout(SOON):
                with pytest.raises(Unavailable, match=r"blobs\.unavailable"):
                    await verb(blobs)

    assert await blobs.get(NAME) == b"sealed"
    await blobs.put(NAME, b"again")
    await blobs.delete(NAME)
    assert bucket_place.objects() == set()


async def test_stalled_it_is_unavailable_and_answers_again(s3: S3Server, bucket_place: BucketPlace) -> None:
    hurried = BucketPlace(bucket_place.bucket, HURRIED).blobs
    await hurried.put(NAME, b"sealed")
    with s3.stalled():
        for verb in VERBS.values():
            async with asyncio.timeout(SOON):
                with pytest.raises(Unavailable, match=r"blobs\.unavailable"):
                    await verb(hurried)

    assert await hurried.get(NAME) == b"sealed"


@pytest.mark.parametrize("verb", ["get", "delete"])
async def test_a_store_that_is_gone_is_not_an_empty_one(place: Place, verb: str) -> None:
    """Else every picture would be lost, and every deletion done."""
    await place.blobs.put(NAME, b"sealed")
    place.vanish()

    with pytest.raises(Unavailable, match=r"blobs\.unavailable"):
        await VERBS[verb](place.blobs)


@pytest.mark.s3
async def test_a_picture_that_could_not_be_kept_is_drawn_again_and_paid_once(
    s3: S3Server, bucket: Bucket, stage: Stage, ben: Actor
) -> None:
    keeps_blobs_in(stage, bucket)
    await ben.says("/imagine a cat")
    await stage.dispatches()
    ((wish,),) = stage.painter.waiting
    stage.painter.waiting.clear()
    with s3.away():
        with pytest.raises(Unavailable):
            await stage.news(stage.painter.drawn(wish))
        await stage.news(Finished(wish.job, wish.fence))
    assert (await ben.balance()).held == 1_000
    assert ben.inbox == []
    await stage.works()

    assert len(ben.inbox[0].pictures) == 1
    assert ((await ben.balance()).spendable, (await ben.balance()).held) == (19_000, 0)
    assert stage.mistakes() == []
    assert len(bucket.holds()) == 1


@pytest.mark.s3
async def test_a_request_with_a_picture_to_start_from_costs_nothing_while_it_cannot_be_kept(
    s3: S3Server, bucket: Bucket, stage: Stage, ben: Actor
) -> None:
    keeps_blobs_in(stage, bucket)
    with s3.away():
        answer = await ben.sends("/imagine a fox", "a.png", picture_file())
    assert keys_of(answer) == ["blobs.unavailable"]
    assert answer.error == "unavailable"
    assert (await ben.balance()).held == 0


@pytest.mark.s3
async def test_a_deletion_that_could_not_be_done_is_done_by_the_sweep(
    s3: S3Server, bucket: Bucket, stage: Stage, ben: Actor
) -> None:
    """It is hidden at once all the same."""
    keeps_blobs_in(stage, bucket)
    await ben.says("/imagine a cat")
    await stage.works()
    with s3.away():
        answer = await ben.says(f"/delete {ben.inbox[0].pictures[0].id}")
        assert answer.error == "unavailable"
        assert keys_of(await ben.says("/gallery")) == ["gallery.empty"]
    assert len(bucket.holds()) == 1
    await stage.sweeps()

    assert bucket.holds() == {}


def keeps_blobs_in(stage: Stage, bucket: Bucket) -> None:
    object.__setattr__(stage.app, "blobs", BucketPlace(bucket).blobs)
