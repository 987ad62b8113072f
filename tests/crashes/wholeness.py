"""What must hold once everything has come to rest, read from rows, files and Ben's inbox. One sentence for each violation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from core.requests import gallery
from core.rules import CREDIT
from core.values import PersonId, PictureId
from inference.flat import square
from inference.pictures import decode
from tests.crashes.shelves import Rows
from tests.crashes.world import WELCOME, World

Outcome = tuple[tuple[str, int, int], ...]


async def violations(world: World) -> list[str]:
    rows = world.rows()
    return [
        *world.process().mistakes(),
        *_unfinished(rows),
        *_books(rows),
        *_orphans(rows, world.blob_names()),
        *_words(rows),
        *_references(rows),
        *_untold(rows, world),
        *[problem for picture in rows["picture"] for problem in await _closed(world, picture)],
    ]


def outcome(rows: Rows) -> Outcome:
    """(state, pictures there are, pictures paid for) of each job."""
    kept = Counter(picture["job_id"] for picture in rows["picture"])
    paid = {hold["id"]: hold["captured"] for hold in rows["hold"]}
    return tuple((job["state"], kept[job["id"]], paid[job["id"]] // job["price_each"]) for job in rows["job"])


def told_twice(world: World) -> int:
    """How many pictures Ben was shown more than once."""
    return sum(times > 1 for times in _shown(world).values())


def _unfinished(rows: Rows) -> Iterator[str]:
    for job in rows["job"]:
        if job["state"] in ("queued", "drawing"):
            yield f"a job is stuck: {job['state']}"
    for wish in rows["wish"]:
        if wish["state"] == "pending":
            yield f"wish {wish['index']} is stuck"
    for delivery in rows["delivery"]:
        if delivery["state"] in ("waiting", "owed"):
            yield f"outcome {delivery['index']} is {delivery['state']} for ever"
    for picture in rows["picture"]:
        if picture["hidden"]:
            yield f"picture {picture['index']} is hidden and not destroyed"


def _books(rows: Rows) -> Iterator[str]:
    drawn = Counter(wish["job_id"] for wish in rows["wish"] if wish["state"] == "drawn")
    price = sum(drawn[job["id"]] * job["price_each"] for job in rows["job"])
    welcome = WELCOME * CREDIT * len(rows["person"])
    spent, held, left = (sum(lot[part] for lot in rows["credit_lot"]) for part in ("spent", "held", "available"))
    if (spent, held, left) != (price, 0, welcome - price):
        yield f"of {welcome} {spent} are spent, {held} held, {left} left, for pictures that cost {price}"


def _orphans(rows: Rows, blobs: list[str]) -> Iterator[str]:
    if (named := sorted(picture["blob"] for picture in rows["picture"])) != blobs:
        yield f"blobs are {blobs}, and pictures name {named}"
    people, keys = (
        {row[name] for row in rows[table]} for table, name in (("person", "id"), ("person_key", "person_id"))
    )
    if people != keys:
        yield f"{len(keys)} keys for {len(people)} people, {len(people & keys)} of them theirs"


def _words(rows: Rows) -> Iterator[str]:
    with_pictures = {picture["job_id"] for picture in rows["picture"]}
    for job in rows["job"]:
        if (job["sealed_words"] is not None) != (job["id"] in with_pictures):
            yield f"a job that is {job['state']} has {'' if job['sealed_words'] else 'no '}words"


def _references(rows: Rows) -> Iterator[str]:
    """What a request started from is nobody's business any more; its blob would be one that no picture names."""
    for job in rows["job"]:
        if job["reference"] is not None:
            yield f"a job that is {job['state']} still names the picture it started from"


def _untold(rows: Rows, world: World) -> Iterator[str]:
    """A picture that was deleted can not be asked for; it may have been told or not."""
    for picture in rows["picture"]:
        if not _shown(world)[picture["id"]]:
            yield f"picture {picture['index']} was never shown"
    state = {(wish["job_id"], wish["index"]): wish["state"] for wish in rows["wish"]}
    failed = sum(
        delivery["state"] == "delivered" and state[delivery["job_id"], delivery["index"]] == "failed"
        for delivery in rows["delivery"]
    )
    told = sum(line.values["n"] for reply in world.inbox for line in reply.lines if line.key.startswith("failed."))
    if told < failed:
        yield f"{failed} pictures failed, and Ben was told of {told}"


def _shown(world: World) -> Counter[str]:
    return Counter(picture.id for reply in world.inbox for picture in reply.pictures)


async def _closed(world: World, picture: dict[str, Any]) -> list[str]:
    """A picture that does not open, or shows something else."""
    app = world.process().app
    try:
        opened = await gallery.show(app, PersonId(picture["person_id"]), PictureId(picture["id"]))
    except gallery.PictureLost:
        opened = None
    if opened is None:
        return [f"picture {picture['index']} does not open"]
    if decode(opened.data) != square(picture["seed"], picture["width"], picture["height"]):
        return [f"picture {picture['index']} shows something else"]
    return []
