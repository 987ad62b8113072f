"""Two lives, looked at before and after: what an erasure took of one, and what time took of the other. Real code, real stores.

Each check compares what happened with what a map says ought to have happened, cell by cell, and gives sentences.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlmodel import SQLModel

from core import accounts
from core.datamap import DataMap, OnErase, Until
from core.erasing import erasure
from core.periods import LONGEST
from core.rules import DAY, HOUR
from core.values import PersonId
from core.values.receipts import Ground
from storage.records.subjects import rows_of
from tests.cast import Actor, Stage, enter
from tests.rights.everything import WITHOUT_ACCOUNT, everything

Key = tuple[Any, ...]
Tables = dict[str, dict[Key, dict[str, Any]]]  #: rows by table and key
Owned = dict[str, set[Key]]

LATER: Final = (20 * DAY, 45 * DAY, 190 * DAY, 400 * DAY)  #: after which it is looked again
#: By what time counts in each table; written down here a second time.
EVENT: Final = {
    "picture": "drawn_at",
    "job": "ended_at",
    "wish": "",
    "delivery": "",
    "post": "",
    "ticket": "closed_at",
    "button": "until",
    "notice": "until",
    "proof_of_address": "until",
    "export": "until",
    "export_part": "until",
}
TIMED: Final = frozenset({Until.PICTURE_DELETED, Until.REQUEST_FORGOTTEN, Until.EXPIRY, Until.MESSAGE_CLOSED})
STAYS: Final = (OnErase.UNLINK, OnErase.RETAIN)


@dataclass(frozen=True)
class Lives:
    """`started`: the moment of `before`. `later` has a look at every moment of LATER, while somebody swept and Ben was here."""

    people: tuple[PersonId, PersonId]
    owned_by_ana: Owned
    owned_by_ben: Owned
    started: int
    before: Tables
    erased: Tables
    later: dict[int, Tables]


async def live(stage: Stage) -> tuple[Actor, Actor]:
    """Each has one request that is being drawn."""
    ana, ben = enter(stage, "ana"), enter(stage, "ben")
    for actor in (ana, ben):
        await everything(stage, actor)
    return ana, ben


async def lived(stage: Stage, datamap: DataMap) -> Lives:
    """Ana is erased, and Ben comes back now and then."""
    ana, ben = await live(stage)
    await stage.works()
    people = ((await accounts.known(stage.app, ana.who)).id, (await accounts.known(stage.app, ben.who)).id)
    started, before = stage.clock.now(), tables(stage)
    owned = [owned_by(stage, datamap, person) for person in people]
    await erasure.begin(stage.app, people[0], Ground.REQUEST)
    for _ in range(100):
        await erasure.proceed(stage.app)
        stage.clock.passes(HOUR)
        if not await stage.app.database.run(lambda tx: tx.erasures.open()):
            break
    erased, later = tables(stage), {}
    for since in LATER:
        stage.clock.moment = started + since
        await ben.says("/help")
        await stage.sweeps()
        later[stage.clock.now()] = tables(stage)
    return Lives(people, owned[0], owned[1], started, before, erased, later)


def tables(stage: Stage) -> Tables:
    with stage.database._engine.connect() as connection:
        return {
            of.name: {
                tuple(row[column.name] for column in of.primary_key): dict(row)
                for row in connection.execute(select(of)).mappings()
            }
            for of in SQLModel.metadata.sorted_tables
        }


def owned_by(stage: Stage, datamap: DataMap, person: PersonId) -> Owned:
    found: Owned = {}
    with stage.database._engine.connect() as connection:
        for entry, _datum in datamap.personal():
            of = entry.cell.split(".")[0]
            if entry.store == "sql" and of not in (*WITHOUT_ACCOUNT, *found):
                key = [column.name for column in SQLModel.metadata.tables[of].primary_key]
                rows = connection.execute(rows_of(entry, person)).mappings()  # type: ignore[var-annotated]
                found[of] = {tuple(row[name] for name in key) for row in rows}
    return found


def not_erased_as_said(datamap: DataMap, lives: Lives) -> list[str]:
    wrong = []
    for entry, datum in datamap.personal():
        of, _, column = entry.cell.partition(".")
        if entry.store != "sql" or of in WITHOUT_ACCOUNT:
            continue
        filled = {key for key in lives.owned_by_ana[of] if _filled(lives.before[of][key][column])}
        left = {key for key in filled if key in lives.erased[of] and _filled(lives.erased[of][key][column])}
        if datum.on_erase in STAYS and left != filled:
            wrong.append(f"sql: {entry.cell} ought to stay after an erasure ({datum.on_erase}), and is gone")
        if datum.on_erase not in STAYS and left:
            wrong.append(f"sql: {entry.cell} ought to go with an erasure ({datum.on_erase}), and is there")
    return wrong


def not_kept_as_said(datamap: DataMap, lives: Lives) -> list[str]:
    return [
        f"sql: {entry.cell} ought to be {'gone' if over else 'there'} {(now - lives.started) // DAY} days later ({datum.keep})"
        for entry, datum in datamap.personal()
        if entry.store == "sql" and (of := entry.cell.split(".")[0]) in EVENT and datum.keep is not Until.REQUEST_ENDS
        for now, later in lives.later.items()
        for key in lives.owned_by_ben[of]
        if _filled(lives.before[of][key][column := entry.cell.split(".")[1]])
        and (over := _is_over(of, lives.before, key, datum.keep, now)) is not None
        and over is (key in later[of] and _filled(later[of][key][column]))
    ]


def _is_over(of: str, before: Tables, key: Key, keep: Until, now: int) -> bool | None:
    """None: nothing that counts has happened to it."""
    row = before[of][key] if EVENT[of] else before["job"][(key[0],)]
    moment = row[EVENT[of] or EVENT["job"]]
    if moment is None:
        return None
    if EVENT[of] == "until":
        return now >= moment + (0 if keep is Until.EXPIRY else LONGEST[keep])
    return bool(now >= moment + LONGEST[keep])


def _filled(value: Any) -> bool:
    return value is not None and value not in ("", b"")
