"""How often what is used: only people who allow it are counted, and nothing is kept of them but that they were five or more.

Withdrawing counts from the next command on. What was counted leads to nobody, so erasing a person need not touch it; a process
that ends forgets the day that is not over.
"""

from __future__ import annotations

from core.datamap import Purpose
from core.ports import App
from core.records import Records
from core.rights import allowed
from core.values import JobId, PersonId, Who
from core.values.tally import Used


async def note(app: App, who: Who, command: str, job: JobId | None) -> None:
    """A command was answered; `job` is the request it speaks of, for the model that draws it."""
    if Purpose.MEASURE not in app.policy.facts.offered:
        return
    counted = await app.database.run(_who_allows, app.keys.lookup(who), job)
    if counted is not None:
        person, model = counted
        app.tally.count(person, command, model, app.clock.now(), app.ids.opaque)


async def write(app: App) -> int:
    """Write what is over, and how many figures that were. What cannot be written now is written another time."""
    over = app.tally.take(app.clock.now())
    if over:
        try:
            await app.database.run(_write, over)
        except BaseException:
            app.tally.give_back(over)
            raise
    return len(over)


async def figures(app: App) -> list[Used]:
    """Every figure there is, the oldest day first."""
    return await app.database.run(_all)


def _who_allows(tx: Records, lookup: str, job: JobId | None) -> tuple[PersonId, str] | None:
    person = tx.people.of_identity(lookup)
    if person is None or not allowed.given(tx, person.id, Purpose.MEASURE):
        return None
    drawn = tx.jobs.get(job) if job else None
    return person.id, drawn.settings.model if drawn else ""


def _write(tx: Records, over: list[Used]) -> None:
    for used in over:
        tx.usage.add(used)


def _all(tx: Records) -> list[Used]:
    return tx.usage.all()
