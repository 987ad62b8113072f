"""The enumeration can fail: each of these mistakes is harmless as long as nobody dies, and found when somebody does."""

from __future__ import annotations

import pytest

from tests.crashes.enumeration import Left, begin, check, enumerate_deaths
from tests.crashes.flows import FLOWS
from tests.crashes.world import World
from tests.ledger.planted import Bug, plant

pytestmark = pytest.mark.products
COMPLETION, RETENTION = "core.requests.completion", "core.erasing.retention"

#: (flow, what is said about it, the mistake)
MISTAKES = (
    (
        "drawing",
        "does not open",
        Bug(
            "the blob comes after the row that names it",
            COMPLETION,
            """\
    await app.blobs.put(blob, await app.keys.seal(job.person, picture_place(blob), encoded.data))
    kept = await app.database.run(keep_picture, picture, drawn.fence, picture.drawn_at)
""",
            """\
    kept = await app.database.run(keep_picture, picture, drawn.fence, picture.drawn_at)
    await app.blobs.put(blob, await app.keys.seal(job.person, picture_place(blob), encoded.data))
""",
        ),
    ),
    (
        "drawing",
        "recovery fails",
        Bug(
            "the settlement has a transaction of its own",
            COMPLETION,
            """\
    tx.deliveries.owe(job, index)
    if not tx.wishes.pending(job):
        end(tx, job, fence, JobState.FAILED, None, now)
""",
            """\
    tx.deliveries.owe(job, index)


keep_only = keep


async def keep(app, drawn):
    kept = await keep_only(app, drawn)
    if kept:
        await app.database.run(settle, drawn, app.clock.now())
    return kept


def settle(tx, drawn, now):
    if not tx.wishes.pending(drawn.job):
        end(tx, drawn.job, drawn.fence, JobState.FAILED, None, now)
""",
        ),
    ),
    (
        "asking",
        "is open without a request",
        Bug(
            "the price is held in a transaction of its own",
            "core.requests.generation",
            "        accepted = await app.database.run(accept, ",
            """\
        held_until = Moment(now + HOLD_LIFE)
        await app.database.run(lambda tx: tx.ledger.hold(job.id, person.account, job.price, now, held_until))
        accepted = await app.database.run(accept, """,
        ),
    ),
    (
        "drawing",
        "it came to (('failed', 0, 0),)",
        Bug("what was out is left out", "core.requests.scheduling", "tx.jobs.requeue(job_id, fence, now)", "pass"),
    ),
    (
        "drawing",
        "was never shown",
        Bug(
            "pictures are marked as told before they are told",
            "bots.delivering",
            """\
            await self._tell(told, [owed])
""",
            """\
            await delivery.told(self._app, owed)
            await self._tell(told, [owed])
""",
        ),
    ),
    ("drawing", "blobs are", Bug("orphan blobs stay", RETENTION, "await app.blobs.delete(blob)", "pass")),
    ("arriving", "2 keys for 1 people", Bug("orphan keys stay", RETENTION, "await app.keys.shred(keys)", "pass")),
    (
        "cancelling with a picture",
        "still names the picture it started from",
        Bug("what a request started from stays", RETENTION, "await references.destroy(app, job)", "pass"),
    ),
    (
        "deleting",
        "is hidden and not destroyed",
        Bug("half a deletion stays half", RETENTION, "await gallery.destroy(app, picture)", "pass"),
    ),
)


@pytest.mark.parametrize(("flow", "said", "mistake"), MISTAKES, ids=[mistake.name for *_, mistake in MISTAKES])
async def test_a_mistake_that_only_a_crash_shows_is_found(
    sqlite_world: World, monkeypatch: pytest.MonkeyPatch, flow: str, said: str, mistake: Bug
) -> None:
    world, flow_ = sqlite_world, FLOWS[flow]
    plant(mistake, monkeypatch)

    start = await begin(world, flow_)
    await flow_.act(world.process())
    unharmed = Left(world.save(), world.looks())
    assert await check(world, flow_, unharmed) == []

    report = await enumerate_deaths(world, flow_, start, deaths=1)
    assert any(said in violation for violation in report.violations), report.violations
