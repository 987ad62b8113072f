"""Erasing a person: from a confirmed wish, step by step, to a receipt. Every step can be done twice, and goes on after a crash.

The tombstone comes before anything irreversible, platforms before blobs, blobs before rows, rows before keys. Nothing counts
as erased before the verifier, which reads on its own, finds nothing; the word of whoever deleted is not taken for it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from core.datamap import DataMap
from core.disposal import Disposal, blobs_of, disposals, remembered_until, retained
from core.errors import Refused, Unavailable
from core.ports import App, Place
from core.records import Addressee, Copy, Records
from core.requests import references
from core.requests.generation import take_back
from core.rules import HOUR, LEASE, SECOND, WELCOME_ONCE
from core.values import Job, Moment, PersonId
from core.values.receipts import (
    BANNED,
    WELCOME,
    Counted,
    Erasure,
    Ground,
    Plan,
    Receipt,
    Stage,
    Status,
    Taken,
    hashed_as,
)

LAST_WORDS: Final = 10 * SECOND  #: for a picture that is just being sent when nothing more may be
COPIES_PATIENCE: Final = HOUR  #: for a platform that cannot be reached; what stands there then is named in the receipt
LONGEST_PAUSE: Final = HOUR  #: between two tries
OFTEN: Final = 12  #: tries after which whoever runs the bot has to look

NOBODY: Final = PersonId("")

Step = Callable[[App, Erasure], Awaitable[bool]]


class Left(Exception):
    """The verifier found something: it is looked for again, and the receipt has to wait."""


# Beginning, and thinking better of it


def tombstone_of(app: App, person: PersonId) -> str:
    return app.keys.tag(hashed_as(person))


async def begin(app: App, person: PersonId, ground: Ground, window: int = 0) -> Erasure:
    """Confirmed: from here on the person is leaving, and nothing is irreversible for so many milliseconds.

    One that has begun already goes on, only sooner where this one would be. Raises Refused for who is nobody.
    """
    now = app.clock.now()
    wanted = Erasure(
        app.ids.short(),
        person,
        tombstone_of(app, person),
        ground,
        Stage.CONFIRMED,
        Plan(since=now),
        None,
        now,
        Moment(now + window),
    )
    begun, taken_back = await app.database.run(_begin, wanted, disposals(app.datamap), now)
    await app.tombstones.add(begun.tombstone, begun.confirmed_at)
    await _give_up(app, taken_back)
    return begun


async def undo(app: App, person: PersonId) -> Erasure:
    """They think better of it. Raises Refused when there is nothing to undo, or it has begun."""
    erasure = await app.database.run(_open_of, person)
    if erasure is None:
        raise Refused("undo.nothing")
    if erasure.ground in (Ground.CHILD, Ground.OPERATOR):
        raise Refused("undo.not_yours")
    if erasure.stage is not Stage.CONFIRMED:
        raise Refused("undo.too_late", code=erasure.code)
    await app.tombstones.lift(erasure.tombstone, app.clock.now())  # first: else a crash would erase who thought better
    if not await app.database.run(_withdraw, erasure.code):
        await app.tombstones.add(erasure.tombstone, app.clock.now())
        raise Refused("undo.too_late", code=erasure.code)
    return erasure


# Going on


async def proceed(app: App) -> int:
    """Every erasure that is due, as far as it goes now. Returns how many came to their end.

    One that fails is put off and holds up no other; raises an ExceptionGroup of what went wrong.
    """
    due = await app.database.run(_due, app.clock.now())
    closed, failures = 0, list[Exception]()
    for erasure in due:
        try:
            closed += await carry_on(app, erasure.code)
        except Exception as failure:  # noqa: BLE001 - it is raised with the others
            failures.append(failure)
    if failures:
        raise ExceptionGroup("erasures that have to wait", failures)
    return closed


async def carry_on(app: App, code: str) -> bool:
    """One erasure as far as it goes now; whether it is closed. Raises what a step raises, once it is put off."""
    while True:
        erasure = await app.database.run(_get, code)
        if erasure is None or erasure.stage is Stage.CLOSED:
            return erasure is not None
        if erasure.begins_at > app.clock.now():
            return False
        try:
            moved = await STEPS[erasure.stage](app, erasure)
        except Exception:
            with suppress(Unavailable):  # then it is tried again at once, and whoever calls has a pause of their own
                await app.database.run(_put_off, code, app.clock.now())
            raise
        if not moved:
            return False


async def copies(app: App, door: str) -> list[Copy]:
    """Messages about pictures of people who are being erased, which this door is to take back."""
    return await app.database.run(_copies, door)


async def took_back(app: App, copy: Copy, taken: Taken) -> None:
    await app.database.run(_took_back, copy, taken)


async def addresses(app: App, door: str) -> dict[str, str]:
    """Where receipts are to be sent at this platform, by their codes: asked while those people are still known."""
    found = await app.database.run(_addresses, door)
    return {
        one.code: (await app.keys.open(one.person, Place("identity", "sealed_id", one.lookup), one.sealed_id)).decode()
        for one in found
    }


async def find(app: App, code: str) -> Erasure | None:
    """By the code of its receipt, whoever asks: it names nobody."""
    return await app.database.run(_get, code.strip().upper()[:40])


async def open_of(app: App, person: PersonId) -> Erasure | None:
    return await app.database.run(_open_of, person)


def status(erasure: Erasure) -> Status:
    if erasure.receipt is not None:
        return erasure.receipt.status
    if erasure.stage is Stage.CONFIRMED:
        return Status.WAITING
    if not erasure.plan.tries:
        return Status.UNDER_WAY
    return Status.PARTIAL if erasure.plan.tries < OFTEN else Status.FAILED


# The steps, each to the next


async def _confirmed(app: App, erasure: Erasure) -> bool:
    """From here on it is too late to think better."""
    return await _move(app, erasure, Stage.REVOKE)


async def _revoke(app: App, erasure: Erasure) -> bool:
    await app.tombstones.add(erasure.tombstone, erasure.confirmed_at)
    await _give_up(app, await app.database.run(_silence, erasure, app.datamap, app.clock.now()))
    return True


async def _copies_gone(app: App, erasure: Erasure) -> bool:
    """The doors take their messages back, wherever they are served. One that came back with a backup was through with it."""
    assert erasure.person is not None
    left = {} if erasure.ground is Ground.REPLAY else await app.database.run(_copies_left, erasure.person)
    if left and app.clock.now() - erasure.plan.since < COPIES_PATIENCE:
        return False
    plan = erasure.plan
    for door, count in sorted(left.items()):
        plan = plan.with_taken(door, Taken.LEFT, count)
    return await _move(app, replace(erasure, plan=plan), Stage.BLOBS)


async def _blobs_gone(app: App, erasure: Erasure) -> bool:
    await _destroy_blobs(app, erasure.plan)
    return await _move(app, erasure, Stage.ROWS)


async def _rows_gone(app: App, erasure: Erasure) -> bool:
    now = app.clock.now()
    return await app.database.run(_remove, erasure, disposals(app.datamap), remembered_until(now, app.periods), now)


async def _queue_gone(app: App, erasure: Erasure) -> bool:
    """What a worker still has is cancelled, counts no more, and expires; a picture that was just being put is destroyed."""
    theirs = set(erasure.plan.jobs)
    late = any(job in theirs for job, _ in app.dispatch.out)
    if late and app.clock.now() - erasure.plan.since < LEASE:
        return False
    await _destroy_blobs(app, erasure.plan)
    return await _move(app, replace(erasure, plan=replace(erasure.plan, late=late)), Stage.KEYS)


async def _keys_gone(app: App, erasure: Erasure) -> bool:
    assert erasure.person is not None
    await app.keys.shred([erasure.person])
    await app.database.forget_log()
    return await _move(app, erasure, Stage.VERIFY)


async def _verified(app: App, erasure: Erasure) -> bool:
    if not await app.tombstones.holds(erasure.tombstone):  # somebody thought better of it a moment too late
        await app.tombstones.add(erasure.tombstone, app.clock.now())
    survivors = await survivors_of(app, erasure)
    if survivors:
        plan = replace(erasure.plan, survivors=survivors)
        await _move(app, replace(erasure, plan=plan), Stage.BLOBS)
        raise Left(", ".join(f"{one.store}:{one.what}" for one in survivors))
    await finish(app, erasure)
    return True


STEPS: Final[Mapping[Stage, Step]] = MappingProxyType(
    {
        Stage.CONFIRMED: _confirmed,
        Stage.REVOKE: _revoke,
        Stage.COPIES: _copies_gone,
        Stage.BLOBS: _blobs_gone,
        Stage.ROWS: _rows_gone,
        Stage.QUEUE: _queue_gone,
        Stage.KEYS: _keys_gone,
        Stage.VERIFY: _verified,
    }
)


async def survivors_of(app: App, erasure: Erasure) -> tuple[Counted, ...]:
    """What is left that should not be: in any text cell of any table, in the blob store, in the store of keys."""
    assert erasure.person is not None
    kept = frozenset(one.cell.removeprefix("sql:") for one in retained(app.datamap, Moment(0), app.periods))
    found = [*await app.database.look(_survivors, erasure.person, erasure.plan, kept)]
    for folder in _folders(app, erasure.plan):
        if names := await app.blobs.under(folder):
            found.append(Counted("blob", folder.split("/")[0], len(names)))
    if await app.keys.holds(erasure.person):
        found.append(Counted("keys", "person_key", 1))
    return tuple(found)


async def finish(app: App, erasure: Erasure) -> Receipt:
    """The receipt, and nobody is joined to it any more."""
    now, plan = app.clock.now(), erasure.plan
    residual = [one for one in plan.taken if one.what != Taken.GONE]
    if plan.late:
        residual.append(Counted("redis", "expires", 1))
    receipt = Receipt(
        erasure.code,
        Status.EXCEPT_SCHEDULED if residual else Status.COMPLETE,
        erasure.ground,
        erasure.confirmed_at,
        now,
        (*plan.found, *(one for one in plan.taken if one.what == Taken.GONE)),
        retained(app.datamap, now, app.periods),
        tuple(residual),
    )
    await app.database.run(_close, erasure.code, receipt, plan.closed())
    await app.database.forget_log()
    return receipt


# Transactions


def remove_person(
    tx: Records, person: PersonId, disposals: tuple[Disposal, ...], until: Moment, now: Moment
) -> tuple[Counted, ...]:
    """Every row of theirs goes, their requests end first, and what outlives an account is remembered under keyed hashes."""
    if not _lock(tx, person):
        return ()
    _take_back(tx, person, now)
    known, owner = tx.removal.traces((), person).lookups, tx.people.get(person)
    for lookup in known:
        tx.suppressions.add(lookup, WELCOME, until)
        if owner is not None and owner.banned:
            tx.suppressions.add(lookup, BANNED, until)
    for door in WELCOME_ONCE:
        if tx.people.others_at(door, NOBODY) and not tx.people.others_at(door, person):
            tx.suppressions.add(door, WELCOME, until)  # the last one there: a new cookie is not a new welcome
    return tx.removal.remove(disposals, person)


def _begin(tx: Records, wanted: Erasure, disposals: tuple[Disposal, ...], now: Moment) -> tuple[Erasure, list[Job]]:
    assert wanted.person is not None
    if not _lock(tx, wanted.person):
        raise Refused("start.first")
    if (before := tx.erasures.of(wanted.person)) is not None:
        if before.stage is Stage.CONFIRMED and wanted.begins_at < before.begins_at:
            tx.erasures.note(before.code, before.plan, wanted.begins_at)
            before = replace(before, begins_at=wanted.begins_at)
        return before, []
    taken_back = _take_back(tx, wanted.person, now)
    frozen = replace(wanted, plan=replace(wanted.plan, found=tx.removal.found(disposals, wanted.person)))
    tx.erasures.add(frozen)
    return frozen, taken_back


def _lock(tx: Records, person: PersonId) -> bool:
    """The account first, as whoever asks for a picture does. False for who is not there any more."""
    owner = tx.people.get(person)
    if owner is not None and owner.account:
        tx.ledger.lock(owner.account)
    return tx.removal.lock(person)


def _take_back(tx: Records, person: PersonId, now: Moment) -> list[Job]:
    """Requests that are open end, and what they hold comes back."""
    return [take_back(tx, job.id, person, now) for job in tx.jobs.open_of(person)]


def _silence(tx: Records, erasure: Erasure, datamap: DataMap, now: Moment) -> list[Job]:
    """Nothing more is drawn, shown or told. The plan is frozen with all that the steps have to find."""
    person = erasure.person
    assert person is not None
    if not _lock(tx, person):
        tx.erasures.move(erasure.code, Stage.REVOKE, Stage.COPIES, erasure.plan, now)
        return []
    taken_back = _take_back(tx, person, now)
    traces = tx.removal.traces(blobs_of(datamap), person)
    blobs = [
        Counted("blob", kind.prefix.rstrip("/"), count)
        for kind in blobs_of(datamap)
        if (count := sum(name.startswith(kind.prefix) for name in traces.blobs))
    ]
    found = (*tx.removal.found(disposals(datamap), person), *blobs)
    plan = replace(erasure.plan, found=found, jobs=traces.jobs, lookups=traces.lookups, blobs=traces.blobs, since=now)
    untold = tx.removal.silence(person) and erasure.ground is not Ground.REPLAY
    tx.erasures.move(erasure.code, Stage.REVOKE, Stage.COPIES, plan, Moment(now + LAST_WORDS) if untold else now)
    return taken_back


def _remove(tx: Records, erasure: Erasure, disposals: tuple[Disposal, ...], until: Moment, now: Moment) -> bool:
    assert erasure.person is not None
    locked = tx.erasures.lock(erasure.code)
    if locked is None or locked.stage is not Stage.ROWS:
        return True
    remove_person(tx, erasure.person, disposals, until, now)
    plan = replace(locked.plan, since=now)
    return tx.erasures.move(erasure.code, Stage.ROWS, Stage.QUEUE, plan, now)


def _move_to(tx: Records, erasure: Erasure, to: Stage, now: Moment) -> bool:
    """True also when somebody else was first: then it is looked at anew."""
    tx.erasures.move(erasure.code, erasure.stage, to, replace(erasure.plan, since=now), now)
    return True


def _put_off(tx: Records, code: str, now: Moment) -> None:
    erasure = tx.erasures.lock(code)
    if erasure is not None and erasure.stage is not Stage.CLOSED:
        tries = erasure.plan.tries + 1
        pause = min(LONGEST_PAUSE, SECOND * 2 ** min(tries, 20))
        tx.erasures.note(code, replace(erasure.plan, tries=tries), Moment(now + pause))


def _took_back(tx: Records, copy: Copy, taken: Taken) -> None:
    erasure = tx.erasures.lock(copy.code)
    if erasure is not None and erasure.stage is Stage.COPIES and tx.removal.took_back(copy):
        tx.erasures.note(copy.code, erasure.plan.with_taken(copy.door, taken), erasure.begins_at)


def _open_of(tx: Records, person: PersonId) -> Erasure | None:
    return tx.erasures.of(person)


def _get(tx: Records, code: str) -> Erasure | None:
    return tx.erasures.get(code)


def _due(tx: Records, now: Moment) -> list[Erasure]:
    return tx.erasures.open(now)


def _withdraw(tx: Records, code: str) -> bool:
    return tx.erasures.withdraw(code)


def _copies(tx: Records, door: str) -> list[Copy]:
    return tx.removal.copies(door)


def _addresses(tx: Records, door: str) -> list[Addressee]:
    return tx.removal.addresses(door)


def _copies_left(tx: Records, person: PersonId) -> dict[str, int]:
    return tx.removal.copies_left(person)


def _survivors(tx: Records, person: PersonId, plan: Plan, kept: frozenset[str]) -> tuple[Counted, ...]:
    return tx.survivors.of(person, plan, kept)


def _close(tx: Records, code: str, receipt: Receipt, plan: Plan) -> bool:
    return tx.erasures.close(code, receipt, plan)


# Effects


async def _move(app: App, erasure: Erasure, to: Stage) -> bool:
    return await app.database.run(_move_to, erasure, to, app.clock.now())


async def _give_up(app: App, taken_back: list[Job]) -> None:
    for job in taken_back:
        app.board.end(job.id)
        await app.dispatch.cancel(job.id, job.fence)
        await references.destroy(app, job)


async def _destroy_blobs(app: App, plan: Plan) -> None:
    for folder in _folders(app, plan):
        for name in await app.blobs.under(folder):
            await app.blobs.delete(name)


def _folders(app: App, plan: Plan) -> list[str]:
    """Where blobs of theirs may lie, whether a row names them or not."""
    of_jobs = {f"{kind.prefix}{job}" for kind in blobs_of(app.datamap) for job in plan.jobs}
    others = {name for name in plan.blobs if "/".join(name.split("/")[:2]) not in of_jobs}
    return sorted(of_jobs | others)
