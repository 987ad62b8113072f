"""Asking for pictures: from words to a paid job in the queue, and taking it back. Knows nothing of drawing."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from math import ceil

from core import accounts, servers
from core.credits import LedgerAccountId, Milli, price_each
from core.datamap import Category, Entry, content
from core.errors import Refused
from core.moderation import clean, clean_prompt
from core.packed import inside
from core.periods import Keeping
from core.ports import App, Place
from core.records import Records
from core.requests import references
from core.requests.options import NONE, Ask, settle, usual_model, write_adapter
from core.rules import HOLD_LIFE, INBOX_LIFE, LATE_CANCEL, REQUEST_BURST, START_DEADLINE
from core.values import (
    Accepted,
    Job,
    JobId,
    JobState,
    Moment,
    Origin,
    PersonId,
    PictureId,
    Preferences,
    Queued,
    Reason,
    Who,
    Words,
)


async def request(app: App, who: Who, ask: Ask) -> Accepted:
    """Check, price, seal and queue a request. Raises Refused, and then nothing happened and nothing is charged."""
    person = await accounts.active(app, who)
    preferred = await app.database.run(_preferences, person.id)
    words = Words(clean_prompt(ask.prompt), clean(ask.negative))
    model, settings, notes = settle(app.catalogue, ask, words, preferred)
    now, job_id = app.clock.now(), JobId(app.ids.opaque())
    wait = app.rates.take("requests", person.id, app.limits.requests_per_minute, REQUEST_BURST, now)
    if wait:
        raise Refused("rate.requests", most=app.limits.requests_per_minute, seconds=ceil(wait))
    reference = await references.take_in(app, person.id, job_id, settings, ask.reference)
    job = Job(
        id=job_id,
        person=person.id,
        door=who.door,
        state=JobState.QUEUED,
        settings=settings,
        seed=app.ids.seed() if ask.seed is None else ask.seed,
        count=ask.count,
        private=preferred.private if ask.private is None else ask.private,
        price_each=price_each(model.price, settings.steps, int(model.steps.default)),
        sealed_words=await app.keys.seal(person.id, words_place(job_id), pack_words(words)),
        sealed_origin=await _seal_origin(app, person.id, job_id, who.origin),
        fence=0,
        attempts=0,
        created_at=now,
        deadline=Moment(now + START_DEADLINE),
        reference=reference,
        server=server_of(app, who),
        weight=person.weight,
    )
    most_open, most_here = app.limits.open_jobs, app.limits.open_jobs_per_server
    try:
        accepted = await app.database.run(accept, job, person.account, most_open, now, _update(who), most_here)
    except Refused:
        app.rates.give_back("requests", person.id)
        await references.destroy(app, job)
        raise
    return replace(accepted, seconds=app.board.seconds(accepted.work), notes=notes)


def accept(
    tx: Records,
    job: Job,
    account: LedgerAccountId,
    most_open: int,
    now: Moment,
    update: str = "",
    most_here: int = 0,
) -> Accepted:
    """Hold, job, wishes and what is owed to the person, together or not at all. Raises Refused.

    The hold locks the account first, so two requests of one person are judged one after the other. Those of two people in
    one server may be judged at once, and one more than `most_here` be let in.
    """
    if not _first_time(tx, update, now):
        raise Refused("imagine.repeated")
    balance = tx.ledger.hold(job.id, account, job.price, now, Moment(now + HOLD_LIFE))
    owner = tx.people.get(job.person)  # after the account is locked: whoever restricts or leaves locks it too
    if owner is not None and owner.restricted:
        raise Refused("account.restricted")
    if owner is None or owner.leaving_at is not None:
        raise Refused("account.leaving")
    if most_open and len(tx.jobs.open_of(job.person)) >= most_open:
        raise Refused("jobs.too_many", most=most_open)
    if most_here and job.server != job.door and tx.jobs.open_in(job.server) >= most_here:
        raise Refused("jobs.too_many_here", most=most_here)
    tx.jobs.add(job)
    tx.wishes.add(job.id, job.count)
    tx.deliveries.add(job.id, job.count)
    queued = tx.jobs.in_line(job)
    return Accepted(job.id, job.count, queued.place, job.price, balance, job.private, queued.work + job.work)


async def same_again(app: App, who: Who, named: str) -> Ask:
    """What was asked for in an earlier request of this person, to be asked again: it is named by one of its pictures or by its
    own id, and without a name it is the newest with a picture. A picture it started from is not kept: then the strength is
    there, and it is not.

    Raises Refused when there is no such request, or its words are gone with its pictures.
    """
    person = await accounts.active(app, who)
    job, preferred = await app.database.run(_earlier, person.id, named.strip(), app.keeping)
    if job is None or job.sealed_words is None:
        raise Refused("again.nothing")
    words, chosen = await words_of(app, job), job.settings
    return Ask(
        prompt=words.prompt,
        negative=words.negative,
        shape=chosen.shape,
        count=job.count,
        model=None if chosen.model == usual_model(app.catalogue, preferred).name else chosen.model,
        style=chosen.style or (NONE if preferred.style else None),
        lora=write_adapter(chosen.lora, chosen.lora_strength) or None,
        strength=chosen.strength or None,
        seed=job.seed,
        steps=chosen.steps,
        guidance=chosen.guidance,
        private=job.private,
    )


async def queue(app: App, who: Who) -> list[Queued]:
    """This person's open requests, oldest first."""
    person = await accounts.present(app, who)
    return await app.database.run(_queued_of, person.id)


async def cancel(app: App, who: Who, job: JobId) -> Job:
    """Take a job back, queued or drawing. Raises Refused when it is not theirs or is over."""
    person = await accounts.present(app, who)
    cancelled = await app.database.run(take_back, job, person.id, app.clock.now(), _update(who))
    drawing = app.board.of(job)
    if drawing is None or drawing.share < LATE_CANCEL:
        app.rates.give_back("requests", person.id)
    app.board.end(job)
    await app.dispatch.cancel(cancelled.id, cancelled.fence)
    await references.destroy(app, cancelled)
    return cancelled


async def cancel_newest(app: App, who: Who) -> Job:
    """Take back what this person asked for last. Raises Refused when nothing of theirs is open."""
    person = await accounts.present(app, who)
    still_open = await app.database.run(_open_of, person.id)
    if not still_open:
        raise Refused("cancel.nothing")
    return await cancel(app, who, still_open[-1].id)


def take_back(tx: Records, job_id: JobId, person: PersonId, now: Moment, update: str = "") -> Job:
    """Pictures that are finished stay and are paid for; the rest is released. Returns the job as it was.

    The same update twice takes back one request: "the newest" would be another one by then.
    """
    job = tx.jobs.lock(job_id)
    if job is None or job.person != person or not job.state.is_open or not _first_time(tx, update, now):
        raise Refused("cancel.over")
    tx.deliveries.drop_waiting(job_id)
    end(tx, job_id, job.fence, JobState.CANCELLED, Reason.CANCELLED, now)
    return job


def end(
    tx: Records, job_id: JobId, fence: int, without_pictures: JobState, reason: Reason | None, now: Moment
) -> Job | None:
    """Close a job under its fence and settle its hold: what is drawn is captured, the rest released.

    Returns it as it was, None when somebody else closed or moved it first. Closing raises the fence, so no late result counts.
    The job's row is locked before its pictures are counted: none can come in between.
    """
    job = tx.jobs.lock(job_id)
    if job is None or job.fence != fence or not job.state.is_open:
        return None
    drawn = tx.wishes.count_drawn(job_id)
    whole = drawn == job.count
    part = drawn > 0 and without_pictures is not JobState.CANCELLED
    tx.jobs.close(job_id, JobState.DONE if whole or part else without_pictures, None if whole else reason, now)
    tx.wishes.fail_pending(job_id)
    tx.deliveries.owe_waiting(job_id)
    tx.ledger.resolve(job_id, Milli(drawn * job.price_each), now)
    if not tx.pictures.any_of(job_id):
        tx.jobs.forget_words(job_id)
    return job


def server_of(app: App, who: Who) -> str:
    """Where somebody speaks, as requests keep it: servers share the turns, and all private chats of a door are one of them."""
    return servers.tag_of(app, who.door, who.origin.server) if who.origin and who.origin.server else who.door


def words_place(job: JobId) -> Place:
    return Place("job", "sealed_words", job)


def origin_place(job: JobId) -> Place:
    return Place("job", "sealed_origin", job)


async def words_of(app: App, job: Job) -> Words:
    """The words of a request, opened. They must not have gone with its last picture."""
    assert job.sealed_words is not None, "whoever asks for words knows that they are kept"
    return unpack_words(await app.keys.open(job.person, words_place(job.id), job.sealed_words))


def entries() -> tuple[Entry, ...]:
    """What `pack_words` packs."""
    return inside("job.sealed_words", "person_id", dict.fromkeys(("prompt", "negative"), content(Category.WORDS)))


def pack_words(words: Words) -> bytes:
    return json.dumps(asdict(words), ensure_ascii=False).encode()


def unpack_words(packed: bytes) -> Words:
    return Words(**json.loads(packed))


async def _seal_origin(app: App, person: PersonId, job: JobId, origin: Origin | None) -> bytes | None:
    return await app.keys.seal(person, origin_place(job), origin.address.encode()) if origin else None


def _update(who: Who) -> str:
    return who.origin.update if who.origin else ""


def _first_time(tx: Records, update: str, now: Moment) -> bool:
    return not update or tx.inbox.note(update, Moment(now + INBOX_LIFE))


def _open_of(tx: Records, person: PersonId) -> list[Job]:
    return tx.jobs.open_of(person)


def _queued_of(tx: Records, person: PersonId) -> list[Queued]:
    return [tx.jobs.in_line(job) for job in tx.jobs.open_of(person)]


def _preferences(tx: Records, person: PersonId) -> Preferences:
    return tx.choices.get(person)


def _earlier(tx: Records, person: PersonId, named: str, keeping: Keeping) -> tuple[Job | None, Preferences]:
    """Nothing of a request whose every picture is past its keep is shown again, even before its words are swept."""
    picture = tx.pictures.get(PictureId(named.upper()), keeping) if named else None
    found = picture.job if picture else JobId(named) if named else tx.pictures.newest_job(person, keeping)
    job = tx.jobs.get(found) if found else None
    if job is None or job.person != person or tx.pictures.only_past(job.id, keeping):
        return None, tx.choices.get(person)
    return job, tx.choices.get(person)
