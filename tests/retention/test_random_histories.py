"""Whatever happens in whatever order: a sweep leaves what the data map says, and before it nobody sees more."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from bots.wiring import datamap
from core import servers
from core.datamap import Until
from core.requests import choices
from core.rules import BUTTON_LIFE, DAY, HOUR, INBOX_LIFE, TOO_YOUNG_LIFE
from core.values import PersonId, PictureId
from tests.cast import Stage
from tests.retention.keeping import comes_back_with, write
from tests.retention.oracle import Oracle, Somebody, Thing

NUMBERS = count(1)
SWEPT = ("job", "wish", "delivery", "post", "picture", "ticket", "notice", "button", "inbox", "too_young")
WITH_REQUEST = ("wish", "delivery", "post")
KEYS = {
    "button": "handle",
    "inbox": '"update"',
    "too_young": "lookup",
    "notice": "key",
    **dict.fromkeys(WITH_REQUEST, "job_id"),
}
DAYS = st.sampled_from([0, 1, 3, 30, 400])
WHO, WHERE = st.sampled_from([0, 1]), st.sampled_from([0, 1])

JOB = """INSERT INTO job (id, person_id, door, state, model, shape, width, height, steps, guidance, style, lora, lora_strength,
    strength, seed, count, private, price_each, fence, attempts, created_at, deadline, ended_at, server, weight, queued_at)
    VALUES (:id, :person, 'terminal', :state, 'flat', 'square', 8, 8, 1, 1, '', '', 1, 0, 1, 1, false, 1, 1, 1, :at,
    9000000000000000, :ended, :server, 1, :at)"""
PERSON = """INSERT INTO person (id, banned, notice_version, created_at, weight, policy_seen, last_active, restricted)
    VALUES (:id, false, 1, 0, 1, 1, 9000000000000000, false)"""
TICKET = """INSERT INTO ticket (id, person_id, kind, state, about, outcome, door, asked_at, due_at)
    VALUES (:id, :person, 'support', 'open', '', '', 'terminal', :at, :at)"""
NOTICE = """INSERT INTO notice (person_id, key, figure, category, state, at, until)
    VALUES (:person, :id, 1, 'service', 'told', :at, :until)"""

STEPS = st.one_of(
    st.tuples(st.sampled_from(["draws", "draws", "draws", "fails", "waits"]), WHO, WHERE),
    st.tuples(st.sampled_from(["deletes", "asks", "is_answered", "is_told", "has_button"]), WHO),
    st.tuples(st.sampled_from(["is_heard", "is_too_young"])),
    st.tuples(st.just("keeps"), WHO, DAYS),
    st.tuples(st.just("server_keeps"), WHERE, DAYS),
    st.tuples(st.just("restricts"), WHO, st.booleans()),
    st.tuples(
        st.just("operator_keeps"),
        st.dictionaries(
            st.sampled_from([Until.PICTURE_DELETED, Until.REQUEST_FORGOTTEN, Until.EXPIRY, Until.MESSAGE_CLOSED]),
            st.sampled_from([DAY, 5 * DAY, 25 * DAY]),
        ),
    ),
    st.tuples(st.just("passes"), st.sampled_from([HOUR, DAY, 3 * DAY, 29 * DAY, 200 * DAY, 366 * DAY])),
    st.tuples(st.just("sweeps")),
    st.tuples(st.just("sweeps")),
)


class Place:
    """Where histories are lived, one after the other; a stage itself takes pages to print."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage


@pytest.fixture
def place(stage: Stage) -> Place:
    return Place(stage)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=3, max_size=25))
def test_after_a_sweep_that_is_left_which_the_map_says(place: Place, steps: list[tuple[Any, ...]]) -> None:
    asyncio.run(lived(place.stage, steps))


async def lived(stage: Stage, steps: list[tuple[Any, ...]]) -> None:
    history = await History.begins(stage)
    for name, *arguments in (*steps, ("passes", DAY), ("sweeps",)):
        await getattr(history, name)(*arguments)
        await history.agrees_on_what_is_seen()


@dataclass
class History:
    """The same done to the bot and told to the oracle."""

    stage: Stage
    oracle: Oracle
    people: list[str]
    servers: list[str]

    @classmethod
    async def begins(cls, stage: Stage) -> History:
        stage.clock.moment = 1_800_000_000_000
        people, places = ([f"{kind}{next(NUMBERS)}" for _ in range(2)] for kind in "ps")
        write(stage, "UPDATE person SET restricted = false")  # by whom lived before
        for person in people:
            write(stage, PERSON, id=person)
        for server in places:
            write(stage, "INSERT INTO server (id, keep_days, created_at) VALUES (:id, 0, 0)", id=server)
        oracle = Oracle(datamap(), stage.clock.moment, {one: Somebody() for one in people}, dict.fromkeys(places, 0))
        await comes_back_with(stage, {})
        return cls(stage, oracle, people, places)

    # What people do

    async def draws(self, who: int, where: int) -> None:
        job = await self._asks(who, where, "done")
        picture, now = f"{job}/0", self.oracle.now
        write(
            self.stage,
            """INSERT INTO picture (id, job_id, "index", person_id, seed, blob, width, height, format, hidden, drawn_at, server)
            VALUES (:id, :job, 0, :person, 1, :id, 8, 8, 'png', false, :at, :server)""",
            id=picture, job=job, person=self.people[who], at=now, server=self.servers[where],
        )  # fmt: skip
        self._happens("picture", picture, who, began=now, server=self.servers[where])

    async def fails(self, who: int, where: int) -> None:
        await self._asks(who, where, "failed")

    async def waits(self, who: int, where: int) -> None:
        """Its end was not noted yet. One that is open would be ended by the sweep, and needs books."""
        await self._asks(who, where, "done", over=False)

    async def deletes(self, who: int) -> None:
        for picture in sorted(self.oracle.visible(self.people[who]))[:1]:
            assert await self.stage.app.database.run(lambda tx, one=picture: tx.pictures.hide(PictureId(one)))
            next(thing for thing in self.oracle.things if thing.key == picture).deleted = True

    async def asks(self, who: int) -> None:
        id_ = f"t{next(NUMBERS)}"
        write(self.stage, TICKET, id=id_, person=self.people[who], at=self.oracle.now)
        self._happens("ticket", id_, who)

    async def is_answered(self, who: int) -> None:
        for thing in self.oracle.things:
            if thing.table == "ticket" and thing.person == self.people[who] and thing.began is None:
                thing.began = self.oracle.now
                write(
                    self.stage,
                    "UPDATE ticket SET state = 'closed', closed_at = :now WHERE id = :id",
                    now=thing.began,
                    id=thing.key,
                )
                return

    async def is_told(self, who: int) -> None:
        id_, until = f"n{next(NUMBERS)}", self.oracle.now + BUTTON_LIFE
        write(self.stage, NOTICE, id=id_, person=self.people[who], at=self.oracle.now, until=until)
        self._happens("notice", id_, who, began=self.oracle.now, own_end=until)

    async def has_button(self, who: int) -> None:
        id_, until = f"b{next(NUMBERS)}", self.oracle.now + BUTTON_LIFE
        insert = "INSERT INTO button (handle, person_id, sealed_deed, until) VALUES (:id, :person, :sealed, :until)"
        write(self.stage, insert, id=id_, person=self.people[who], sealed=b"", until=until)
        self._happens("button", id_, who, began=self.oracle.now, own_end=until)

    async def is_heard(self) -> None:
        id_, until = f"u{next(NUMBERS)}", self.oracle.now + INBOX_LIFE
        write(self.stage, 'INSERT INTO inbox ("update", until) VALUES (:id, :until)', id=id_, until=until)
        self._happens("inbox", id_, began=self.oracle.now, own_end=until)

    async def is_too_young(self) -> None:
        id_, until = f"y{next(NUMBERS)}", self.oracle.now + TOO_YOUNG_LIFE
        write(self.stage, "INSERT INTO too_young (lookup, until) VALUES (:id, :until)", id=id_, until=until)
        self._happens("too_young", id_, began=self.oracle.now, own_end=until)

    # What they wish

    async def keeps(self, who: int, days: int) -> None:
        person = self.people[who]
        self.oracle.settle(lambda thing: thing.person == person)
        self.oracle.people[person].keep_days = days
        keeping = self.stage.app.keeping
        await self.stage.app.database.run(choices._change, PersonId(person), {"keep_days": days}, keeping)

    async def server_keeps(self, where: int, days: int) -> None:
        server = self.servers[where]
        self.oracle.settle(lambda thing: thing.server == server)
        self.oracle.servers[server] = days
        await self.stage.app.database.run(servers._keep, server, days, "", self.stage.app.keeping)

    async def operator_keeps(self, shorter: dict[Until, int]) -> None:
        self.oracle.settle()
        self.oracle.shorter = shorter
        await comes_back_with(self.stage, shorter)

    async def restricts(self, who: int, restricted: bool) -> None:
        self.oracle.people[self.people[who]].restricted = restricted
        person = PersonId(self.people[who])
        await self.stage.app.database.run(lambda tx: tx.people.restrict(person, restricted=restricted))

    # Time, and the sweep

    async def passes(self, milliseconds: int) -> None:
        self.oracle.now += milliseconds
        self.stage.clock.passes(milliseconds)

    async def sweeps(self) -> None:
        swept = await self.stage.sweeps()
        self.oracle.sweep()
        for table in SWEPT:
            owner = "job" if table in WITH_REQUEST else table
            assert self._left(table) == self.oracle.there(owner), table
        assert swept.spared == self.oracle.spared()

    async def agrees_on_what_is_seen(self) -> None:
        keeping = self.stage.app.keeping
        for person in map(PersonId, self.people):
            seen = await self.stage.app.database.run(lambda tx, one=person: tx.pictures.of(one, keeping, 100, 0))
            assert {picture.id for picture in seen} == self.oracle.visible(person)

    def _happens(self, table: str, key: str, who: int | None = None, **more: Any) -> None:
        person = "" if who is None else self.people[who]
        self.oracle.things.append(Thing(table, key, person, **more))

    async def _asks(self, who: int, where: int, state: str, *, over: bool = True) -> str:
        job, now = f"j{next(NUMBERS)}", self.oracle.now
        ended = now if over else None
        write(
            self.stage,
            JOB,
            id=job,
            person=self.people[who],
            state=state,
            at=now,
            ended=ended,
            server=self.servers[where],
        )
        for table, values in (("wish", "'drawn'"), ("delivery", "'delivered'")):
            write(self.stage, f'INSERT INTO {table} (job_id, "index", state) VALUES (:job, 0, {values})', job=job)
        write(
            self.stage,
            'INSERT INTO post (job_id, "index", sealed_address, at) VALUES (:job, 0, :sealed, :at)',
            job=job, sealed=b"", at=now,
        )  # fmt: skip
        self._happens("job", job, who, began=ended)
        return job

    def _left(self, table: str) -> set[str]:
        """Of this history alone: others were lived in the same database before."""
        with self.stage.database._engine.connect() as connection:
            keys = connection.execute(text(f"SELECT {KEYS.get(table, 'id')} FROM {table}")).scalars()
            return {key for key in keys if int(key.split("/")[0][1:]) > int(self.people[0][1:])}
